package views

import (
	"charla/chat"
	"charla/emoji"
)

// The Alpine expressions of the composer. The CSP build of Alpine has neither statements nor functions, so an array
// performs several actions in order.
//
// The model w is stored in the browser: d is the text in the composer, s the draft that the server has, t the time of
// the last keystroke by the server's clock, and o another draft. The rest belongs to this page: k is the key of the
// next message, n numbers the keys after it, and z is the difference between the clocks of the server and the
// browser.
const (
	xPersistedDraft = `$persist({ d: '', s: '', o: '', t: 0 })`
	xComposerModel  = `{ w: ` + xPersistedDraft + `.as($el.dataset.store), k: $el.dataset.key, n: 0, z: 0, ` + xUploadsModel + ` }`

	// xMergeDraft takes over the draft of the server if that has changed. If the user typed something else in this
	// browser, the newer text is kept in the composer, and the older one is offered as the other draft unless the
	// newer one begins with it.
	xMergeDraft = `w.s === $el.dataset.text || [
		w.d === '' || w.d === w.s || w.d === $el.dataset.text ? w.d = $el.dataset.text
			: w.t > $el.dataset.at ? w.d.startsWith($el.dataset.text) || (w.o = (w.o && w.o + '\n\n') + $el.dataset.text)
			: [w.o = (w.o && w.o + '\n\n') + w.d, w.d = $el.dataset.text],
		w.s = $el.dataset.text]`
	xSyncClock = `z = $el.dataset.now - $event.timeStamp`
	xNextKey   = `$root.dataset.fresh + '-' + n`

	xMarkTyped   = `w.t = z + $event.timeStamp`
	xDraftSaved  = `$event.detail.ctx.response.status === 204 && (w.s = $event.detail.ctx.request.body.get('body'))`
	xRenewKey    = xStatus + ` === 409 && [n++, k = ` + xNextKey + `, $dispatch('input', w.d)]`
	xCaretToEnd  = `$el.setSelectionRange($el.value.length, $el.value.length)`
	xSetText     = `w.d = $el.dataset.text`
	xEmojiPicked = `$dispatch('picked', $el.dataset.text)`
	xInsertEmoji = `[$el.setRangeText($event.detail, $el.selectionStart, $el.selectionEnd, 'end'), w.d = $el.value, $el.focus()]`

	// xSubmit passes the text to the send queue (send_queue.go); the attachments add themselves (attachments.go). If
	// the server rejects the message, xRestoreText puts the text back, with its key into an empty composer. While
	// files are uploading, xSubmit waits for them.
	xSubmit = `busy ? later = true : (w.d.trim() || $root.querySelector(` + attachedSelector + `)) && [
		$dispatch('handover', { id: ` + xNextKey + `, k: k, b: w.d, s: w.s, p: $root.dataset.place, n: $root.dataset.name, f: [], l: '' }),
		w.d = '', n++, k = ` + xNextKey + `]`
	xRestoreText = `$event.detail.p === $el.dataset.place && [
		w.d === '' && (k = $event.detail.k), w.d = $event.detail.b + ($event.detail.b && w.d && '\n') + w.d, $event.detail.b = '']`
	xDelivered = `$event.detail.p === $el.dataset.place && w.s === $event.detail.s && (w.s = '')`

	xStatus        = `$event.detail.ctx.response.status`
	xSwapDrafts    = `w.o = [w.d, w.d = w.o][0]`
	xDraftReplaced = `[w.s = $el.dataset.kept, w.o = (w.o && w.o + '\n\n') + $el.dataset.other]`
	xForgetDraft   = `w = undefined`
)

// composerErrorSwap shows an error below the composer.
const composerErrorSwap = "target:#" + idComposerError + " swap:innerHTML"

// storagePrefix returns how the localStorage keys of a user begin. Two users of one browser do not see each other's
// drafts.
func storagePrefix(person int64) string { return "charla-" + formatInt(person) }

// storageKey returns the localStorage key of the draft in a conversation.
func storageKey(person int64, p chat.ConversationRef) string {
	return storagePrefix(person) + "-" + conversationID(p)
}

// millis converts a timestamp to milliseconds, as the clock of a browser counts.
func millis(at chat.Timestamp) string { return formatInt(int64(at) / 1000) }

// label names the composer for screen readers.
func (c Composer) label(l Locale) string {
	if c.Conversation.Room != 0 {
		return l.T("Message %s", c.ConversationName)
	}
	return l.T("Write a message to %s", c.ConversationName)
}

// placeholder is the text of the empty composer.
func (c Composer) placeholder(l Locale) string {
	if c.Conversation.Room != 0 {
		return l.T("Message %s…", c.ConversationName)
	}
	return l.T("Write to %s…", c.ConversationName)
}

// Composer is the form for a new message. Body is the saved draft or, together with Error, the text of a rejected
// message.
type Composer struct {
	UserID           int64 // author, for the localStorage keys; 0 if not signed in
	Conversation     chat.ConversationRef
	ConversationName string // name of the room or of the other user
	Key              string // idempotency key of the next message
	KeyPrefix        string // prefix of the keys that the page makes for later messages
	Body             string
	SavedDraft       string         // draft as the server stores it
	DraftSavedAt     chat.Timestamp // when SavedDraft was saved
	ServerTime       chat.Timestamp // time at which the page is rendered
	ReplaceText      bool           // whether Body replaces the text that the browser stores
	Error            *chat.Error

	Attachments   []chat.File    // uploaded for the next message
	RejectedFiles []RejectedFile // rejected by the last upload
	FileLimits    chat.FileLimits

	Mistyped []MistypedShortcode // unknown shortcodes in the message that was just sent
}

// MistypedShortcode is an unknown shortcode with the emoji that it may mean.
type MistypedShortcode struct {
	Name        string // without colons
	Suggestions []emoji.Suggestion
}
