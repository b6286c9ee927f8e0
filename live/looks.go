package live

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"charla/chat"
)

// How often the hub looks at the database for what no hint told it, and how long a look may take.
const (
	lookForEnded   = time.Second // sessions and memberships
	lookForChanges = 3 * time.Second
	lookTimeout    = 10 * time.Second
	lookBack       = 30 * time.Second // clocks of nodes differ, and transactions commit later than they stamp
)

func every(ctx context.Context, d time.Duration, look func(context.Context)) {
	ticker := time.NewTicker(d)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			guard("look", func() { look(ctx) })
		}
	}
}

// lookAtSessions ends the streams of sessions that ended on another node, or by a hand in the database, since the last
// look that succeeded.
func (h *Hub) lookAtSessions(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	now := time.Now()
	ended, err := h.source.EndedSessions(ctx, chat.At(h.looked.Add(-lookBack)))
	if err != nil {
		slog.Warn("ended sessions not read", "error", err)
		return
	}
	h.looked = now
	h.endSessions(ended)
}

// lookAtDepartures finds rooms that somebody left, and fills the gap there: that ends the streams of who left.
func (h *Hub) lookAtDepartures(ctx context.Context) {
	if h.Streams() == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	left, err := h.source.Departures(ctx, chat.At(time.Now().Add(-lookBack)))
	if err != nil {
		slog.Warn("departures not read", "error", err)
		return
	}
	for _, d := range left {
		if t := h.held(chat.Topic{Room: d.Room}); t != nil && t.behind(chat.RoomSeq{Room: d.Room, LastSeq: d.Seq}) {
			h.catchUp(t)
		}
	}
}

// lookForFollowers asks for the states of those who follow all conversations of theirs.
func (h *Hub) lookForFollowers(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	retell(ctx, h.followers())
}

func (h *Hub) followers() (streams []*Stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.streams() {
		if s.viewer.Follows {
			streams = append(streams, s)
		}
	}
	return streams
}

const topicsPerLook = 500

// lookAtTopics finds rooms that went on without a hint.
func (h *Hub) lookAtTopics(ctx context.Context) {
	for batch := range slices.Chunk(h.heldTopics(), topicsPerLook) {
		if err := h.lookAt(ctx, batch); err != nil {
			slog.Warn("rooms not read", "error", err)
			return
		}
	}
}

func (h *Hub) heldTopics() []*topic {
	h.mu.Lock()
	defer h.mu.Unlock()
	held := make([]*topic, 0, len(h.topics))
	for _, t := range h.topics {
		held = append(held, t)
	}
	return held
}

func (h *Hub) lookAt(ctx context.Context, held []*topic) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	keys := make([]chat.Topic, len(held))
	for i, t := range held {
		keys[i] = t.at
	}
	seqs, err := h.source.LastSeqs(ctx, keys)
	if err != nil {
		return err
	}
	for _, t := range held {
		if t.behind(seqs[t.at]) {
			h.catchUp(t)
		}
	}
	return nil
}
