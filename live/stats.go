package live

import (
	"maps"
	"sync/atomic"
)

// counters is what happened since the hub was made. Counting costs an addition: nothing here waits or allocates.
type counters struct {
	messagesPosted, framesSent, replays, gapsFilled, gapsFailed atomic.Int64

	streamsEnded [endDisconnected + 1]atomic.Int64 // by reason
}

// endReasonNames are the names of the ends, for the operator.
var endReasonNames = [...]string{
	EndSlow: "slow", EndAged: "aged", EndReplaced: "replaced", EndLogout: "logout", EndLeft: "left",
	EndRestart: "restart", EndResync: "resync", endDisconnected: "gone",
}

// Stats are the numbers of a hub: what there is now, and what happened since it was made.
type Stats struct {
	Streams         map[string]int // open ones by Viewer.Kind, of every kind that there was
	QueuedForWriter int            // detached streams that wait for a writer
	Online          int            // people who are here, on this node or another
	RemoteNodes     int            // other nodes that this one hears

	MessagesPosted         int64            // messages published here
	FramesSent             int64            // what readers were told after the opening of their streams
	Replays                int64            // streams that were brought something they had missed
	GapsFilled, GapsFailed int64            // looks into the database for changes that no hint brought
	StreamsEnded           map[string]int64 // streams that are over, by reason; all reasons are there
}

// Stats returns the numbers as they are now.
func (h *Hub) Stats() Stats {
	s := Stats{
		MessagesPosted: h.counters.messagesPosted.Load(), FramesSent: h.counters.framesSent.Load(), Replays: h.counters.replays.Load(),
		GapsFilled: h.counters.gapsFilled.Load(), GapsFailed: h.counters.gapsFailed.Load(),
		StreamsEnded: map[string]int64{}, QueuedForWriter: h.hijacked.Queued(),
	}
	for end := EndSlow; end <= endDisconnected; end++ {
		s.StreamsEnded[endReasonNames[end]] = h.counters.streamsEnded[end].Load()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Streams, s.Online, s.RemoteNodes = maps.Clone(h.streamCounts), len(h.online), len(h.remoteNodes)
	return s
}

// RelayStats are the numbers of a relay since it was made.
type RelayStats struct {
	Connected      bool  // to a NATS server, now
	Sent, Received int64 // hints
	NotConnected   int64 // hints that were not sent for want of a server
	QueueFull      int64 // hints that found no room, on their way out or in
}

// Stats returns the numbers as they are now.
func (r *Relay) Stats() RelayStats {
	in, _ := r.subscription.Dropped() // fails when the relay is over
	return RelayStats{
		Connected: r.Connected(), Sent: r.sent.Load(), Received: r.received.Load(),
		NotConnected: r.notConnected.Load(), QueueFull: r.dropped.Load() + int64(in),
	}
}
