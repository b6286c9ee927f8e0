package chaos

// page is what a browser shows of a room after all that it was told.
type page struct {
	from   int64 // where its window begins: 0 when it was empty
	cursor int64 // it claims to show everything from there to here
	lines  map[int64]line
}

// show applies a sight as a browser does: a new line is put in its place or replaces the one there, a changed one replaces
// or does nothing, a fetched page replaces all.
func (p *page) show(s sight) {
	switch s.Kind {
	case sawPage:
		*p = page{lines: map[int64]line{}}
		for i, l := range s.Lines {
			if p.lines[l.Seq] = l; i == 0 {
				p.from = l.Seq
			}
		}
	case sawNew:
		p.lines[s.Line.Seq] = s.Line
	case sawChanged:
		if _, there := p.lines[s.Line.Seq]; there {
			p.lines[s.Line.Seq] = s.Line
		}
	}
	if s.Cursor > 0 {
		p.cursor = s.Cursor
	}
}

// lacks says which of these messages the page does not show, or otherwise than as their last change left them where that
// has at most this number.
func (p *page) lacks(messages []stored, upTo int64) (missing []stored) {
	for _, m := range messages {
		l, there := p.lines[m.Seq]
		if m.Seq >= p.from && (!there || m.ChangedSeq <= upTo && l != m.line()) {
			missing = append(missing, m)
		}
	}
	return missing
}
