package live

import (
	"maps"
	"sync/atomic"
)

// counts is what happened since the hub was made. Counting costs an addition: nothing here waits or allocates.
type counts struct {
	posted, frames, replays, gapsRead, gapsFailed atomic.Int64

	ended [endGone + 1]atomic.Int64 // by reason
}

// reasons are the names of the ends, for the operator.
var reasons = [...]string{
	EndSlow: "slow", EndAged: "aged", EndReplaced: "replaced", EndLogout: "logout", EndLeft: "left",
	EndRestart: "restart", EndResync: "resync", endGone: "gone",
}

// Stats are the numbers of a hub: what there is now, and what happened since it was made.
type Stats struct {
	Streams map[string]int // open ones by Viewer.Kind, of every kind that there was
	Waiting int            // detached streams that wait for a writer
	Here    int            // people who are here, on this node or another
	Nodes   int            // other nodes that this one hears

	Posted               int64            // messages published here
	Frames               int64            // what readers were told after the opening of their streams
	Replays              int64            // streams that were brought something they had missed
	GapsRead, GapsFailed int64            // looks into the database for changes that no hint brought
	Ended                map[string]int64 // streams that are over, by reason; all reasons are there
}

// Stats returns the numbers as they are now.
func (h *Hub) Stats() Stats {
	s := Stats{
		Posted: h.counts.posted.Load(), Frames: h.counts.frames.Load(), Replays: h.counts.replays.Load(),
		GapsRead: h.counts.gapsRead.Load(), GapsFailed: h.counts.gapsFailed.Load(),
		Ended: map[string]int64{}, Waiting: h.writers.waiting(),
	}
	for end := EndSlow; end <= endGone; end++ {
		s.Ended[reasons[end]] = h.counts.ended[end].Load()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Streams, s.Here, s.Nodes = maps.Clone(h.kinds), len(h.people), len(h.nodes)
	return s
}

// RelayStats are the numbers of a relay since it was made.
type RelayStats struct {
	Connected      bool  // to a NATS server, now
	Sent, Received int64 // hints
	CutOff         int64 // hints that were not sent for want of a server
	TooSlow        int64 // hints that found no room, on their way out or in
}

// Stats returns the numbers as they are now.
func (r *Relay) Stats() RelayStats {
	in, _ := r.hears.Dropped() // fails when the relay is over
	return RelayStats{
		Connected: r.Connected(), Sent: r.sent.Load(), Received: r.received.Load(),
		CutOff: r.cutOff.Load(), TooSlow: r.dropped.Load() + int64(in),
	}
}
