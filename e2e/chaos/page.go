package chaos

// page holds what a page in a browser shows: messages of one room, and the cursor up to which it is complete.
type page struct {
	first    int64 // seq of the first message when it was loaded; 0 if it was empty
	cursor   int64 // the page claims to show everything from first to cursor
	messages map[int64]shownMessage
}

// apply changes the page as an observation changes a page in a browser. A new message is added, or replaces the message
// with the same seq. A changed message replaces the message with the same seq, or is ignored if the page does not have
// one. A loaded page replaces everything.
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

// missing returns those of the given messages that the page lacks, and those that it shows in an older version although
// the seq of their last change is at most upTo. It ignores messages older than the first one of the loaded page.
func (p *page) missing(messages []storedMessage, upTo int64) (missing []storedMessage) {
	for _, m := range messages {
		shown, there := p.messages[m.Seq]
		if m.Seq >= p.first && (!there || m.ChangedSeq <= upTo && shown != m.shown()) {
			missing = append(missing, m)
		}
	}
	return missing
}
