package views

import (
	"net/url"

	"charla/chat"
)

// conversationQuery returns the query parameter that says which conversation is meant, such as "room=5". It returns ""
// for the zero ConversationRef.
func conversationQuery(p chat.ConversationRef) string {
	switch {
	case p.Room != 0:
		return "room=" + formatInt(p.Room)
	case p.With != 0:
		return "with=" + formatInt(p.With)
	}
	return ""
}

// EventsURL returns the URL of a conversation's event stream. The stream begins with the changes whose seq (number in
// the room) is greater than the parameter after. For the zero ConversationRef, EventsURL returns the URL of the stream
// for pages without a conversation.
func EventsURL(p chat.ConversationRef, after int64) string {
	if p == (chat.ConversationRef{}) {
		return "/events"
	}
	return "/events?" + conversationQuery(p) + "&after=" + formatInt(after)
}

// MessagesURL returns the URL of the page with the newest messages of a conversation.
func MessagesURL(p chat.ConversationRef) string { return "/messages?" + conversationQuery(p) }

// AfterPostURL returns the URL to which the browser goes after it posted a message: that of the conversation. typos are
// the mistyped shortcodes in the message, for which the page suggests emoji, and hints what it says about the mentions.
func AfterPostURL(p chat.ConversationRef, typos []string, hints MentionHints) string {
	address := MessagesURL(p)
	for _, typo := range typos {
		address += "&typo=" + url.QueryEscape(typo)
	}
	for _, user := range hints.Outside {
		address += "&outside=" + formatInt(user.ID)
	}
	if hints.NotNotified {
		address += "&unnotified=1"
	}
	return address
}

// MessagesBeforeURL returns the URL of a page with older messages: those whose seq (number in the room) is less than
// the parameter before.
func MessagesBeforeURL(p chat.ConversationRef, before int64) string {
	return MessagesURL(p) + "&before=" + formatInt(before)
}

// MessagesAfterURL returns the URL of a page with newer messages: those whose seq (number in the room) is greater than
// the parameter after.
func MessagesAfterURL(p chat.ConversationRef, after int64) string {
	return MessagesURL(p) + "&after=" + formatInt(after)
}

// PlaceBeforeURL returns the URL from which programs read older messages. Unlike MessagesBeforeURL it leads to a page
// with which they can go on both ways.
func PlaceBeforeURL(p chat.ConversationRef, before int64) string {
	return MessagesURL(p) + "&around=" + formatInt(before) + "&before=" + formatInt(before)
}

// PermalinkURL returns the URL of a message in its conversation, among the messages around it. It is the same for all
// users.
func PermalinkURL(room, seq int64) string {
	return MessagesURL(chat.ConversationRef{Room: room}) + "&around=" + formatInt(seq) + "#" + messageID(seq)
}

// withFirstUnread adds to the URL of a page of messages where the first unread message was when the user opened the
// conversation. 0 stands for none.
func withFirstUnread(address string, seq int64) string {
	if seq == 0 {
		return address
	}
	return address + "&unread=" + formatInt(seq)
}

// MessagesChangedURL returns the URL from which programs read the messages that were posted or changed since their last
// request. The parameter after is the seq (number in the room) of the last change that the program knows. asOf is the
// seq of the room's latest change when the program read the first page; the URLs of all later pages contain the same
// value.
func MessagesChangedURL(p chat.ConversationRef, after, asOf int64) string {
	return MessagesURL(p) + "&changed_after=" + formatInt(after) + "&as_of=" + formatInt(asOf)
}

// NoscriptMessagesURL returns the URL of the message list for browsers without JavaScript. The response stays open and
// continues with new messages.
// firstUnread is the seq of the first unread message, or 0.
func NoscriptMessagesURL(p chat.ConversationRef, firstUnread int64) string {
	return withFirstUnread("/messages/live?"+conversationQuery(p), firstUnread)
}

// RoomURL returns the URL of a room's page.
func RoomURL(room int64) string { return "/rooms/" + formatInt(room) }

// MembersURL returns the URL of a room's page with a part of its members: those whose names contain query and whose ids
// are greater than the parameter after.
func MembersURL(room int64, query string, after int64) string {
	return NextPageURL(RoomURL(room), query, after)
}

// NextPageURL returns the URL of the next page of a list. That page has the same search query and contains the entries
// whose ids are greater than the parameter after.
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

// memberRoleURL returns the URL that changes the role of a member of a room.
func memberRoleURL(room, user int64) string {
	return RoomURL(room) + "/members/" + formatInt(user) + "/role"
}

// setupURL returns the URL of the set-up link.
func setupURL(token string) string { return "/setup/" + token }

// InvitationURL returns the path, without scheme and host, of an invitation's link.
func InvitationURL(token string) string { return "/invite/" + token }

// AfterInvitationURL returns the URL that is opened after somebody accepted an invitation: its first room, if it has
// one.
func AfterInvitationURL(in chat.Invitation) string {
	if len(in.Rooms) == 0 {
		return "/chat"
	}
	return MessagesURL(in.Rooms[0].Ref())
}

// personActionURL returns the URL to which an admin posts an action on a user, such as "disable".
func personActionURL(user int64, action string) string {
	return "/people/" + formatInt(user) + "/" + action
}

// WebhookURL returns the path, without scheme and host, to which programs post the messages of a webhook.
func WebhookURL(secret string) string { return "/hooks/" + secret }

// endSessionURL returns the URL that ends a session.
func endSessionURL(id int64) string { return "/sessions/" + formatInt(id) + "/end" }

// botActionURL returns the URL to which the owner of a bot posts an action on the bot, such as "remove".
func botActionURL(id int64, action string) string {
	return "/bots/" + formatInt(id) + "/" + action
}

// timelineChangesURL returns the URL from which a page of older or newer messages loads those that have changed
// meanwhile: messages of the page that were posted or changed after t.Cursor.
func timelineChangesURL(t Timeline) string {
	address := MessagesBeforeURL(t.Conversation.Ref(), t.Before)
	if t.After > 0 {
		address = MessagesAfterURL(t.Conversation.Ref(), t.After)
	}
	return address + "&changed_after=" + formatInt(t.Cursor)
}

// reactionsURL returns the URL to which users post a reaction to a message, to add or remove it.
func reactionsURL(id int64) string { return MessageURL(id) + "/reactions" }

// emojiURL is the URL of the emoji picker.
const emojiURL = "/emoji"

// MessageURL returns the URL of the page of a message.
func MessageURL(id int64) string { return "/messages/" + formatInt(id) }

// These are the URLs at which users export their data and delete their account.
const (
	accountExportURL   = "/settings/export"
	accountDeletionURL = "/settings/delete"
)

// revokeWebhookURL returns the URL that revokes a webhook.
func revokeWebhookURL(h chat.BotRoom) string {
	return botActionURL(h.Bot, "hooks/") + formatInt(h.ID) + "/remove"
}

// conversationURL returns the absolute URL of a conversation, for e-mails and push notifications.
func conversationURL(base *url.URL, p chat.ConversationRef) string {
	return base.Scheme + "://" + base.Host + MessagesURL(p)
}

// messageURL returns the absolute URL of a message in its conversation, for e-mails.
func messageURL(base *url.URL, m chat.MessagePreview) string {
	return base.Scheme + "://" + base.Host + PermalinkURL(m.Room, m.Seq)
}
