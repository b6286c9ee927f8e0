package views

import (
	"net/url"

	"charla/chat"
)

// conversationQuery names a place as the parameters of a URL do; a zero place has no name.
func conversationQuery(p chat.ConversationRef) string {
	switch {
	case p.Room != 0:
		return "room=" + formatInt(p.Room)
	case p.With != 0:
		return "with=" + formatInt(p.With)
	}
	return ""
}

// EventsURL is the stream of a place from a cursor on. The zero place has a stream of state alone.
func EventsURL(p chat.ConversationRef, after int64) string {
	if p == (chat.ConversationRef{}) {
		return "/events"
	}
	return "/events?" + conversationQuery(p) + "&after=" + formatInt(after)
}

// MessagesURL is the page of a conversation with its newest messages.
func MessagesURL(p chat.ConversationRef) string { return "/messages?" + conversationQuery(p) }

// AfterPostURL is the page of a conversation after a message, with a shortcode that was mistyped in it, or none.
func AfterPostURL(p chat.ConversationRef, typo string) string {
	if typo == "" {
		return MessagesURL(p)
	}
	return MessagesURL(p) + "&typo=" + url.QueryEscape(typo)
}

// MessagesBeforeURL is the page of a conversation with the messages before a seq.
func MessagesBeforeURL(p chat.ConversationRef, before int64) string {
	return MessagesURL(p) + "&before=" + formatInt(before)
}

// MessagesAfterURL is where programs find the messages of a conversation after a seq.
func MessagesAfterURL(p chat.ConversationRef, after int64) string {
	return MessagesURL(p) + "&after=" + formatInt(after)
}

// MessagesChangedURL is where programs find what changed in a conversation after a number, when they began to ask at another.
func MessagesChangedURL(p chat.ConversationRef, after, asOf int64) string {
	return MessagesURL(p) + "&changed_after=" + formatInt(after) + "&as_of=" + formatInt(asOf)
}

// NoscriptMessagesURL is the never-ending list of a conversation for browsers without JavaScript.
func NoscriptMessagesURL(p chat.ConversationRef) string {
	return "/messages/live?" + conversationQuery(p)
}

// RoomURL is the page of a room: who is in it, and what can be done about that.
func RoomURL(room int64) string { return "/rooms/" + formatInt(room) }

// MembersURL is the page of a room with the members whose name contains query, after a person.
func MembersURL(room int64, query string, after int64) string {
	return NextPageURL(RoomURL(room), query, after)
}

// NextPageURL is where a list goes on after an id, with what its names contain.
func NextPageURL(path, query string, after int64) string {
	q := url.Values{"after": {formatInt(after)}}
	if query != "" {
		q.Set("q", query)
	}
	return path + "?" + q.Encode()
}

// removeMemberURL takes a person out of a room.
func removeMemberURL(room, user int64) string {
	return RoomURL(room) + "/members/" + formatInt(user) + "/remove"
}

// personActionURL shuts a person out or lets them in.
func personActionURL(user int64, action string) string {
	return "/people/" + formatInt(user) + "/" + action
}

// WebhookURL is where a hook is written to, without the origin.
func WebhookURL(secret string) string { return "/hooks/" + secret }

// endSessionURL ends a session.
func endSessionURL(id int64) string { return "/sessions/" + formatInt(id) + "/end" }

// botActionURL does something to a bot.
func botActionURL(id int64, action string) string {
	return "/bots/" + formatInt(id) + "/" + action
}

// timelineChangesURL is what changed after a number in the window before a seq.
func timelineChangesURL(p chat.ConversationRef, before, after int64) string {
	return MessagesBeforeURL(p, before) + "&changed_after=" + formatInt(after)
}

// reactionsURL is where one reacts to a message.
func reactionsURL(id int64) string { return MessageURL(id) + "/reactions" }

// emojiURL is where emoji are found and chosen.
const emojiURL = "/emoji"

// MessageURL is the page of one message.
func MessageURL(id int64) string { return "/messages/" + formatInt(id) }

// What is a person's own, as a file, and the way to delete their account.
const (
	accountExportURL   = "/settings/export"
	accountDeletionURL = "/settings/delete"
)

// revokeWebhookURL makes an address void.
func revokeWebhookURL(h chat.BotRoom) string {
	return botActionURL(h.Bot, "hooks/") + formatInt(h.ID) + "/remove"
}

// conversationURL is the address of a conversation from outside.
func conversationURL(base *url.URL, p chat.ConversationRef) string {
	return base.Scheme + "://" + base.Host + MessagesURL(p)
}
