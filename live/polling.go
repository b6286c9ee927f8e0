package live

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"charla/chat"
)

// The hub polls the database for changes that no relay message announced to it, because a message was lost or there is
// no relay.
const (
	revocationPollInterval = time.Second // for ended sessions and for members who left
	changePollInterval     = 3 * time.Second
	queryTimeout           = 10 * time.Second
	// pollOverlap is how much earlier time each poll for ended sessions and departures reads once more. Without it, a
	// poll could miss some: the clocks of nodes differ, and a transaction commits later than its timestamps say.
	pollOverlap = 30 * time.Second
)

// conversationsPerPoll is how many conversations one query asks for.
const conversationsPerPoll = 500

// repeat calls poll after each interval until ctx ends. It logs panics of poll and continues.
func repeat(ctx context.Context, interval time.Duration, poll func(context.Context)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			recoverPanic("poll", func() { poll(ctx) })
		}
	}
}

// pollSessions ends the streams of sessions that ended since the last successful poll, for instance because the user
// signed out on another node.
func (h *Hub) pollSessions(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	now := time.Now()
	ended, err := h.source.EndedSessions(ctx, chat.TimestampOf(h.lastPoll.Add(-pollOverlap)))
	if err != nil {
		slog.Warn("read ended sessions failed", "error", err)
		return
	}
	h.lastPoll = now
	h.endSessions(ended)
}

// pollDepartures finds rooms that a member left and reads their changes. This ends the streams that the member has open
// there.
func (h *Hub) pollDepartures(ctx context.Context) {
	if h.StreamCount() == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	left, err := h.source.Departures(ctx, chat.TimestampOf(time.Now().Add(-pollOverlap)))
	if err != nil {
		slog.Warn("read departures failed", "error", err)
		return
	}
	for _, d := range left {
		c := h.lookup(chat.StreamKey{Room: d.Room})
		if c != nil && c.noteSeq(chat.RoomSeq{Room: d.Room, LastSeq: d.Seq}) {
			h.catchUp(c)
		}
	}
}

// pollConversations finds conversations whose changes did not reach this node and reads those changes.
func (h *Hub) pollConversations(ctx context.Context) {
	for batch := range slices.Chunk(h.openConversations(), conversationsPerPoll) {
		if err := h.pollSeqs(ctx, batch); err != nil {
			slog.Warn("read last seqs failed", "conversations", len(batch), "error", err)
			return
		}
	}
}

// openConversations returns the conversations with open streams.
func (h *Hub) openConversations() []*conversation {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*conversation, 0, len(h.conversations))
	for _, c := range h.conversations {
		list = append(list, c)
	}
	return list
}

// pollSeqs compares the last seqs (numbers of changes) of some rooms in the database with what was sent, and reads the
// changes that are missing.
func (h *Hub) pollSeqs(ctx context.Context, conversations []*conversation) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	keys := make([]chat.StreamKey, len(conversations))
	for i, c := range conversations {
		keys[i] = c.key
	}
	seqs, err := h.source.LastSeqs(ctx, keys)
	if err != nil {
		return err
	}
	for _, c := range conversations {
		if c.noteSeq(seqs[c.key]) {
			h.catchUp(c)
		}
	}
	return nil
}

// refreshAllConversationStreams reads the unread counts of all users again who have a stream that follows all their
// conversations.
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
