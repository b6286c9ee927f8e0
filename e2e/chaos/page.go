package chaos

// page is what a page in a browser shows: messages of one room.
type page struct {
	first    int64 // seq of the first message when it was loaded; 0 if it was empty
	cursor   int64 // the page claims to show everything from first to cursor
	messages map[int64]shownMessage
}

// apply applies an observation as a browser does. A new message is added, or replaces the one with the same seq. A
// changed message replaces the one with the same seq, and is ignored if the page does not have that. A loaded page
// replaces everything.
func (p *page) apply(s observation) {
	switch s.Kind {
	case sawPage:
		*p = page{messages: map[int64]shownMessage{}}
		for i, m := range s.Messages {
			p.messages[m.Seq] = m
			if i == 0 {
				p.first = m.Seq
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

// missing returns those messages of which the page does not show the latest version, although the seq of their last
// change is at most upTo.
func (p *page) missing(messages []storedMessage, upTo int64) (missing []storedMessage) {
	for _, m := range messages {
		shown, there := p.messages[m.Seq]
		if m.Seq >= p.first && (!there || m.ChangedSeq <= upTo && shown != m.shown()) {
			missing = append(missing, m)
		}
	}
	return missing
}
