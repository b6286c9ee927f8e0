package handlers

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"charla/handlers/web"
	"charla/views"
)

// maxForgetting is how long an open page may need to remove an entry that another page has marked as finished. It does
// so at once if it shows a conversation, and else by its next request of the send queue, ten seconds later at most.
const maxForgetting = 15 * time.Second

// forget makes the page remove a finished entry from its own slot, or mark an entry of another slot as finished. The
// mark of a message is the time, in Unix seconds.
func (r *queueRun) forget(slot queueSlot, e queueEntry) {
	mark := strconv.FormatInt(time.Now().Unix(), 10)
	if e.isDraft() {
		mark = e.markText()
	}
	switch {
	case slot.own:
		r.answer.Dropped = append(r.answer.Dropped, e.id)
	case !r.isGone(e) || e.isMessage() && r.markedAt(e) == 0:
		r.answer.Marked = append(r.answer.Marked, views.QueueMark{ID: e.id, Mark: mark})
	}
}

// isGone reports whether a page has marked an entry as finished. The mark of a draft contains the draft's text, and
// applies only as long as the draft has that text.
func (r *queueRun) isGone(e queueEntry) bool {
	return slices.ContainsFunc(r.slots, func(s queueSlot) bool {
		mark, ok := s.marks[e.id]
		return ok && (!e.isDraft() || mark == e.markText())
	})
}

// markedAt returns when a message was marked as finished, in Unix seconds. It returns 0 for a message that the user has
// canceled, until the mark of the page is replaced by the time.
func (r *queueRun) markedAt(e queueEntry) (at int64) {
	for _, slot := range r.slots {
		if seconds, err := strconv.ParseInt(slot.marks[e.id], 10, 64); err == nil && seconds > 1 {
			at = max(at, seconds)
		}
	}
	return at
}

// emptyClosedSlots makes the page remove what is of no use any more: marks and files from its own slot, and everything
// that is finished from the slots of closed pages. These slots are taken away from their pages first, so that a page
// that was only asleep is loaded again and cannot bring the entries back.
func (r *queueRun) emptyClosedSlots() error {
	stored := r.storedIDs()
	finished := map[int]views.QueueCleared{}
	for _, slot := range r.slots {
		if slot.own {
			r.answer.Dropped = append(r.answer.Dropped, slot.uselessNotes(stored)...)
			slices.Sort(r.answer.Dropped)
		} else if ids := r.finishedEntries(slot, stored); slot.number >= 0 && len(ids) > 0 {
			finished[slot.number] = views.QueueCleared{Store: slot.store, IDs: ids}
		}
	}
	ctx, numbers := r.c.Request().Context(), slices.Sorted(maps.Keys(finished))
	taken, err := r.s.chat.TakeOverPageSlots(ctx, web.CallerOf(r.c).Session, numbers)
	for _, number := range taken {
		r.answer.Cleared = append(r.answer.Cleared, finished[number])
	}
	return err
}

// storedIDs returns the ids of the entries of all slots.
func (r *queueRun) storedIDs() map[string]bool {
	stored := map[string]bool{}
	for _, slot := range r.slots {
		for _, e := range slot.entries {
			stored[e.id] = true
		}
	}
	return stored
}

// finishedEntries returns the ids of the entries and notes in the slot of another page that are no longer needed. If
// that page may still be open, it returns some only if a message in the slot is gone and was marked longer than
// maxForgetting ago.
func (r *queueRun) finishedEntries(slot queueSlot, stored map[string]bool) (ids []string) {
	open, late := r.open[slot.number], time.Now().Add(-maxForgetting).Unix()
	for _, e := range slot.entries {
		if at := r.markedAt(e); r.isGone(e) && (!open || e.isMessage() && at > 0 && at < late) {
			ids = append(ids, e.id)
		}
	}
	if len(ids) > 0 || !open {
		ids = append(ids, slot.uselessNotes(stored)...)
	}
	slices.Sort(ids)
	return ids
}
