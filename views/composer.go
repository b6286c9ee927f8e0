package views

import (
	"charla/chat"
)

// What the browser keeps of a conversation while it has no connection stands in attributes, in the small language of
// Alpine's CSP build, which knows neither statements nor functions: a list does one thing after the other.
//
// The model w outlives the tab: d is the text in the box, s the draft that the server is known to have, t when d was last
// typed by the server's clock, o another draft. Beside it, for this page alone: k is the key of d, n makes the next ones,
// z is what the browser's clock lacks to the server's.
const (
	xKeep  = `$persist({ d: '', s: '', o: '', t: 0 })`
	xModel = `{ w: ` + xKeep + `.as($el.dataset.store), k: $el.dataset.key, n: 0, z: 0, ` + xFilesModel + ` }`

	// xMerge takes the server's draft where it changed since this browser last knew it. What was typed here meanwhile goes
	// on if it is newer; the older one is offered, unless it lives on in the newer.
	xMerge = `w.s === $el.dataset.text || [
		w.d === '' || w.d === w.s || w.d === $el.dataset.text ? w.d = $el.dataset.text
			: w.t > $el.dataset.at ? w.d.startsWith($el.dataset.text) || (w.o = (w.o && w.o + '\n\n') + $el.dataset.text)
			: [w.o = (w.o && w.o + '\n\n') + w.d, w.d = $el.dataset.text],
		w.s = $el.dataset.text]`
	xSetClock = `z = $el.dataset.now - $event.timeStamp`
	xNextKey  = `$root.dataset.fresh + '-' + n`

	// xEnter sends, but Shift+Enter makes a new line, and so does Enter where fingers type, who have no Shift; the Enter that
	// ends a word in an input method is none of ours. What is shown only to fingers tells, as no expression may ask for a medium.
	xEnter    = xEnterKey + `$el.form.requestSubmit()]`
	xEnterKey = `$event.shiftKey || $event.isComposing || $el.form.querySelector('.fingers').checkVisibility() || [$event.preventDefault(), `
	xTyped    = `w.t = z + $event.timeStamp`
	xKept     = `$event.detail.ctx.response.status === 204 && (w.s = $event.detail.ctx.request.body.get('body'))`
	xNewKey   = xStatus + ` === 409 && [n++, k = ` + xNextKey + `, $dispatch('input', w.d)]`
	xCaret    = `$el.setSelectionRange($el.value.length, $el.value.length)`
	xSetText  = `w.d = $el.dataset.text`
	xPicked   = `$dispatch('picked', $el.dataset.text)`
	xInsert   = `[$el.setRangeText($event.detail, $el.selectionStart, $el.selectionEnd, 'end'), w.d = $el.value, $el.focus()]`

	// xSubmit hands the text over to the outbox, see outbox.go, and the files that wait put themselves in, see chips.go. From
	// there it comes back by xTakeBack, into an empty box with its key, because it may have arrived all the same; or it has
	// arrived, and then the server forgot the draft of it. While files are still coming it waits for them.
	xSubmit = `busy ? later = true : (w.d.trim() || $root.querySelector(` + chipsHere + `)) && [
		$dispatch('handover', { id: ` + xNextKey + `, k: k, b: w.d, s: w.s, p: $root.dataset.place, n: $root.dataset.name, f: [], l: '' }),
		w.d = '', n++, k = ` + xNextKey + `]`
	xTakeBack = `$event.detail.p === $el.dataset.place && [
		w.d === '' && (k = $event.detail.k), w.d = $event.detail.b + ($event.detail.b && w.d && '\n') + w.d, $event.detail.b = '']`
	xDelivered = `$event.detail.p === $el.dataset.place && w.s === $event.detail.s && (w.s = '')`

	xStatus   = `$event.detail.ctx.response.status`
	xUseOther = `w.o = [w.d, w.d = w.o][0]`
	xReplaced = `[w.s = $el.dataset.kept, w.o = (w.o && w.o + '\n\n') + $el.dataset.other]`
	xForget   = `w = undefined`
)

// whyNotSent shows why a message was refused.
const whyNotSent = "target:#" + idErr + " swap:innerHTML"

// storeOf begins the names under which the browser keeps what a person wrote: two people at one machine share nothing.
func storeOf(person int64) string { return "charla-" + number(person) }

// storeName is where the browser keeps what a person wrote in a place.
func storeName(person int64, p chat.Place) string { return storeOf(person) + "-" + rowID(p) }

// millis is an instant as the clock of a browser counts.
func millis(at chat.Micros) string { return number(int64(at) / 1000) }

// label names the box for those who cannot see where it stands.
func (c Composer) label(l Locale) string {
	if c.Place.Room != 0 {
		return l.T("Message in %s", c.Name)
	}
	return l.T("Message to %s", c.Name)
}

// placeholder says what the box is for.
func (c Composer) placeholder(l Locale) string {
	if c.Place.Room != 0 {
		return l.T("Write in %s…", c.Name)
	}
	return l.T("Write to %s…", c.Name)
}
