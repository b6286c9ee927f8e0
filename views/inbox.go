package views

import (
	"net/url"
	"strings"

	"charla/chat"
)

// Inbox is the content of the inbox page.
type Inbox struct {
	chat.InboxPage
	Kind    chat.InboxKind // of the items that are shown; empty for all
	NextURL string         // next page; empty on the last one
}

// InboxURL returns the URL of a page of the inbox: items of a kind, or of all kinds if that is empty, that come after
// the item with the id "after", or the first ones if that is 0.
func InboxURL(kind chat.InboxKind, after int64) string {
	q := url.Values{}
	if kind != "" {
		q.Set("kind", string(kind))
	}
	if after != 0 {
		q.Set("after", formatInt(after))
	}
	if len(q) == 0 {
		return "/inbox"
	}
	return "/inbox?" + q.Encode()
}

// filters returns the links that show items of one kind.
func (b Inbox) filters(l Locale) (list []searchToggle) {
	for _, filter := range []struct {
		kind  chat.InboxKind
		label string
	}{
		{"", l.T("All")},
		{chat.InboxMention, l.T("Mentions")},
		{chat.InboxReaction, l.T("Reactions")},
		{chat.InboxInvitation, l.T("Added to rooms")},
	} {
		list = append(list, searchToggle{filter.label, InboxURL(filter.kind, 0), b.Kind == filter.kind})
	}
	return list
}

// Unseen returns the number of items in the inbox of the user that they have not seen.
func (s Sidebar) Unseen() int {
	if len(s.Rows) == 0 {
		return 0
	}
	return s.Rows[0].AllUnseen
}

// inboxItemURL returns the URL of what an item is about: its message, or the room to which the user was added.
func inboxItemURL(item chat.InboxItem) string {
	if item.Message == nil {
		return MessagesURL(chat.ConversationRef{Room: item.Room})
	}
	return PermalinkURL(item.Room, item.Message.Seq)
}

// inboxSummary says in one sentence what happened.
func inboxSummary(l Locale, viewer int64, item chat.InboxItem) string {
	names := make([]any, len(item.People))
	for i, p := range item.People {
		names[i] = "\u2068" + l.UserName(p.Name) + "\u2069"
	}
	switch {
	case len(names) == 0:
		return ""
	case item.Kind == chat.InboxReaction:
		return reactedText(l, names) + " " + strings.Join(otherEmoji(*item.Message), " ")
	case item.Kind == chat.InboxInvitation:
		return l.T("%s added you to a room", names[0])
	case mentions(*item.Message, viewer):
		return l.T("%s mentioned you", names[0])
	}
	return l.T("%s mentioned everyone", names[0])
}

// reactedText names who reacted to a message.
func reactedText(l Locale, names []any) string {
	switch len(names) {
	case 1:
		return l.T("%s reacted", names...)
	case 2:
		return l.T("%s and %s reacted", names...)
	case 3:
		return l.T("%s, %s and %s reacted", names...)
	}
	return l.T("%s, %s and %d others reacted", names[0], names[1], len(names)-2)
}

// otherEmoji returns the different emoji with which people other than its author reacted to a message.
func otherEmoji(m chat.Message) (list []string) {
	for _, group := range m.Reactions.Groups() {
		if len(group.Users) > 1 || !group.By(m.AuthorID) {
			list = append(list, group.Emoji)
		}
	}
	return list
}

// mentions reports whether a message mentions a user by their handle.
func mentions(m chat.Message, user int64) bool {
	for _, mentioned := range m.Mentions {
		if mentioned.ID == user {
			return true
		}
	}
	return false
}

// inboxExcerpt returns the beginning of the message that an item is about.
func inboxExcerpt(l Locale, m chat.Message) string {
	return l.previewText(chat.MessagePreview{Body: m.Body, FileCount: len(m.Files)})
}

// roomNameOf returns the name of the room that an item is about.
func roomNameOf(l Locale, item chat.InboxItem) string {
	return searchRoomName(l, chat.SearchRoom{Kind: item.RoomKind, Name: item.RoomName})
}
