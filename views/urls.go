package views

import (
	"net/url"

	"charla/chat"
)

// query names a place as the parameters of a URL do; a zero place has no name.
func query(p chat.Place) string {
	switch {
	case p.Room != 0:
		return "room=" + number(p.Room)
	case p.With != 0:
		return "with=" + number(p.With)
	}
	return ""
}

// EventsURL is the stream of a place from a cursor on. The zero place has a stream of state alone.
func EventsURL(p chat.Place, after int64) string {
	if p == (chat.Place{}) {
		return "/events"
	}
	return "/events?" + query(p) + "&after=" + number(after)
}

// MessagesURL is the page of a conversation with its newest messages.
func MessagesURL(p chat.Place) string { return "/messages?" + query(p) }

// PostedURL is the page of a conversation after a message, with a shortcode that was mistyped in it, or none.
func PostedURL(p chat.Place, typo string) string {
	if typo == "" {
		return MessagesURL(p)
	}
	return MessagesURL(p) + "&typo=" + url.QueryEscape(typo)
}

// BeforeURL is the page of a conversation with the messages before a seq.
func BeforeURL(p chat.Place, before int64) string {
	return MessagesURL(p) + "&before=" + number(before)
}

// AfterURL is where programs find the messages of a conversation after a seq.
func AfterURL(p chat.Place, after int64) string {
	return MessagesURL(p) + "&after=" + number(after)
}

// NewsURL is where programs find what changed in a conversation after a number, when they began to ask at another.
func NewsURL(p chat.Place, after, asOf int64) string {
	return MessagesURL(p) + "&changed_after=" + number(after) + "&as_of=" + number(asOf)
}

// LiveURL is the never-ending list of a conversation for browsers without JavaScript.
func LiveURL(p chat.Place) string { return "/messages/live?" + query(p) }

// RoomURL is the page of a room: who is in it, and what can be done about that.
func RoomURL(room int64) string { return "/rooms/" + number(room) }

// MembersURL is the page of a room with the members whose name contains query, after a person.
func MembersURL(room int64, query string, after int64) string {
	return ListURL(RoomURL(room), query, after)
}

// ListURL is where a list goes on after an id, with what its names contain.
func ListURL(path, query string, after int64) string {
	q := url.Values{"after": {number(after)}}
	if query != "" {
		q.Set("q", query)
	}
	return path + "?" + q.Encode()
}

// removeURL takes a person out of a room.
func removeURL(room, user int64) string {
	return RoomURL(room) + "/members/" + number(user) + "/remove"
}

// accountURL shuts a person out or lets them in.
func accountURL(user int64, action string) string {
	return "/people/" + number(user) + "/" + action
}

// HookURL is where a hook is written to, without the origin.
func HookURL(secret string) string { return "/hooks/" + secret }

// sessionURL ends a session.
func sessionURL(id int64) string { return "/sessions/" + number(id) + "/end" }

// botURL does something to a bot.
func botURL(id int64, action string) string {
	return "/bots/" + number(id) + "/" + action
}

// changedAfterURL is what changed after a number in the window before a seq.
func changedAfterURL(p chat.Place, before, after int64) string {
	return BeforeURL(p, before) + "&changed_after=" + number(after)
}

// reactionsURL is where one reacts to a message.
func reactionsURL(id int64) string { return MessageURL(id) + "/reactions" }

// emojiURL is where emoji are found and chosen.
const emojiURL = "/emoji"

// MessageURL is the page of one message.
func MessageURL(id int64) string { return "/messages/" + number(id) }

// soundURL asks for a sound for what came up to a seq, unless it was read meanwhile.
func soundURL(p chat.Place, seq int64) string {
	return "/sound?" + query(p) + "&seq=" + number(seq)
}

// What is a person's own, as a file, and the way to delete their account.
const (
	exportURL   = "/settings/export"
	deletionURL = "/settings/delete"
)
