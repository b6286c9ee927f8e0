package views

import "charla/chat"

// flushTriggers is the htmx trigger of the form that posts the oldest message in the send queue. It posts when a
// message becomes the oldest, when the connection may be back, and every 10 seconds. hasQueuedFilter limits most of
// these events to a queue that is not empty.
const (
	hasQueuedFilter = `[this.dataset.waits]`
	flushTriggers   = `send, load` + hasQueuedFilter + `, online` + hasQueuedFilter +
		` from:window, htmx:sse:after:connection` + hasQueuedFilter + ` from:body, every 10s` + hasQueuedFilter
)

// sendErrorSwap is the htmx setting that shows the error of a queued message below the conversation.
const sendErrorSwap = "target:#" + idSendError + " swap:innerHTML"

// inConversation returns a CSS selector that matches what selector matches, but only on a page on which the
// conversation p is open.
func inConversation(p chat.ConversationRef, selector string) string {
	return "[data-place=" + conversationID(p) + "] " + selector
}
