package views

import (
	"charla/chat"

	"github.com/a-h/templ"
)

// olderTrigger is the htmx trigger of the link to older messages. It loads them when the link is clicked, or when it
// comes within 50 pixels of the visible area.
const olderTrigger = "intersect once root:#" + idScroller + " rootMargin:50px, click"

// backToListLink returns the htmx attributes of a link to the list of conversations. They replace only a part of the
// page instead of loading a full page.
func backToListLink() templ.Attributes { return swapLink("/chat") }

// swapLink returns the htmx attributes of a link that replaces only the open conversation instead of loading a full
// page.
func swapLink(url string) templ.Attributes {
	return templ.Attributes{
		"href": url, "hx-get": url, "hx-target": byID(idConversation), "hx-select": byID(idConversation),
		"hx-swap": "outerHTML", "hx-push-url": "true", "hx-status:4xx": openErrorSwap, "hx-status:5xx": openErrorSwap,
	}
}

// standalone returns a copy of a message for its own page: it has a date and an author, and no reactions, because that
// page lists them below the message.
func standalone(m chat.Message) chat.Message {
	m.StartsGroup, m.StartsDay, m.Reactions = true, true, nil
	return m
}

// newMessageTarget returns a CSS selector for the list to which a new message is added. The author's page receives each
// message twice: in the response to the form and from the stream. The selector matches only if the message is not in
// the list yet, so that a screen reader announces it once. If the message has changed since it was posted, the selector
// always matches, and the message replaces its earlier version.
func newMessageTarget(m chat.Message) string {
	if messageVersion(m) != "" {
		return byID(idMessages)
	}
	return byID(idMessages) + ":not(:has(" + byID(messageID(m.Seq)) + "))"
}

// Timeline is the content of a page of messages in an open conversation.
type Timeline struct {
	Conversation chat.Conversation
	Online       bool // whether the other user of a direct conversation is online
	Messages     []chat.Message
	HasOlder     bool  // whether there are messages before the first one
	Before       int64 // exclusive upper limit of the seqs; 0 for the newest messages, which a stream updates
	Cursor       int64 // last seq of the room, read before Messages: the stream continues after it
	FirstUnread  int64 // seq of the first unread message; 0 for none
	Composer     Composer
}

// conversationName returns the name of a room, or of the other user of a direct conversation.
func conversationName(l Locale, c chat.Conversation) string {
	if c.Kind == chat.Direct && c.Peer == c.Viewer {
		return l.T("Your notes")
	}
	return l.UserName(c.Name)
}
