package views

import (
	"charla/chat"
	"charla/emoji"
)

// What the browser keeps of a conversation while it has no connection stands in attributes, in the small language of
// Alpine's CSP build, which knows neither statements nor functions: a list does one thing after the other.
//
// The model w outlives the tab: d is the text in the box, s the draft that the server is known to have, t when d was last
// typed by the server's clock, o another draft. Beside it, for this page alone: k is the key of d, n makes the next ones,
// z is what the browser's clock lacks to the server's.
const (
	xPersistedDraft = `$persist({ d: '', s: '', o: '', t: 0 })`
	xComposerModel  = `{ w: ` + xPersistedDraft + `.as($el.dataset.store), k: $el.dataset.key, n: 0, z: 0, ` + xUploadsModel + ` }`

	// xMergeDraft takes the server's draft where it changed since this browser last knew it. What was typed here meanwhile goes
	// on if it is newer; the older one is offered, unless it lives on in the newer.
	xMergeDraft = `w.s === $el.dataset.text || [
		w.d === '' || w.d === w.s || w.d === $el.dataset.text ? w.d = $el.dataset.text
			: w.t > $el.dataset.at ? w.d.startsWith($el.dataset.text) || (w.o = (w.o && w.o + '\n\n') + $el.dataset.text)
			: [w.o = (w.o && w.o + '\n\n') + w.d, w.d = $el.dataset.text],
		w.s = $el.dataset.text]`
	xSyncClock = `z = $el.dataset.now - $event.timeStamp`
	xNextKey   = `$root.dataset.fresh + '-' + n`

	// xSendOnEnter sends, but Shift+Enter makes a new line, and so does Enter where fingers type, who have no Shift; the Enter that
	// ends a word in an input method is none of ours. What is shown only to fingers tells, as no expression may ask for a medium.
	xSendOnEnter = xOnEnter + `$el.form.requestSubmit()]`
	xOnEnter     = `$event.shiftKey || $event.isComposing || $el.form.querySelector('.touch-probe').checkVisibility() || [$event.preventDefault(), `
	xMarkTyped   = `w.t = z + $event.timeStamp`
	xDraftSaved  = `$event.detail.ctx.response.status === 204 && (w.s = $event.detail.ctx.request.body.get('body'))`
	xRenewKey    = xStatus + ` === 409 && [n++, k = ` + xNextKey + `, $dispatch('input', w.d)]`
	xCaretToEnd  = `$el.setSelectionRange($el.value.length, $el.value.length)`
	xSetText     = `w.d = $el.dataset.text`
	xEmojiPicked = `$dispatch('picked', $el.dataset.text)`
	xInsertEmoji = `[$el.setRangeText($event.detail, $el.selectionStart, $el.selectionEnd, 'end'), w.d = $el.value, $el.focus()]`

	// xSubmit hands the text over to the outbox, see outbox.go, and the files that wait put themselves in, see chips.go. From
	// there it comes back by xRestoreText, into an empty box with its key, because it may have arrived all the same; or it has
	// arrived, and then the server forgot the draft of it. While files are still coming it waits for them.
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

// composerErrorSwap shows why a message was refused.
const composerErrorSwap = "target:#" + idComposerError + " swap:innerHTML"

// storagePrefix begins the names under which the browser keeps what a person wrote: two people at one machine share nothing.
func storagePrefix(person int64) string { return "charla-" + formatInt(person) }

// storageKey is where the browser keeps what a person wrote in a place.
func storageKey(person int64, p chat.ConversationRef) string {
	return storagePrefix(person) + "-" + conversationID(p)
}

// millis is an instant as the clock of a browser counts.
func millis(at chat.Timestamp) string { return formatInt(int64(at) / 1000) }

// label names the box for those who cannot see where it stands.
func (c Composer) label(l Locale) string {
	if c.Conversation.Room != 0 {
		return l.T("Message %s", c.ConversationName)
	}
	return l.T("Write a message to %s", c.ConversationName)
}

// placeholder says what the box is for.
func (c Composer) placeholder(l Locale) string {
	if c.Conversation.Room != 0 {
		return l.T("Message %s…", c.ConversationName)
	}
	return l.T("Write to %s…", c.ConversationName)
}

// Composer is the box for writing. Body is a draft, or comes back with Error after a refusal.
type Composer struct {
	UserID           int64 // whose it is
	Conversation     chat.ConversationRef
	ConversationName string // whom it goes to
	Key              string // names the next message
	KeyPrefix        string // makes the keys of those after it
	Body             string
	SavedDraft       string         // the draft that the server has
	DraftSavedAt     chat.Timestamp // when that was kept
	ServerTime       chat.Timestamp // the time of the server
	ReplaceText      bool           // Body replaces what the browser holds of its own
	Error            *chat.Error

	Attachments   []chat.File    // that wait to go with the next message
	RejectedFiles []RejectedFile // that do not, after they were sent
	FileLimits    chat.FileLimits

	MistypedShortcode string             // a mistyped shortcode in the message sent last, which stayed as it was typed
	Suggestions       []emoji.Suggestion // what it may have meant
}
