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
	xUploadsModel = `coming: [], busy: 0, current: '', later: false, turn: 0, over: false`

	// xAddFiles takes the files of a list one by one: the language knows no loop, but an event may lead to the next.
	xAddFiles = `$event.detail.i < $event.detail.l.length && [
		turn++,
		coming.push({ i: $el.dataset.fresh + '-' + turn, f: $event.detail.l[$event.detail.i], out: false, n: $event.detail.l[$event.detail.i].name, w: ` + xRejectReason + ` }),
		coming[coming.length - 1].w || ` + xStartUpload + `,
		$dispatch('files', { l: $event.detail.l, i: $event.detail.i + 1 })]`
	xRejectReason = `$event.detail.l[$event.detail.i].size > $el.dataset.most ? $el.dataset.large
		: $el.querySelectorAll(` + attachedSelector + `).length + busy >= $el.dataset.many ? $el.dataset.full : ''`
	xStartUpload     = `[busy++, $dispatch('upload', coming[coming.length - 1])]`
	attachedSelector = `'.attachment--ready:not([hidden])'`

	xFilesChosen    = `$dispatch('files', { l: $el.files, i: 0 })`
	xClearFileInput = `[turn, ''][1]` // the field is empty again after each turn
	xPasteFiles     = `$event.clipboardData.files.length && !$event.clipboardData.getData('text/plain') &&
		[$event.preventDefault(), $dispatch('files', { l: $event.clipboardData.files, i: 0 })]`
	xDragOver  = `$event.dataTransfer.types.includes('Files') && [$event.preventDefault(), over = true]`
	xDragLeave = `$event.relatedTarget || (over = false)`
	xDropFiles = `over && [$event.preventDefault(), over = false, $dispatch('files', { l: $event.dataTransfer.files, i: 0 })]`

	// A request is made of the one that is to come, unless it was taken out while it stood in the queue.
	xUpload            = `$event.detail.ctx.sourceEvent.detail`
	xFillUploadRequest = `[$event.detail.ctx.request.body.append('upload', ` + xUpload + `.i), $event.detail.ctx.request.body.append('file', ` + xUpload + `.f)]`
	xBeforeUpload      = `coming.includes(` + xUpload + `) ? current = ` + xUpload + `.i : $event.preventDefault()`
	xAfterUpload       = `[busy--, current = '',
		!` + xUpload + `.out && coming.includes(` + xUpload + `) && ($event.detail.ctx.response && ` + xStatus + ` < 400 ? coming.splice(coming.indexOf(` + xUpload + `), 1) : ` + xUpload + `.w = $root.dataset.lost),
		$dispatch('settled')]`
	xAbortUpload = `$dispatch('htmx:abort')`

	// What was to be sent with files goes when all are here, and not when one of them is not.
	xUploadsSettled = `later && !busy && [later = false, $el.querySelector('.attachment--failed') || $el.querySelector('form').requestSubmit()]`

	// What is given up on its way may be there already: its chip stays, out of sight, until the stream tells.
	xCancelUpload = `current === e.i ? [e.out = true, $dispatch('takeout')] : coming.splice(coming.indexOf(e), 1)`
	xUploadClass  = `e.out ? 'attachment--canceled' : e.w && 'attachment--failed'`
	xRetryUpload  = `e.w === $root.dataset.lost && [e.w = '', busy++, $dispatch('upload', e)]`

	// What is on a line was sent: by another tab, or while this page was on its way.
	xRemoveIfPosted = `$el.closest('.conversation') && $el.closest('.conversation').querySelector('.message a[href="/files/' + c.id + '"]') && $el.remove()`

	// A file that waits is c in its chip. It is out while a message that it goes with stands in the outbox, which is asked, and
	// which tells.
	xAttachmentModel = `{ c: { id: $el.dataset.file, out: false }, alt: $el.dataset.alt }`
	xInitAttachment  = `[$dispatch('chosen', c), ` + xRemoveIfPosted + `]`
	xHandOverFile    = `c.out || [$event.detail.f.push(c.id), $event.detail.l = ($event.detail.l && $event.detail.l + ', ') + $el.dataset.name, c.out = true]`
	xFileQueued      = `$event.detail.includes(c.id) && (c.out = true)`
	xFileReturned    = `($event.detail.f || []).includes(c.id) && (c.out = false)`
	xFileSent        = `($event.detail.f || []).includes(c.id) && $el.remove()`
	xFocusFileInput  = `$el.closest('.composer-area').querySelector('[type=file]').focus()`
)

// limitsText says what may be sent.
func (c Composer) limitsText(l Locale) string {
	return l.T("Up to %d files, %d MB each", c.FileLimits.FilesPerMessage, c.FileLimits.FileBytes>>20)
}

// tooLargeText and tooManyText are what the server would say.
func (c Composer) tooLargeText(l Locale) string {
	return l.T("A file has at most %d MB.", c.FileLimits.FileBytes>>20)
}

func (c Composer) tooManyText(l Locale) string {
	return l.T("A message takes at most %d files.", c.FileLimits.FilesPerMessage)
}

// uploadURL takes files into the box for a place.
func uploadURL(p chat.ConversationRef) string { return "/files?" + conversationQuery(p) }

// attachmentsExcept selects the chips of all files but some.
func attachmentsExcept(list []chat.File) string {
	all := byID(idAttachments) + " .attachment"
	for _, f := range list {
		all += ":not(" + byID(attachmentID(f.ID)) + ")"
	}
	return all
}

// attachmentListWithout selects the list of files where one is not in it, nor on its way from this page by the name of its upload.
func attachmentListWithout(f chat.File, upload string) string {
	list := byID(idAttachments) + ":not(:has(" + byID(attachmentID(f.ID)) + "))"
	if upload == "" {
		return list
	}
	return ".attachment-tray:not(:has(" + byID(uploadID(upload)) + ")) > " + list
}

// canceledUpload selects what stays of an upload on the page that gave it up.
func canceledUpload(upload string) string { return ".attachment--canceled " + byID(uploadID(upload)) }

// altFieldName is the field for what a file shows: the form of the box has one for each of its pictures.
func altFieldName(file int64) string { return "alt-" + formatInt(file) }

// uploadID is the id of where the progress of an upload shows. What a page chose that is none of ours leads nowhere.
func uploadID(upload string) string {
	return "upload-" + strings.Map(func(r rune) rune {
		if r == '-' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' {
			return r
		}
		return '_'
	}, upload)
}

// percent is how much of a file has come.
func percent(u chat.UploadProgress) int64 { return min(100, 100*u.Received/max(1, u.Total)) }

// RejectedFile is a file that did not come to wait, and why.
type RejectedFile struct {
	Name  string
	Error *chat.Error
}

// deleteFileURL forgets a file that waits.
func deleteFileURL(id int64) string { return FileURL(id, chat.VariantOriginal) + "/delete" }
