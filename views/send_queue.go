package views

import "charla/chat"

// The outbox belongs to the app, not to a conversation: what was sent goes out whatever is open. Each message waits in a
// place of its own in localStorage, so that two tabs, which share that, never write over each other's words.
//
// In the outbox q are the names of what waits, oldest first, and e is what those places begin with; sent is what was handed
// over last, asked is what the server was asked to take last, go tells that it took one, and why says whose text came back.
// Each line of it has m, the message that waits, or nothing once it left: its key k, its body b, the draft s that it grew
// out of, its place p and the name n of that, and the numbers f of its files and what those are called, l; it is mine in the
// tab that it was handed over in.
const (
	xSendQueue = `{ store: $el.dataset.store, e: $el.dataset.store + '-sent-', q: $persist([]).as($el.dataset.store + '-outbox'),
		sent: {}, asked: '', go: true, why: '' }`
	xEnqueue       = `[sent = $event.detail, q.push(sent.id)]`
	xQueuedMessage = `{ m: $persist(sent.id === id ? sent : undefined).as(e + id), mine: sent.id === id, back: false }`

	// xRemoveFromQueue is an effect of its own because a line that left together with its m would not live to tell the browser.
	xRemoveFromQueue = `m || q.includes(id) && q.splice(q.indexOf(id), 1)`

	// What another tab sends shows here too, and goes from here if that tab is closed; what it took back or sent, leaves.
	xQueuedElsewhere = `($event.key || '').startsWith(e) && $event.newValue && !q.includes($event.key.replace(e, '')) &&
		[go = false, q.push($event.key.replace(e, ''))]`
	xRemovedElsewhere = `$event.key === e + id && !$event.newValue && (m = undefined)`

	// The oldest alone is in the form. It is sent when it becomes that, when the connection may be back, and now and then. An
	// answer that was lost is asked for again under the same key, which is not enough to know a message by: two tabs may
	// have given one key to two texts.
	xIsOldest        = `m && q[0] === id`
	xSend            = `m.k && (mine || go) && [go = false, $dispatch('send')]`
	hasQueuedFilter  = `[this.dataset.waits]`
	flushTriggers    = `send, load` + hasQueuedFilter + `, online` + hasQueuedFilter + ` from:window, htmx:sse:after:connection` + hasQueuedFilter + ` from:body, every 10s` + hasQueuedFilter
	xAnnouncePosted  = `$dispatch('arrived', $el.dataset.key)`
	xRememberSent    = `asked = $event.detail.ctx.request.body.get('id')`
	xConfirmDelivery = `m && asked === id && m.k === $event.detail && [go = true, why = '', $dispatch('delivered', m), m = undefined]`

	// xHandleSendError gives a key that belongs to another message up for a new one, and a text that the server does not take back
	// to its author. The rest is tried again: who is signed out may sign in, and a server that is busy or broken recovers.
	xHandleSendError = `m && asked === id && $event.target.contains($el) && (
		` + xStatus + ` === 409 ? [m.k = m.k + '+', go = true]
			: ` + xStatus + ` < 500 && ` + xStatus + ` !== 401 && ` + xStatus + ` !== 429 && [why = m.n + ':', ` + xReturnText + `])`

	// xReturnText offers the text to the box that is open, which empties b; otherwise xPrependToDraft puts it where the box of its
	// conversation will find it.
	xReturnText     = `[$dispatch('giveback', m), m.b ? back = true : [go = true, m = undefined]]`
	xStoredDraft    = `{ w: ` + xPersistedDraft + `.as(store + '-' + m.p) }`
	xPrependToDraft = `[w.d = m.b + (w.d && '\n' + w.d), go = true, m = undefined]`
	xForgetQueued   = `m = undefined`

	// The files of what waits are still in the box as far as the server knows: their chips there ask, and are told.
	xAnnounceFiles   = `m && $dispatch('claimed', m.f || [])`
	xAnswerFileQuery = `m && (m.f || []).includes($event.detail.id) && ($event.detail.out = true)`
	// xServerUnreachable is true once the server did not answer. A stream that is merely cut is back before anybody misses it, and Firefox
	// cuts it as soon as one follows a link, long before the next page is there.
	xServerUnreachable = `away = away || $event.detail.connection && $event.detail.connection.attempt > 0`
)

// sendErrorSwap shows why a message was refused, whatever is open.
const sendErrorSwap = "target:#" + idSendError + " swap:innerHTML"

// inConversation narrows a selector to a conversation, where that is the open one.
func inConversation(p chat.ConversationRef, selector string) string {
	return "[data-place=" + conversationID(p) + "] " + selector
}
