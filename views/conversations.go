package views

import (
	"charla/chat"

	"github.com/a-h/templ"
)

// olderTrigger fetches older messages a little before their place scrolls into view.
const olderTrigger = "intersect once root:#" + idScroller + " rootMargin:50px, click"

// xScrollToOwnMessage scrolls to the newest messages, where what somebody sends will stand.
const xScrollToOwnMessage = `$event.target.id === '` + idComposer + `' && $el.scrollTo(0, 0)`

// What comes below those who scrolled up moves nothing before their eyes. Most browsers see to that, and know a property for it;
// in the others the distance to the top stays. Older messages come above, where nothing moves anyway.
const (
	xMeasureHeight = `tall = $el.style.overflowAnchor === undefined && $el.scrollTop < 0 && !$event.target.closest('#` + idOlderMessages + `') && $el.scrollHeight`
	xKeepPosition  = `tall && $el.scrollBy(0, tall - $el.scrollHeight)`
)

// Whoever scrolled up by more than a few lines is offered the way down. The bottom is 0, and what is above it negative.
const (
	xIsScrolledUp   = `up = $el.scrollTop < -200`
	xScrollToNewest = `$root.querySelector('#` + idScroller + `').scrollTo(0, 0)`
)

// backToListLink leads back to the list of conversations, in place.
func backToListLink() templ.Attributes { return swapLink("/chat") }

// swapLink leads to a page by way of the part beside the list.
func swapLink(url string) templ.Attributes {
	return templ.Attributes{
		"href": url, "hx-get": url, "hx-target": byID(idConversation), "hx-select": byID(idConversation),
		"hx-swap": "outerHTML", "hx-push-url": "true", "hx-status:4xx": openErrorSwap, "hx-status:5xx": openErrorSwap,
	}
}

// isAlone returns a message as it stands when nothing is around it: with its day and its author. Its reactions stand below.
func standalone(m chat.Message) chat.Message {
	m.StartsGroup, m.StartsDay, m.Reactions = true, true, nil
	return m
}

// newMessageTarget selects the live window for a message that comes. One that nobody changed comes there once: its author gets it twice, by the
// answer and by the stream, and would hear it read aloud twice. One that changed takes the place of what it was.
func newMessageTarget(m chat.Message) string {
	if messageVersion(m) != "" {
		return byID(idMessages)
	}
	return byID(idMessages) + ":not(:has(" + byID(messageID(m.Seq)) + "))"
}

// Timeline is one window on an open conversation.
type Timeline struct {
	Conversation chat.Conversation
	Online       bool // the other person is here now
	Messages     []chat.Message
	HasOlder     bool  // there are messages before the first one
	Before       int64 // the window ends before this seq; 0 for the newest, which is live
	Cursor       int64 // the room's last seq before Messages were read: where the stream goes on
	FirstUnread  int64 // seq of the first message not read yet; 0 for none
	Composer     Composer
}

// conversationName is what a conversation is called: a channel by its name, a direct one by the other person.
func conversationName(l Locale, c chat.Conversation) string {
	if c.Kind == chat.Direct && c.Peer == c.Viewer {
		return l.T("Your notes")
	}
	return l.UserName(c.Name)
}
