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

// inNewestMessages is a CSS selector that matches the scrolling area of a page that shows the newest messages. While a
// page shows only a part of the conversation, a link to newer messages stands below it.
const inNewestMessages = "#" + idScroller + ":not(:has(.newer-link))"

// newMessageTarget returns a CSS selector for the list to which a new message is added. The author's page receives each
// message twice: in the response to the form and from the stream. The selector matches only if the message is not on
// the page yet, so that a screen reader announces it once. If the message has changed since it was posted, the selector
// also matches if the list has the message, and the message replaces its earlier version.
func newMessageTarget(m chat.Message) string {
	known := byID(messageID(m.Seq))
	if messageVersion(m) != "" {
		known = ":not(" + byID(idMessages) + ") > " + known
	}
	return inNewestMessages + ":not(:has(" + known + ")) " + byID(idMessages)
}

// Timeline is the content of a page of messages in an open conversation.
type Timeline struct {
	Conversation chat.Conversation
	Online       bool // whether the other user of a direct conversation is online
	Messages     []chat.Message
	HasOlder     bool  // whether there are messages before the first one
	HasNewer     bool  // whether there are messages after the last one
	Before       int64 // exclusive upper limit of the seqs; 0 for none
	After        int64 // exclusive lower limit of the seqs; 0 for none
	Cursor       int64 // last seq of the room, read before Messages: the stream continues after it
	ChangedAfter int64 // in MissedChanges: the cursor with which the page was loaded
	FirstUnread  int64 // seq of the first unread message; 0 for none
	Composer     Composer

	Window      bool             // shows the messages at a place, perhaps not the newest
	Marked      int64            // seq of the message that a link leads to; 0 for none
	ReadThrough bool             // the user has seen everything unread before Messages
	Notice      string           // says why the page shows another day than requested
	Unread      chat.UnreadPlace // how many messages are unread, if the page shows the newest messages
}

// IsNewest reports whether the timeline is that of the conversation's page, which shows the newest messages.
func (t Timeline) IsNewest() bool { return !t.Window && t.Before == 0 }

// conversationName returns the name of a room, or of the other user of a direct conversation.
func conversationName(l Locale, c chat.Conversation) string {
	if c.Kind == chat.Direct && c.Peer == c.Viewer {
		return l.T("Your notes")
	}
	return l.UserName(c.Name)
}
