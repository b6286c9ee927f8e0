package views

import (
	"net/url"

	"charla/chat"
)

// conversationQuery returns the query parameters that name a conversation; "" for the zero value.
func conversationQuery(p chat.ConversationRef) string {
	switch {
	case p.Room != 0:
		return "room=" + formatInt(p.Room)
	case p.With != 0:
		return "with=" + formatInt(p.With)
	}
	return ""
}

// EventsURL returns the URL of the event stream of a conversation after a cursor. For the zero conversation it is the
// stream without messages.
func EventsURL(p chat.ConversationRef, after int64) string {
	if p == (chat.ConversationRef{}) {
		return "/events"
	}
	return "/events?" + conversationQuery(p) + "&after=" + formatInt(after)
}

// MessagesURL returns the URL of a conversation with its newest messages.
func MessagesURL(p chat.ConversationRef) string { return "/messages?" + conversationQuery(p) }

// AfterPostURL returns the URL of a conversation after a message was posted. typo is a mistyped shortcode in the
// message, or "".
func AfterPostURL(p chat.ConversationRef, typo string) string {
	if typo == "" {
		return MessagesURL(p)
	}
	return MessagesURL(p) + "&typo=" + url.QueryEscape(typo)
}

// MessagesBeforeURL returns the URL of a conversation with the messages before a seq.
func MessagesBeforeURL(p chat.ConversationRef, before int64) string {
	return MessagesURL(p) + "&before=" + formatInt(before)
}

// MessagesAfterURL returns the URL where programs read the messages after a seq.
func MessagesAfterURL(p chat.ConversationRef, after int64) string {
	return MessagesURL(p) + "&after=" + formatInt(after)
}

// MessagesChangedURL returns the URL where programs read the changes after a seq. asOf is the seq at which they began
// to page through them.
func MessagesChangedURL(p chat.ConversationRef, after, asOf int64) string {
	return MessagesURL(p) + "&changed_after=" + formatInt(after) + "&as_of=" + formatInt(asOf)
}

// NoscriptMessagesURL returns the URL of the endless message list for browsers without JavaScript.
func NoscriptMessagesURL(p chat.ConversationRef) string {
	return "/messages/live?" + conversationQuery(p)
}

// RoomURL returns the URL of a room's page.
func RoomURL(room int64) string { return "/rooms/" + formatInt(room) }

// MembersURL returns the URL of a room's page with the members after a user id whose names contain query.
func MembersURL(room int64, query string, after int64) string {
	return NextPageURL(RoomURL(room), query, after)
}

// NextPageURL returns the URL of the next page of a list, after an id and with the same search.
func NextPageURL(path, query string, after int64) string {
	q := url.Values{"after": {formatInt(after)}}
	if query != "" {
		q.Set("q", query)
	}
	return path + "?" + q.Encode()
}

// removeMemberURL returns the URL that removes a user from a room.
func removeMemberURL(room, user int64) string {
	return RoomURL(room) + "/members/" + formatInt(user) + "/remove"
}

// personActionURL returns the URL of an admin action on a user, such as "disable".
func personActionURL(user int64, action string) string {
	return "/people/" + formatInt(user) + "/" + action
}

// WebhookURL returns the path that a webhook receives messages at, without the origin.
func WebhookURL(secret string) string { return "/hooks/" + secret }

// endSessionURL returns the URL that ends a session.
func endSessionURL(id int64) string { return "/sessions/" + formatInt(id) + "/end" }

// botActionURL returns the URL of an action on a bot, such as "remove".
func botActionURL(id int64, action string) string {
	return "/bots/" + formatInt(id) + "/" + action
}

// timelineChangesURL returns the URL of the changes after a seq to the messages before another seq.
func timelineChangesURL(p chat.ConversationRef, before, after int64) string {
	return MessagesBeforeURL(p, before) + "&changed_after=" + formatInt(after)
}

// reactionsURL returns the URL that adds and removes reactions to a message.
func reactionsURL(id int64) string { return MessageURL(id) + "/reactions" }

// emojiURL is the URL of the emoji picker.
const emojiURL = "/emoji"

// MessageURL returns the URL of the page of a message.
func MessageURL(id int64) string { return "/messages/" + formatInt(id) }

// URLs of the data export and of the deletion of the own account.
const (
	accountExportURL   = "/settings/export"
	accountDeletionURL = "/settings/delete"
)

// revokeWebhookURL returns the URL that revokes a webhook.
func revokeWebhookURL(h chat.BotRoom) string {
	return botActionURL(h.Bot, "hooks/") + formatInt(h.ID) + "/remove"
}

// conversationURL returns the absolute URL of a conversation for e-mails and notifications.
func conversationURL(base *url.URL, p chat.ConversationRef) string {
	return base.Scheme + "://" + base.Host + MessagesURL(p)
}
