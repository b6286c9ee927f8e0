package chaos

// page is what a browser shows of a room after all that it was told.
type page struct {
	first    int64 // where its window begins: 0 when it was empty
	cursor   int64 // it claims to show everything from there to here
	messages map[int64]shownMessage
}

// apply applies a sight as a browser does: a new line is put in its place or replaces the one there, a changed one replaces
// or does nothing, a fetched page replaces all.
func (p *page) apply(s observation) {
	switch s.Kind {
	case sawPage:
		*p = page{messages: map[int64]shownMessage{}}
		for i, l := range s.Messages {
			if p.messages[l.Seq] = l; i == 0 {
				p.first = l.Seq
			}
		}
	case sawNew:
		p.messages[s.Message.Seq] = s.Message
	case sawChanged:
		if _, there := p.messages[s.Message.Seq]; there {
			p.messages[s.Message.Seq] = s.Message
		}
	}
	if s.Cursor > 0 {
		p.cursor = s.Cursor
	}
}

// missing says which of these messages the page does not show, or otherwise than as their last change left them where that
// has at most this number.
func (p *page) missing(messages []storedMessage, upTo int64) (missing []storedMessage) {
	for _, m := range messages {
		l, there := p.messages[m.Seq]
		if m.Seq >= p.first && (!there || m.ChangedSeq <= upTo && l != m.shown()) {
			missing = append(missing, m)
		}
	}
	return missing
}
