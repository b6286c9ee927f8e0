package chaos

// page is what a browser shows of a room after all that it was told.
type page struct {
	from   int64 // where its window begins: 0 when it was empty
	cursor int64 // it claims to show everything from there to here
	lines  map[int64]string
}

// show applies a sight as a browser does: a new line is put in its place or replaces the one there, a changed one replaces
// or does nothing, a fetched page replaces all.
func (p *page) show(s sight) {
	switch s.Kind {
	case sawPage:
		*p = page{lines: map[int64]string{}}
		for i, l := range s.Lines {
			if p.lines[l.Seq] = l.Body; i == 0 {
				p.from = l.Seq
			}
		}
	case sawNew:
		p.lines[s.Line.Seq] = s.Line.Body
	case sawChanged:
		if _, there := p.lines[s.Line.Seq]; there {
			p.lines[s.Line.Seq] = s.Line.Body
		}
	}
	if s.Cursor > 0 {
		p.cursor = s.Cursor
	}
}

// lacks says which of these messages the page shows wrongly or not at all.
func (p *page) lacks(messages []stored) (missing []stored) {
	for _, m := range messages {
		if m.Seq >= p.from && p.lines[m.Seq] != m.Body {
			missing = append(missing, m)
		}
	}
	return missing
}
