package live

import "charla/chat"

// Publish delivers an event to the streams it concerns, and to the other nodes. It never blocks on a reader, the database
// or the network.
func (h *Hub) Publish(e chat.Event) {
	if _, posted := e.(chat.MessagePosted); posted {
		h.counts.posted.Add(1)
	}
	h.happen(e)
	h.relay.send(e)
}

// happen delivers an event, wherever it was published, to the streams of this node.
func (h *Hub) happen(e chat.Event) {
	switch e := e.(type) {
	case chat.Change:
		h.deliver(e)
	case chat.ReadMarked:
		h.countAgain(e.User)
	case chat.DraftChanged:
		h.countAgain(e.User)
	case chat.Typed:
		h.typed(e)
	case chat.Uploading:
		h.uploading(e)
	case chat.SessionEnded:
		h.endSessions([]int64{e.Session})
	case chat.PersonChanged:
		h.rename(e.Person)
	}
}

func (h *Hub) deliver(e chat.Change) {
	at, _ := e.At()
	if t := h.held(at); t != nil && t.deliver(e) {
		h.catchUp(t)
	}
	switch e := e.(type) {
	case chat.MessagePosted:
		h.wrote(at, e.Message.AuthorID)
		h.recount(at, e.Message.AuthorID)
	case chat.MessageChanged:
		if e.Message.DeletedAt > 0 { // it was unread for some, perhaps
			h.recount(at, e.Message.AuthorID)
		}
	case chat.MemberJoined:
		h.countAgain(e.Person.ID)
	case chat.MemberLeft:
		h.countAgain(e.User)
	}
}

// held returns the topic at, or nil where nobody listens to it.
func (h *Hub) held(at chat.Topic) *topic {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.topics[at]
}

// rumour is a change known by its number only: the database has the rest.
func (h *Hub) rumour(at chat.Topic, now chat.RoomSeq) {
	if t := h.held(at); t != nil && t.behind(now) {
		h.catchUp(t)
	}
	h.recount(at, 0)
}

// recount asks for the unread counts of those whom a message in a topic concerns: everybody in it but its author, who may
// be unknown (0).
func (h *Hub) recount(at chat.Topic, author int64) {
	switch {
	case at.Room == chat.General:
		h.countAgain()
	case at.Room != 0:
		h.countMembersAgain(at.Room)
	case at.Low == author:
		h.countAgain(at.High)
	case at.High == author:
		h.countAgain(at.Low)
	default:
		h.countAgain(at.Low, at.High)
	}
}
