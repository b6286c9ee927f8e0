package live

import (
	"context"
	"log/slog"
	"runtime"

	"charla/chat"
)

// loadLastSeq makes a new conversation send the changes after the last seq (number of a change) of its room in the
// database. The caller has already registered the conversation with the hub, so that a change that is committed during
// the query is not lost: either the seq includes it, or the conversation notices that it is missing.
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
// nothing if such a goroutine is already running. Goroutines whose posts were committed together publish them in any
// order, and all of them are ready to run; catchUp yields to them once, which often fills the gap without a query.
// After an error, the next poll tries again.
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

// fillGap sends the changes of a room that follow sent, the seq (number in its room) of the last change that was sent.
// It also has the unread counts that they affect read again. It returns false if the query failed or found nothing to
// send.
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
