package metrics

import (
	"database/sql"

	"charla/live"

	"github.com/prometheus/client_golang/prometheus"
)

// Sources are asked for their numbers whenever somebody looks. Relay is nil where there is none.
type Sources struct {
	Hub              func() live.Stats
	Relay            func() live.RelayStats
	Pools            func() map[string]sql.DBStats
	PeersUnreachable func() bool // other nodes are there whom hints do not reach
	// DataWritable tells whether CHARLA_DATA takes what is written.
	DataWritable func() bool
}

// metricDesc is one number of a source.
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
	usersOnline    = gauge("charla_people_here", "People who are here, on this node or another.")
	openStreams    = gauge("charla_streams", "Open streams, by the route that they were opened at.", "route")
	streamsQueued  = gauge("charla_streams_waiting", "Streams with something to write that no writer has taken up yet.")
	messagesPosted = counter("charla_messages_posted_total", "Messages posted on this node. The same key again is not counted.")
	streamsEnded   = counter("charla_streams_ended_total", "Streams that are over, by reason.", "reason")
	framesSent     = counter("charla_stream_frames_total", "Frames given to readers after the opening of their streams.")
	streamReplays  = counter("charla_stream_replays_total", "Streams that were brought something they had missed.")
	gapFills       = counter("charla_gaps_total", "Looks into the database for changes that no hint brought.", "outcome")

	poolConnections    = gauge("charla_database_connections", "Open connections to the database.", "pool", "state")
	poolMaxConnections = gauge("charla_database_connections_max", "Connections that a pool may have.", "pool")
	poolWaits          = counter("charla_database_waits_total", "Waits for a connection of a pool.", "pool")
	poolWaitSeconds    = counter("charla_database_wait_seconds_total", "Time spent waiting for a connection of a pool.", "pool")

	natsConnected    = gauge("charla_nats_connected", "1 while a NATS server is connected.")
	remoteNodes      = gauge("charla_nodes", "Other nodes that this one hears.")
	peersUnreachable = gauge("charla_nodes_apart", "1 while other nodes share the database that hints do not reach.")
	dataWritable     = gauge("charla_data_writable", "1 while CHARLA_DATA takes what is written.")
	relaySent        = counter("charla_hints_sent_total", "Hints handed to NATS.")
	relayReceived    = counter("charla_hints_received_total", "Hints taken from NATS.")
	relayDropped     = counter("charla_hints_dropped_total", "Hints lost because NATS was cut off, or because this node was too slow.", "reason")
)

// Describe makes Sources a prometheus.Collector, one that does not say before what it will tell.
func (s Sources) Describe(chan<- *prometheus.Desc) {}

// Collect makes Sources a prometheus.Collector.
func (s Sources) Collect(ch chan<- prometheus.Metric) {
	tell := func(n metricDesc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(n.desc, n.valueType, value, labels...)
	}
	collectHub(tell, s.Hub())
	tell(peersUnreachable, boolToFloat(s.PeersUnreachable()))
	tell(dataWritable, boolToFloat(s.DataWritable()))
	for pool, stats := range s.Pools() {
		collectPool(tell, pool, stats)
	}
	if s.Relay != nil {
		collectRelay(tell, s.Relay())
	}
}

// emitFunc passes a number on.
type emitFunc func(n metricDesc, value float64, labels ...string)

func collectHub(tell emitFunc, s live.Stats) {
	tell(usersOnline, float64(s.Online))
	tell(remoteNodes, float64(s.RemoteNodes))
	tell(streamsQueued, float64(s.QueuedForWriter))
	tell(messagesPosted, float64(s.MessagesPosted))
	tell(framesSent, float64(s.FramesSent))
	tell(streamReplays, float64(s.Replays))
	tell(gapFills, float64(s.GapsFilled), "read")
	tell(gapFills, float64(s.GapsFailed), "failed")
	for at, n := range s.Streams {
		tell(openStreams, float64(n), at)
	}
	for reason, n := range s.StreamsEnded {
		tell(streamsEnded, float64(n), reason)
	}
}

func collectPool(tell emitFunc, pool string, s sql.DBStats) {
	tell(poolConnections, float64(s.InUse), pool, "busy")
	tell(poolConnections, float64(s.Idle), pool, "idle")
	tell(poolMaxConnections, float64(s.MaxOpenConnections), pool)
	tell(poolWaits, float64(s.WaitCount), pool)
	tell(poolWaitSeconds, s.WaitDuration.Seconds(), pool)
}

func collectRelay(tell emitFunc, s live.RelayStats) {
	tell(natsConnected, boolToFloat(s.Connected))
	tell(relaySent, float64(s.Sent))
	tell(relayReceived, float64(s.Received))
	tell(relayDropped, float64(s.NotConnected), "cut_off")
	tell(relayDropped, float64(s.QueueFull), "too_slow")
}

func boolToFloat(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
