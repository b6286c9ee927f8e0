package live

import (
	"maps"
	"sync/atomic"
)

// counters counts what has happened since the hub was created. Counting neither blocks nor allocates memory.
type counters struct {
	messagesPosted, framesSent, replays, gapsFilled, gapsFailed atomic.Int64

	streamsEnded [endDisconnected + 1]atomic.Int64 // by EndReason
}

// endReasonNames are the names under which Stats reports each EndReason.
var endReasonNames = [...]string{
	EndSlow: "slow", EndAged: "aged", EndReplaced: "replaced", EndLogout: "logout", EndLeft: "left",
	EndRestart: "restart", EndResync: "resync", endDisconnected: "gone",
}

// Stats are the current numbers of a hub, such as its open streams, and its counts since it was created.
type Stats struct {
	Streams         map[string]int // open streams, by each Viewer.MetricRoute that occurred
	QueuedForWriter int            // hijacked connections that wait for a writer
	Online          int            // users who are online on any node
	RemoteNodes     int            // other nodes that this node hears

	MessagesPosted         int64            // messages that were posted on this node
	FramesSent             int64            // frames that streams sent after their replays
	Replays                int64            // streams that began with changes that their readers had missed
	GapsFilled, GapsFailed int64            // reads of changes that were not announced, and such reads that failed
	StreamsEnded           map[string]int64 // by the name of the reason; contains all reasons
}

// Stats returns the current statistics of the hub.
func (h *Hub) Stats() Stats {
	c := &h.counters
	s := Stats{
		QueuedForWriter: h.hijacked.Queued(),
		MessagesPosted:  c.messagesPosted.Load(),
		FramesSent:      c.framesSent.Load(),
		Replays:         c.replays.Load(),
		GapsFilled:      c.gapsFilled.Load(),
		GapsFailed:      c.gapsFailed.Load(),
		StreamsEnded:    map[string]int64{},
	}
	for reason := EndSlow; reason <= endDisconnected; reason++ {
		s.StreamsEnded[endReasonNames[reason]] = c.streamsEnded[reason].Load()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Streams, s.Online, s.RemoteNodes = maps.Clone(h.streamCounts), len(h.online), len(h.remoteNodes)
	return s
}

// RelayStats contains the numbers of messages that a relay has counted since it was created, and whether it is
// connected.
type RelayStats struct {
	Connected      bool  // whether a NATS server is connected now
	Sent, Received int64 // messages
	NotConnected   int64 // messages that were lost because no server was connected
	QueueFull      int64 // messages that were dropped because a queue, outgoing or incoming, was full
}

// Stats returns the current statistics of the relay.
func (r *Relay) Stats() RelayStats {
	incoming, _ := r.subscription.Dropped() // returns an error after the relay has shut down
	return RelayStats{
		Connected: r.Connected(), Sent: r.sent.Load(), Received: r.received.Load(),
		NotConnected: r.notConnected.Load(), QueueFull: r.dropped.Load() + int64(incoming),
	}
}
