package views

import (
	"charla/chat"

	"github.com/a-h/templ"
)

// olderTrigger loads older messages 50 pixels before the link to them scrolls into view, or on a click.
const olderTrigger = "intersect once root:#" + idScroller + " rootMargin:50px, click"

// backToListLink returns a link to the list of conversations, without loading a full page.
func backToListLink() templ.Attributes { return swapLink("/chat") }

// swapLink returns the attributes of a link that replaces the conversation instead of loading a full page.
func swapLink(url string) templ.Attributes {
	return templ.Attributes{
		"href": url, "hx-get": url, "hx-target": byID(idConversation), "hx-select": byID(idConversation),
		"hx-swap": "outerHTML", "hx-push-url": "true", "hx-status:4xx": openErrorSwap, "hx-status:5xx": openErrorSwap,
	}
}

// standalone returns a message as it is shown on its own page, with its date and author. The reactions are left out
// because the page lists them below.
func standalone(m chat.Message) chat.Message {
	m.StartsGroup, m.StartsDay, m.Reactions = true, true, nil
	return m
}

// newMessageTarget returns a selector for the list that a new message is added to. The author gets a message twice,
// with the response and from the stream. The list is not selected a second time, so that a screen reader announces
// the message once. A message that has changed since is always inserted and replaces its earlier version.
func newMessageTarget(m chat.Message) string {
	if messageVersion(m) != "" {
		return byID(idMessages)
	}
	return byID(idMessages) + ":not(:has(" + byID(messageID(m.Seq)) + "))"
}

// Timeline is a part of the messages of an open conversation.
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
