package chaos

import (
	"cmp"
	"fmt"
	"slices"
)

// pagesComplete follows each reader as its browser would.
func pagesComplete(h history, c databaseState) (found []violation) {
	changed := c.changedMessages()
	for _, r := range h.Readers {
		p := page{}
		for i, s := range r.Observations {
			before := p.cursor
			if old := p.messages[s.Message.Seq]; s.Message.Version < old.Version {
				found = append(found, r.violationAt(i, "the line goes back from %v", old))
			}
			p.apply(s)
			if s.Kind == sawPage {
				before = p.first - 1
			} else if p.cursor < before {
				found = append(found, r.violationAt(i, "the cursor goes back from %d", before))
			}
			claimed := slices.Concat(c.messagesBetween(r.Room, before+1, p.cursor), changed(r.Room, before+1, p.cursor))
			if missing := p.missing(claimed, p.cursor); len(missing) > 0 {
				found = append(found, r.violationAt(i, "the page lacks %v", missing[0]))
			}
		}
		last := c.LastSeq[r.Room]
		if missing := p.missing(c.messagesBetween(r.Room, p.first, last), last); r.Stayed && len(missing) > 0 {
			found = append(found, r.violationAt(len(r.Observations)-1, "in the end the page lacks %d lines, first %v, and shows %v", len(missing), missing[0], p.messages[missing[0].Seq]))
		}
	}
	return found
}

// changedMessages finds the messages of a room whose last change has a number from one up to another, both included.
func (c databaseState) changedMessages() func(room, from, to int64) []storedMessage {
	place := func(m storedMessage, room, seq int64) int {
		return cmp.Or(cmp.Compare(m.Room, room), cmp.Compare(m.ChangedSeq, seq))
	}
	sorted := slices.SortedFunc(slices.Values(c.Messages), func(a, b storedMessage) int { return place(a, b.Room, b.ChangedSeq) })
	return func(room, from, to int64) []storedMessage {
		return between(sorted, func(m storedMessage) int { return place(m, room, from) }, func(m storedMessage) int { return place(m, room, to+1) })
	}
}

// contextBefore is how many sights before a broken promise are shown.
const contextBefore = 5

// newViolation is a violation that shows at the sight i.
func (r readerLog) violationAt(i int, format string, args ...any) violation {
	shows := []fmt.Stringer{}
	for _, s := range r.Observations[max(0, i-contextBefore):min(len(r.Observations), i+1)] {
		shows = append(shows, s)
	}
	return newViolation(shows, "%s (%d) in room %d: %s", r.Reader, r.User, r.Room, fmt.Sprintf(format, args...))
}
