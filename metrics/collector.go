package metrics

import (
	"database/sql"

	"charla/live"

	"github.com/prometheus/client_golang/prometheus"
)

// Sources are functions that return the numbers that the parts of a node have counted. Each scrape calls all of them.
// Relay is nil on a node that does not use NATS.
type Sources struct {
	Hub              func() live.Stats
	Relay            func() live.RelayStats
	Pools            func() map[string]sql.DBStats
	PeersUnreachable func() bool // reports whether other nodes share the database but are not connected to the relay
	DataWritable     func() bool // reports whether files can be written to CHARLA_DATA
}

// metricDesc is the name, help text, labels and type of one metric whose value comes from Sources.
type metricDesc struct {
	desc      *prometheus.Desc
	valueType prometheus.ValueType
}

func gauge(name, help string, labels ...string) metricDesc {
	return metricDesc{prometheus.NewDesc(name, help, labels, nil), prometheus.GaugeValue}
}

func counter(name, help string, labels ...string) metricDesc {
	return metricDesc{prometheus.NewDesc(name, help, labels, nil), prometheus.CounterValue}
}

var (
	usersOnline   = gauge("charla_people_here", "People who are online on any node.")
	openStreams   = gauge("charla_streams", "Open streams by route.", "route")
	streamsQueued = gauge("charla_streams_waiting", "Streams with queued data that no writer has picked up yet.")

	messagesPosted = counter("charla_messages_posted_total", "Messages posted on this node, without repeated keys.")
	streamsEnded   = counter("charla_streams_ended_total", "Streams that ended, by reason.", "reason")
	framesSent     = counter("charla_stream_frames_total", "Frames sent to readers after their streams were opened.")
	streamReplays  = counter("charla_stream_replays_total", "Streams that began with missed changes.")
	gapFills       = counter("charla_gaps_total", "Reads of changes that were not announced.", "outcome")
)

// The metrics of the connection pools of the database.
var (
	poolConnections    = gauge("charla_database_connections", "Open connections of a pool.", "pool", "state")
	poolMaxConnections = gauge("charla_database_connections_max", "Maximum number of connections of a pool.", "pool")
	poolWaits          = counter("charla_database_waits_total", "Waits for a connection of a pool.", "pool")
	poolWaitSeconds    = counter("charla_database_wait_seconds_total", "Time spent waiting for connections.", "pool")
)

// The metrics of the connection to other nodes, the messages to and from them, and the data directory.
var (
	natsConnected    = gauge("charla_nats_connected", "1 while a NATS server is connected.")
	remoteNodes      = gauge("charla_nodes", "Other nodes that this node hears.")
	peersUnreachable = gauge("charla_nodes_apart", "1 while other nodes share the database but receive no messages.")
	dataWritable     = gauge("charla_data_writable", "1 while CHARLA_DATA is writable.")
	relaySent        = counter("charla_hints_sent_total", "Messages sent to other nodes over NATS.")
	relayReceived    = counter("charla_hints_received_total", "Messages received from other nodes over NATS.")
	relayDropped     = counter("charla_hints_dropped_total", "Messages between nodes that were lost.", "reason")
)

// Describe implements prometheus.Collector. It describes nothing in advance, because some labels are not known before a
// scrape.
func (s Sources) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector. It sends all metrics with the values that Sources return now.
func (s Sources) Collect(ch chan<- prometheus.Metric) {
	emit := func(m metricDesc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(m.desc, m.valueType, value, labels...)
	}
	collectHub(emit, s.Hub())
	emit(peersUnreachable, boolToFloat(s.PeersUnreachable()))
	emit(dataWritable, boolToFloat(s.DataWritable()))
	for pool, stats := range s.Pools() {
		collectPool(emit, pool, stats)
	}
	if s.Relay != nil {
		collectRelay(emit, s.Relay())
	}
}

// emitFunc adds one value to a scrape.
type emitFunc func(m metricDesc, value float64, labels ...string)

func collectHub(emit emitFunc, s live.Stats) {
	emit(usersOnline, float64(s.Online))
	emit(remoteNodes, float64(s.RemoteNodes))
	emit(streamsQueued, float64(s.QueuedForWriter))
	emit(messagesPosted, float64(s.MessagesPosted))
	emit(framesSent, float64(s.FramesSent))
	emit(streamReplays, float64(s.Replays))
	emit(gapFills, float64(s.GapsFilled), "read")
	emit(gapFills, float64(s.GapsFailed), "failed")
	for route, n := range s.Streams {
		emit(openStreams, float64(n), route)
	}
	for reason, n := range s.StreamsEnded {
		emit(streamsEnded, float64(n), reason)
	}
}

func collectPool(emit emitFunc, pool string, s sql.DBStats) {
	emit(poolConnections, float64(s.InUse), pool, "busy")
	emit(poolConnections, float64(s.Idle), pool, "idle")
	emit(poolMaxConnections, float64(s.MaxOpenConnections), pool)
	emit(poolWaits, float64(s.WaitCount), pool)
	emit(poolWaitSeconds, s.WaitDuration.Seconds(), pool)
}

func collectRelay(emit emitFunc, s live.RelayStats) {
	emit(natsConnected, boolToFloat(s.Connected))
	emit(relaySent, float64(s.Sent))
	emit(relayReceived, float64(s.Received))
	emit(relayDropped, float64(s.NotConnected), "cut_off")
	emit(relayDropped, float64(s.QueueFull), "too_slow")
}

func boolToFloat(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
