package views

import (
	"strconv"

	"charla/chat"
)

// query names a place as the parameters of a URL do; a zero place has no name.
func query(p chat.Place) string {
	switch {
	case p.Room != 0:
		return "room=" + strconv.FormatInt(p.Room, 10)
	case p.With != 0:
		return "with=" + strconv.FormatInt(p.With, 10)
	}
	return ""
}

// EventsURL is the stream of a place from a cursor on. The zero place has a stream of state alone.
func EventsURL(p chat.Place, after int64) string {
	if p == (chat.Place{}) {
		return "/events"
	}
	return "/events?" + query(p) + "&after=" + strconv.FormatInt(after, 10)
}

// MessagesURL is the page of a conversation with its newest messages.
func MessagesURL(p chat.Place) string { return "/messages?" + query(p) }

// BeforeURL is the page of a conversation with the messages before a seq.
func BeforeURL(p chat.Place, before int64) string {
	return MessagesURL(p) + "&before=" + strconv.FormatInt(before, 10)
}

// LiveURL is the never-ending list of a conversation for browsers without JavaScript.
func LiveURL(p chat.Place) string { return "/messages/live?" + query(p) }

// MessageURL is the page of one message.
func MessageURL(id int64) string { return "/messages/" + strconv.FormatInt(id, 10) }
