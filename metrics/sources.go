package metrics

import (
	"database/sql"

	"charla/live"

	"github.com/prometheus/client_golang/prometheus"
)

// Sources are asked for their numbers whenever somebody looks. Relay is nil where there is none.
type Sources struct {
	Hub   func() live.Stats
	Relay func() live.RelayStats
	Pools func() map[string]sql.DBStats
	Apart func() bool // other nodes are there whom hints do not reach
	// Writable tells whether CHARLA_DATA takes what is written.
	Writable func() bool
}

// number is one number of a source.
type number struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func gauge(name, help string, labels ...string) number {
	return number{prometheus.NewDesc(name, help, labels, nil), prometheus.GaugeValue}
}

func counter(name, help string, labels ...string) number {
	return number{prometheus.NewDesc(name, help, labels, nil), prometheus.CounterValue}
}

var (
	here    = gauge("charla_people_here", "People who are here, on this node or another.")
	streams = gauge("charla_streams", "Open streams, by the address that they were opened at.", "address")
	waiting = gauge("charla_streams_waiting", "Streams with something to write that no writer has taken up yet.")
	posted  = counter("charla_messages_posted_total", "Messages posted on this node. The same key again is not counted.")
	ended   = counter("charla_streams_ended_total", "Streams that are over, by reason.", "reason")
	frames  = counter("charla_stream_frames_total", "Frames given to readers after the opening of their streams.")
	replays = counter("charla_stream_replays_total", "Streams that were brought something they had missed.")
	gaps    = counter("charla_gaps_total", "Looks into the database for changes that no hint brought.", "outcome")

	connections = gauge("charla_database_connections", "Open connections to the database.", "pool", "state")
	most        = gauge("charla_database_connections_max", "Connections that a pool may have.", "pool")
	waits       = counter("charla_database_waits_total", "Waits for a connection of a pool.", "pool")
	waited      = counter("charla_database_wait_seconds_total", "Time spent waiting for a connection of a pool.", "pool")

	connected = gauge("charla_nats_connected", "1 while a NATS server is connected.")
	nodes     = gauge("charla_nodes", "Other nodes that this one hears.")
	apart     = gauge("charla_nodes_apart", "1 while other nodes share the database that hints do not reach.")
	writable  = gauge("charla_data_writable", "1 while CHARLA_DATA takes what is written.")
	sent      = counter("charla_hints_sent_total", "Hints handed to NATS.")
	received  = counter("charla_hints_received_total", "Hints taken from NATS.")
	dropped   = counter("charla_hints_dropped_total", "Hints lost because NATS was cut off, or because this node was too slow.", "reason")
)

// Describe makes Sources a prometheus.Collector, one that does not say before what it will tell.
func (s Sources) Describe(chan<- *prometheus.Desc) {}

// Collect makes Sources a prometheus.Collector.
func (s Sources) Collect(ch chan<- prometheus.Metric) {
	tell := func(n number, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(n.desc, n.kind, value, labels...)
	}
	collectHub(tell, s.Hub())
	tell(apart, oneIf(s.Apart()))
	tell(writable, oneIf(s.Writable()))
	for pool, stats := range s.Pools() {
		collectPool(tell, pool, stats)
	}
	if s.Relay != nil {
		collectRelay(tell, s.Relay())
	}
}

// tell passes a number on.
type tell func(n number, value float64, labels ...string)

func collectHub(tell tell, s live.Stats) {
	tell(here, float64(s.Here))
	tell(nodes, float64(s.Nodes))
	tell(waiting, float64(s.Waiting))
	tell(posted, float64(s.Posted))
	tell(frames, float64(s.Frames))
	tell(replays, float64(s.Replays))
	tell(gaps, float64(s.GapsRead), "read")
	tell(gaps, float64(s.GapsFailed), "failed")
	for at, n := range s.Streams {
		tell(streams, float64(n), at)
	}
	for reason, n := range s.Ended {
		tell(ended, float64(n), reason)
	}
}

func collectPool(tell tell, pool string, s sql.DBStats) {
	tell(connections, float64(s.InUse), pool, "busy")
	tell(connections, float64(s.Idle), pool, "idle")
	tell(most, float64(s.MaxOpenConnections), pool)
	tell(waits, float64(s.WaitCount), pool)
	tell(waited, s.WaitDuration.Seconds(), pool)
}

func collectRelay(tell tell, s live.RelayStats) {
	tell(connected, oneIf(s.Connected))
	tell(sent, float64(s.Sent))
	tell(received, float64(s.Received))
	tell(dropped, float64(s.CutOff), "cut_off")
	tell(dropped, float64(s.TooSlow), "too_slow")
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
