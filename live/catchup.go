package live

import (
	"context"
	"log/slog"
	"runtime"

	"charla/chat"
)

// loadLastSeq finds where the numbers of a new topic stand. The topic is known to Publish by then, so a change committed
// meanwhile either is in the number read or shows as a gap.
func (h *Hub) loadLastSeq(ctx context.Context, t *conversation) error {
	if t.started() {
		return nil
	}
	seqs, err := h.source.LastSeqs(ctx, []chat.StreamKey{t.key})
	if err != nil {
		return err
	}
	if t.start(seqs[t.key]) {
		h.catchUp(t)
	}
	return nil
}

// catchUp fills the gap of a topic on a goroutine of its own, one at a time for each topic. Posts that were committed
// together are announced in any order by goroutines that are all ready to run, so the missing ones get a turn to close
// the gap before the database is asked. What fails is tried again at the next look.
func (h *Hub) catchUp(t *conversation) {
	if !t.beginFill() {
		return
	}
	h.goTracked(func() {
		runtime.Gosched()
		for room, sent, more := t.nextGap(); more; room, sent, more = t.nextGap() {
			if !h.fillGap(t, room, sent) {
				t.abortFill()
				return
			}
		}
	})
}

// applyChanges reads the changes of a room after sent, offers them and recounts. False means that this got nowhere.
func (h *Hub) fillGap(t *conversation, room, sent int64) (filled bool) {
	recoverPanic("gap", func() {
		ctx, cancel := context.WithTimeout(context.Background(), queryTimeout)
		defer cancel()
		changes, err := h.source.Changes(ctx, room, sent, chat.ReplayLimit)
		if err != nil {
			h.counters.gapsFailed.Add(1)
			slog.Warn("gap not read", "room", room, "after", sent, "error", err)
			return
		}
		h.counters.gapsFilled.Add(1)
		filled = t.applyChanges(changes)
		h.markConversationUnreadDirty(t.key, 0)
		for _, d := range changes.Left {
			h.markUnreadDirty(d.User)
		}
	})
	return filled
}
