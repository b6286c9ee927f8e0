package views

import "charla/chat"

// flushTriggers are the events at which the send queue sends its oldest message. Only that message is in the form. It
// is sent when it becomes the oldest, when the connection may be back, and every 10 seconds.
const (
	hasQueuedFilter = `[this.dataset.waits]`
	flushTriggers   = `send, load` + hasQueuedFilter + `, online` + hasQueuedFilter +
		` from:window, htmx:sse:after:connection` + hasQueuedFilter + ` from:body, every 10s` + hasQueuedFilter
)

// sendErrorSwap shows the error of a queued message below the conversation.
const sendErrorSwap = "target:#" + idSendError + " swap:innerHTML"

// inConversation limits a selector to the open conversation if that is p.
func inConversation(p chat.ConversationRef, selector string) string {
	return "[data-place=" + conversationID(p) + "] " + selector
}
