package views

import "charla/chat"

// The send queue belongs to the page, not to a conversation: queued messages are sent whatever is open. Each queued
// message has its own localStorage key, so that two tabs do not overwrite each other's texts.
//
// In the model, q lists the ids of the queued messages, oldest first, and e is the prefix of their localStorage keys.
// sent is the message that was queued last, asked the id of the one that was sent last, go is true when the server
// has accepted it, and why names the conversation of a rejected message. Each entry has m, the message: its key k,
// body b, base draft s, conversation p with its name n, and its files f with their names l. mine is true in the tab
// that queued it.
const (
	xSendQueue = `{ store: $el.dataset.store, e: $el.dataset.store + '-sent-', q: $persist([]).as($el.dataset.store + '-outbox'),
		sent: {}, asked: '', go: true, why: '' }`
	xEnqueue       = `[sent = $event.detail, q.push(sent.id)]`
	xQueuedMessage = `{ m: $persist(sent.id === id ? sent : undefined).as(e + id), mine: sent.id === id, back: false }`

	// xRemoveFromQueue is an effect of its own, because an entry that disappears together with m could not update
	// localStorage any more.
	xRemoveFromQueue = `m || q.includes(id) && q.splice(q.indexOf(id), 1)`

	// Messages that another tab queued are shown here too, and sent from here if that tab is closed. They disappear
	// when the other tab has sent or canceled them.
	xQueuedElsewhere = `($event.key || '').startsWith(e) && $event.newValue && !q.includes($event.key.replace(e, '')) &&
		[go = false, q.push($event.key.replace(e, ''))]`
	xRemovedElsewhere = `$event.key === e + id && !$event.newValue && (m = undefined)`

	// Only the oldest message is in the form. It is sent when it becomes the oldest, when the connection may be back,
	// and every 10 seconds. After a lost response it is sent again with the same key. The key alone does not identify
	// a message, because two tabs may have used one key for two texts.
	xIsOldest        = `m && q[0] === id`
	xSend            = `m.k && (mine || go) && [go = false, $dispatch('send')]`
	hasQueuedFilter  = `[this.dataset.waits]`
	flushTriggers    = `send, load` + hasQueuedFilter + `, online` + hasQueuedFilter + ` from:window, htmx:sse:after:connection` + hasQueuedFilter + ` from:body, every 10s` + hasQueuedFilter
	xAnnouncePosted  = `$dispatch('arrived', $el.dataset.key)`
	xRememberSent    = `asked = $event.detail.ctx.request.body.get('id')`
	xConfirmDelivery = `m && asked === id && m.k === $event.detail && [go = true, why = '', $dispatch('delivered', m), m = undefined]`

	// xHandleSendError changes the key if it belongs to another message, and returns a rejected text to the author.
	// Other errors are temporary, so the message is sent again: the user may sign in, and the server may recover.
	xHandleSendError = `m && asked === id && $event.target.contains($el) && (
		` + xStatus + ` === 409 ? [m.k = m.k + '+', go = true]
			: ` + xStatus + ` < 500 && ` + xStatus + ` !== 401 && ` + xStatus + ` !== 429 && [why = m.n + ':', ` + xReturnText + `])`

	// xReturnText offers the text to the open composer, which empties b. If no composer takes it, xPrependToDraft
	// adds it to the stored draft of its conversation.
	xReturnText     = `[$dispatch('giveback', m), m.b ? back = true : [go = true, m = undefined]]`
	xStoredDraft    = `{ w: ` + xPersistedDraft + `.as(store + '-' + m.p) }`
	xPrependToDraft = `[w.d = m.b + (w.d && '\n' + w.d), go = true, m = undefined]`
	xForgetQueued   = `m = undefined`

	// On the server, the files of a queued message still belong to the composer. Their chips ask the send queue
	// which files it has, and the send queue announces every change.
	xAnnounceFiles   = `m && $dispatch('claimed', m.f || [])`
	xAnswerFileQuery = `m && (m.f || []).includes($event.detail.id) && ($event.detail.out = true)`
	// xServerUnreachable is true after a failed reconnection. A single interruption is not shown, because it is
	// usually over at once, and Firefox closes the stream as soon as the user follows a link.
	xServerUnreachable = `away = away || $event.detail.connection && $event.detail.connection.attempt > 0`
)

// sendErrorSwap shows the error of a queued message below the conversation.
const sendErrorSwap = "target:#" + idSendError + " swap:innerHTML"

// inConversation limits a selector to the open conversation if that is p.
func inConversation(p chat.ConversationRef, selector string) string {
	return "[data-place=" + conversationID(p) + "] " + selector
}
