package chaos

import "fmt"

// pagesComplete follows each reader as its browser would.
func pagesComplete(h history, c content) (found []violation) {
	for _, r := range h.Readings {
		p := page{}
		for i, s := range r.Sights {
			before := p.cursor
			p.show(s)
			if s.Kind == sawPage {
				before = p.from - 1
			} else if p.cursor < before {
				found = append(found, r.broken(i, "the cursor goes back from %d", before))
			}
			if missing := p.lacks(c.in(r.Room, before+1, p.cursor)); len(missing) > 0 {
				found = append(found, r.broken(i, "the page lacks %v", missing[0]))
			}
		}
		if missing := p.lacks(c.in(r.Room, p.from, c.LastSeq[r.Room])); r.Stayed && len(missing) > 0 {
			found = append(found, r.broken(len(r.Sights)-1, "in the end the page lacks %d lines, first %v", len(missing), missing[0]))
		}
	}
	return found
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
