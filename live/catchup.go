package live

import (
	"context"
	"log/slog"
	"runtime"

	"charla/chat"
)

// loadLastSeq reads the seq (number) of the latest change in a conversation's room from the database, and makes the
// conversation send the changes after it. The caller has already registered the conversation with the hub. A change
// that is committed during the query is therefore not lost: either the seq includes it, or the conversation notices
// that it is missing.
func (h *Hub) loadLastSeq(ctx context.Context, c *conversation) error {
	if c.started() {
		return nil
	}
	seqs, err := h.source.LastSeqs(ctx, []chat.StreamKey{c.key})
	if err != nil {
		return err
	}
	if c.start(seqs[c.key]) {
		h.catchUp(c)
	}
	return nil
}

// catchUp reads the missing changes of a conversation from the database and sends them, on a new goroutine. It does
// nothing if such a goroutine is already running for the conversation. Changes that were committed together are often
// published out of order, by goroutines that are ready to run. The new goroutine therefore lets other goroutines run
// once first, which often delivers the missing changes without a query. After an error, the next poll tries again.
func (h *Hub) catchUp(c *conversation) {
	if !c.beginFill() {
		return
	}
	h.goTracked(func() {
		runtime.Gosched()
		for room, sent, more := c.nextGap(); more; room, sent, more = c.nextGap() {
			if !h.fillGap(c, room, sent) {
				c.abortFill()
				return
			}
		}
	})
}

// fillGap reads the changes of a room after a seq from the database and sends them. The parameter sent is that seq: the
// number of the last change that the conversation has sent. The unread counts that these changes affect are read again.
// fillGap returns false if the query failed or found nothing to send.
func (h *Hub) fillGap(c *conversation, room, sent int64) (filled bool) {
	recoverPanic("fill gap", func() {
		ctx, cancel := context.WithTimeout(context.Background(), queryTimeout)
		defer cancel()
		changes, err := h.source.Changes(ctx, room, sent, chat.ReplayLimit)
		if err != nil {
			h.counters.gapsFailed.Add(1)
			slog.Warn("read missing changes failed", "room", room, "after", sent, "error", err)
			return
		}
		h.counters.gapsFilled.Add(1)
		filled = c.applyChanges(changes)
		h.markConversationUnreadDirty(c.key, 0)
		for _, d := range changes.Left {
			h.markUnreadDirty(d.User)
		}
	})
	return filled
}
