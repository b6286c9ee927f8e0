package live

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"charla/chat"
)

// The hub polls the database for changes of which no relay message told it, because a message was lost or there is no
// relay. These constants say how often it does so, and how long a query may take.
const (
	revocationPollInterval = time.Second // for ended sessions and for members who left
	changePollInterval     = 3 * time.Second
	queryTimeout           = 10 * time.Second
	// pollOverlap is how far back each poll for ended sessions and departures looks again, into time that an earlier
	// poll has already covered. Otherwise a poll could miss some, because the clocks of nodes differ, and a transaction
	// commits later than its timestamps say.
	pollOverlap = 30 * time.Second
)

// conversationsPerPoll is the largest number of conversations in one query.
const conversationsPerPoll = 500

// pollEvery calls poll at once and after each interval until ctx ends. It logs panics of poll and continues.
func pollEvery(ctx context.Context, interval time.Duration, poll func(context.Context)) {
	chat.Every(ctx, interval, func() { recoverPanic("poll", func() { poll(ctx) }) })
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

// pollDepartures ends the streams of members who left a room without this node being told. It looks for departures in
// the last pollOverlap and reads the missing changes of those rooms. The change that records a departure ends the
// streams that the member has open in the room.
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

// pollConversations looks for conversations with changes that no event reported to this node, and reads those changes.
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

// pollSeqs reads the changes that are missing in some conversations. It finds them by comparing the seq (number) of the
// latest change in the database with that of the last change sent.
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

// refreshAllConversationStreams reads the unread counts again for the streams that follow all conversations of a user
// (see Viewer.AllConversations).
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
