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
	revocationPollInterval = time.Second // sessions and memberships
	changePollInterval     = 3 * time.Second
	queryTimeout           = 10 * time.Second
	pollOverlap            = 30 * time.Second // clocks of nodes differ, and transactions commit later than they stamp
)

func repeat(ctx context.Context, d time.Duration, look func(context.Context)) {
	ticker := time.NewTicker(d)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			recoverPanic("look", func() { look(ctx) })
		}
	}
}

// pollSessions ends the streams of sessions that ended on another node, or by a hand in the database, since the last
// look that succeeded.
func (h *Hub) pollSessions(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	now := time.Now()
	ended, err := h.source.EndedSessions(ctx, chat.TimestampOf(h.lastPoll.Add(-pollOverlap)))
	if err != nil {
		slog.Warn("ended sessions not read", "error", err)
		return
	}
	h.lastPoll = now
	h.endSessions(ended)
}

// pollDepartures finds rooms that somebody left, and fills the gap there: that ends the streams of who left.
func (h *Hub) pollDepartures(ctx context.Context) {
	if h.StreamCount() == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	left, err := h.source.Departures(ctx, chat.TimestampOf(time.Now().Add(-pollOverlap)))
	if err != nil {
		slog.Warn("departures not read", "error", err)
		return
	}
	for _, d := range left {
		if t := h.lookup(chat.StreamKey{Room: d.Room}); t != nil && t.noteSeq(chat.RoomSeq{Room: d.Room, LastSeq: d.Seq}) {
			h.catchUp(t)
		}
	}
}

// refreshAllConversationStreams asks for the states of those who follow all conversations of theirs.
func (h *Hub) refreshAllConversationStreams(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	refreshStates(ctx, h.allConversationStreams())
}

func (h *Hub) allConversationStreams() (streams []*Stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.openStreams() {
		if s.viewer.AllConversations {
			streams = append(streams, s)
		}
	}
	return streams
}

const conversationsPerPoll = 500

// pollConversations finds rooms that went on without a hint.
func (h *Hub) pollConversations(ctx context.Context) {
	for batch := range slices.Chunk(h.openConversations(), conversationsPerPoll) {
		if err := h.pollSeqs(ctx, batch); err != nil {
			slog.Warn("rooms not read", "error", err)
			return
		}
	}
}

func (h *Hub) openConversations() []*conversation {
	h.mu.Lock()
	defer h.mu.Unlock()
	held := make([]*conversation, 0, len(h.conversations))
	for _, t := range h.conversations {
		held = append(held, t)
	}
	return held
}

func (h *Hub) pollSeqs(ctx context.Context, held []*conversation) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	keys := make([]chat.StreamKey, len(held))
	for i, t := range held {
		keys[i] = t.key
	}
	seqs, err := h.source.LastSeqs(ctx, keys)
	if err != nil {
		return err
	}
	for _, t := range held {
		if t.noteSeq(seqs[t.key]) {
			h.catchUp(t)
		}
	}
	return nil
}
