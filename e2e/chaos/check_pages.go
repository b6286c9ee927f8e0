package chaos

import (
	"cmp"
	"fmt"
	"slices"
)

// pagesComplete replays for each reader what the reader received, in the way in which a page in a browser applies it.
// It requires three things: the page always shows every message up to its cursor, no message returns to an older
// version, and in the end nothing is missing.
func pagesComplete(h history, db databaseState) (found []violation) {
	changed := db.changedMessages()
	for _, r := range h.Readers {
		p := page{}
		for i, s := range r.Observations {
			before := p.cursor
			if old := p.messages[s.Message.Seq]; s.Message.Version < old.Version {
				found = append(found, r.violationAt(i, "the message goes back from %v", old))
			}
			p.apply(s)
			if s.Kind == sawPage {
				before = p.first - 1
			} else if p.cursor < before {
				found = append(found, r.violationAt(i, "the cursor goes back from %d", before))
			}
			claimed := slices.Concat(db.messagesBetween(r.Room, before+1, p.cursor),
				changed(r.Room, before+1, p.cursor))
			if missing := p.missing(claimed, p.cursor); len(missing) > 0 {
				found = append(found, r.violationAt(i, "%v is missing on the page", missing[0]))
			}
		}
		last := db.LastSeq[r.Room]
		if missing := p.missing(db.messagesBetween(r.Room, p.first, last), last); r.Stayed && len(missing) > 0 {
			found = append(found, r.violationAt(len(r.Observations)-1,
				"in the end %d messages are missing on the page, first %v; it shows %v",
				len(missing), missing[0], p.messages[missing[0].Seq]))
		}
	}
	return found
}

// changedMessages returns a function that takes a room and two seqs (numbers of changes). That function returns the
// messages of the room whose last change has a seq between from and to, both included.
func (db databaseState) changedMessages() func(room, from, to int64) []storedMessage {
	compare := func(m storedMessage, room, seq int64) int {
		return cmp.Or(cmp.Compare(m.Room, room), cmp.Compare(m.ChangedSeq, seq))
	}
	sorted := slices.SortedFunc(slices.Values(db.Messages), func(a, b storedMessage) int {
		return compare(a, b.Room, b.ChangedSeq)
	})
	return func(room, from, to int64) []storedMessage {
		return between(sorted,
			func(m storedMessage) int { return compare(m, room, from) },
			func(m storedMessage) int { return compare(m, room, to+1) })
	}
}

// contextBefore is how many of the observations that precede a violation are printed with it.
const contextBefore = 5

// violationAt makes a violation whose excerpt ends with observation i, the first one that shows the violation.
func (r readerLog) violationAt(i int, format string, args ...any) violation {
	records := []fmt.Stringer{}
	for _, s := range r.Observations[max(0, i-contextBefore):min(len(r.Observations), i+1)] {
		records = append(records, s)
	}
	return newViolation(records, "%s (%d) in room %d: %s", r.Reader, r.User, r.Room, fmt.Sprintf(format, args...))
}
