package live

import (
	"context"
	"log/slog"
	"runtime"

	"charla/chat"
)

// prepare finds where the numbers of a new topic stand. The topic is known to Publish by then, so a change committed
// meanwhile either is in the number read or shows as a gap.
func (h *Hub) prepare(ctx context.Context, t *topic) error {
	if t.ready() {
		return nil
	}
	seqs, err := h.source.LastSeqs(ctx, []chat.Topic{t.at})
	if err != nil {
		return err
	}
	if t.start(seqs[t.at]) {
		h.catchUp(t)
	}
	return nil
}

// catchUp fills the gap of a topic on a goroutine of its own, one at a time for each topic. Posts that were committed
// together are announced in any order by goroutines that are all ready to run, so the missing ones get a turn to close
// the gap before the database is asked. What fails is tried again at the next look.
func (h *Hub) catchUp(t *topic) {
	if !t.claim() {
		return
	}
	h.employ(func() {
		runtime.Gosched()
		for room, sent, more := t.gap(); more; room, sent, more = t.gap() {
			if !h.fill(t, room, sent) {
				t.yield()
				return
			}
		}
	})
}

// fill reads the changes of a room after sent, offers them and recounts. False means that this got nowhere.
func (h *Hub) fill(t *topic, room, sent int64) (filled bool) {
	guard("gap", func() {
		ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
		defer cancel()
		changes, err := h.source.Changes(ctx, room, sent, chat.ReplayLimit)
		if err != nil {
			h.counts.gapsFailed.Add(1)
			slog.Warn("gap not read", "room", room, "after", sent, "error", err)
			return
		}
		h.counts.gapsRead.Add(1)
		filled = t.fill(changes)
		h.recount(t.at, 0)
		for _, d := range changes.Left {
			h.countAgain(d.User)
		}
	})
	return filled
}
