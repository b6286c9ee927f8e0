package live

import (
	"context"
	"log/slog"
	"runtime"

	"charla/chat"
)

// loadLastSeq reads the last seq of a new conversation. Publish already knows the conversation, so that a change that
// is committed meanwhile is either included in the seq or leaves a gap.
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

// catchUp fills the gap of a conversation on a new goroutine, of which each conversation has at most one. Goroutines
// whose posts were committed together publish them in any order, and all of them are ready to run. Therefore catchUp
// yields to them once before it reads the database. After an error, the next poll tries again.
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

// fillGap reads the changes of a room after a seq, sends them and marks the unread counts that they affect. It returns
// false if that made no progress.
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
