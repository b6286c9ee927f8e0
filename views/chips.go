package views

import (
	"strings"

	"charla/chat"
)

// What is chosen in the box goes to the server at once, one file after the other, and waits there. In Alpine's language:
// coming are those under way, each with its name n, its file f, and an id i by which the stream tells how much of it has
// arrived; w says why one did not. busy counts those that still may, current is the one that goes now, later tells that Send
// was pressed meanwhile, out that one was given up, turn counts choices, and over tells that files are dragged over the window.
const (
	xFilesModel = `coming: [], busy: 0, current: '', later: false, turn: 0, over: false`

	// xTake takes the files of a list one by one: the language knows no loop, but an event may lead to the next.
	xTake = `$event.detail.i < $event.detail.l.length && [
		turn++,
		coming.push({ i: $el.dataset.fresh + '-' + turn, f: $event.detail.l[$event.detail.i], out: false, n: $event.detail.l[$event.detail.i].name, w: ` + xWhyNot + ` }),
		coming[coming.length - 1].w || ` + xBegin + `,
		$dispatch('files', { l: $event.detail.l, i: $event.detail.i + 1 })]`
	xWhyNot = `$event.detail.l[$event.detail.i].size > $el.dataset.most ? $el.dataset.large
		: $el.querySelectorAll(` + chipsHere + `).length + busy >= $el.dataset.many ? $el.dataset.full : ''`
	xBegin    = `[busy++, $dispatch('upload', coming[coming.length - 1])]`
	chipsHere = `'.chip--here:not([hidden])'`

	xChosen = `$dispatch('files', { l: $el.files, i: 0 })`
	xEmpty  = `[turn, ''][1]` // the field is empty again after each turn
	xPaste  = `$event.clipboardData.files.length && !$event.clipboardData.getData('text/plain') &&
		[$event.preventDefault(), $dispatch('files', { l: $event.clipboardData.files, i: 0 })]`
	xDragged = `$event.dataTransfer.types.includes('Files') && [$event.preventDefault(), over = true]`
	xLeft    = `$event.relatedTarget || (over = false)`
	xDropped = `over && [$event.preventDefault(), over = false, $dispatch('files', { l: $event.dataTransfer.files, i: 0 })]`

	// A request is made of the one that is to come, unless it was taken out while it stood in the queue.
	xIt     = `$event.detail.ctx.sourceEvent.detail`
	xAttach = `[$event.detail.ctx.request.body.append('upload', ` + xIt + `.i), $event.detail.ctx.request.body.append('file', ` + xIt + `.f)]`
	xGoing  = `coming.includes(` + xIt + `) ? current = ` + xIt + `.i : $event.preventDefault()`
	xWent   = `[busy--, current = '',
		!` + xIt + `.out && coming.includes(` + xIt + `) && ($event.detail.ctx.response && ` + xStatus + ` < 400 ? coming.splice(coming.indexOf(` + xIt + `), 1) : ` + xIt + `.w = $root.dataset.lost),
		$dispatch('settled')]`
	xAbort = `$dispatch('htmx:abort')`

	// What was to be sent with files goes when all are here, and not when one of them is not.
	xSettled = `later && !busy && [later = false, $el.querySelector('.chip--failed') || $el.querySelector('form').requestSubmit()]`

	// What is given up on its way may be there already: its chip stays, out of sight, until the stream tells.
	xTakeOut = `current === e.i ? [e.out = true, $dispatch('takeout')] : coming.splice(coming.indexOf(e), 1)`
	xHow     = `e.out ? 'chip--out' : e.w && 'chip--failed'`
	xRetry   = `e.w === $root.dataset.lost && [e.w = '', busy++, $dispatch('upload', e)]`

	// What is on a line was sent: by another tab, or while this page was on its way.
	xIsShown = `$el.closest('.conv') && $el.closest('.conv').querySelector('.message a[href="/files/' + c.id + '"]') && $el.remove()`

	// A file that waits is c in its chip. It is out while a message that it goes with stands in the outbox, which is asked, and
	// which tells.
	xChip     = `{ c: { id: $el.dataset.file, out: false }, alt: $el.dataset.alt }`
	xAsk      = `[$dispatch('chosen', c), ` + xIsShown + `]`
	xGoes     = `c.out || [$event.detail.f.push(c.id), $event.detail.l = ($event.detail.l && $event.detail.l + ', ') + $el.dataset.name, c.out = true]`
	xClaimed  = `$event.detail.includes(c.id) && (c.out = true)`
	xComeBack = `($event.detail.f || []).includes(c.id) && (c.out = false)`
	xIsSent   = `($event.detail.f || []).includes(c.id) && $el.remove()`
	xRemoved  = `$el.closest('.writing').querySelector('[type=file]').focus()`
)

// limits says what may be sent.
func (c Composer) limits(l Locale) string {
	return l.T("Up to %d files, %d MB each", c.Limits.Message, c.Limits.Size>>20)
}

// tooLarge and tooMany are what the server would say.
func (c Composer) tooLarge(l Locale) string {
	return l.T("A file has at most %d MB.", c.Limits.Size>>20)
}

func (c Composer) tooMany(l Locale) string {
	return l.T("A message takes at most %d files.", c.Limits.Message)
}

// filesURL takes files into the box for a place.
func filesURL(p chat.Place) string { return "/files?" + query(p) }

// chipsBut selects the chips of all files but some.
func chipsBut(list []chat.File) string {
	all := at(idFiles) + " .chip"
	for _, f := range list {
		all += ":not(" + at(chipID(f.ID)) + ")"
	}
	return all
}

// boxWithout selects the list of files where one is not in it, nor on its way from this page by the name of its upload.
func boxWithout(f chat.File, upload string) string {
	list := at(idFiles) + ":not(:has(" + at(chipID(f.ID)) + "))"
	if upload == "" {
		return list
	}
	return ".tray:not(:has(" + at(uploadID(upload)) + ")) > " + list
}

// givenUp selects what stays of an upload on the page that gave it up.
func givenUp(upload string) string { return ".chip--out " + at(uploadID(upload)) }

// altField is the field for what a file shows: the form of the box has one for each of its pictures.
func altField(file int64) string { return "alt-" + number(file) }

// uploadID is the id of where the progress of an upload shows. What a page chose that is none of ours leads nowhere.
func uploadID(upload string) string {
	return "up-" + strings.Map(func(r rune) rune {
		if r == '-' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' {
			return r
		}
		return '_'
	}, upload)
}

// percent is how much of a file has come.
func percent(u chat.Uploading) int64 { return min(100, 100*u.Received/max(1, u.Total)) }
