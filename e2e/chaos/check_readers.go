package chaos

import (
	"cmp"
	"fmt"
	"slices"
)

// pagesComplete follows each reader as its browser would.
func pagesComplete(h history, c content) (found []violation) {
	changed := c.changed()
	for _, r := range h.Readings {
		p := page{}
		for i, s := range r.Sights {
			before := p.cursor
			if old := p.lines[s.Line.Seq]; s.Line.Version < old.Version {
				found = append(found, r.broken(i, "the line goes back from %v", old))
			}
			p.show(s)
			if s.Kind == sawPage {
				before = p.from - 1
			} else if p.cursor < before {
				found = append(found, r.broken(i, "the cursor goes back from %d", before))
			}
			claimed := slices.Concat(c.in(r.Room, before+1, p.cursor), changed(r.Room, before+1, p.cursor))
			if missing := p.lacks(claimed, p.cursor); len(missing) > 0 {
				found = append(found, r.broken(i, "the page lacks %v", missing[0]))
			}
		}
		last := c.LastSeq[r.Room]
		if missing := p.lacks(c.in(r.Room, p.from, last), last); r.Stayed && len(missing) > 0 {
			found = append(found, r.broken(len(r.Sights)-1, "in the end the page lacks %d lines, first %v, and shows %v", len(missing), missing[0], p.lines[missing[0].Seq]))
		}
	}
	return found
}

// changed finds the messages of a room whose last change has a number from one up to another, both included.
func (c content) changed() func(room, from, to int64) []stored {
	place := func(m stored, room, seq int64) int {
		return cmp.Or(cmp.Compare(m.Room, room), cmp.Compare(m.ChangedSeq, seq))
	}
	sorted := slices.SortedFunc(slices.Values(c.Messages), func(a, b stored) int { return place(a, b.Room, b.ChangedSeq) })
	return func(room, from, to int64) []stored {
		return between(sorted, func(m stored) int { return place(m, room, from) }, func(m stored) int { return place(m, room, to+1) })
	}
}

// around is how many sights before a broken promise are shown.
const around = 5

// broken is a violation that shows at the sight i.
func (r reading) broken(i int, format string, args ...any) violation {
	shows := []fmt.Stringer{}
	for _, s := range r.Sights[max(0, i-around):min(len(r.Sights), i+1)] {
		shows = append(shows, s)
	}
	return broken(shows, "%s (%d) in room %d: %s", r.Reader, r.Who, r.Room, fmt.Sprintf(format, args...))
}
