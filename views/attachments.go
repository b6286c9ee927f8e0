package views

import (
	"strings"

	"charla/chat"
)

// Chosen files are uploaded at once, one after the other. These Alpine expressions keep the uploads that are not
// finished in the list coming. Each has its name n, its file f, the upload id i under which the stream reports
// progress, the error w, and the flag out after the user canceled it. busy counts unfinished uploads, current is the
// id of the running one, later is true while Send waits for uploads, turn numbers the files, and over is true while
// files are dragged over the window.
const (
	xUploadsModel = `coming: [], busy: 0, current: '', later: false, turn: 0, over: false`

	// xAddFiles adds the files of a list one by one. The CSP build of Alpine has no loops, so the event triggers
	// itself for the next file.
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
	xClearFileInput = `[turn, ''][1]` // empties the input after each choice
	xPasteFiles     = `$event.clipboardData.files.length && !$event.clipboardData.getData('text/plain') &&
		[$event.preventDefault(), $dispatch('files', { l: $event.clipboardData.files, i: 0 })]`
	xDragOver  = `$event.dataTransfer.types.includes('Files') && [$event.preventDefault(), over = true]`
	xDragLeave = `$event.relatedTarget || (over = false)`
	xDropFiles = `over && [$event.preventDefault(), over = false, $dispatch('files', { l: $event.dataTransfer.files, i: 0 })]`

	// Each upload event carries the entry of coming to send. Canceled entries are not sent.
	xUpload            = `$event.detail.ctx.sourceEvent.detail`
	xFillUploadRequest = `[$event.detail.ctx.request.body.append('upload', ` + xUpload + `.i), $event.detail.ctx.request.body.append('file', ` + xUpload + `.f)]`
	xBeforeUpload      = `coming.includes(` + xUpload + `) ? current = ` + xUpload + `.i : $event.preventDefault()`
	xAfterUpload       = `[busy--, current = '',
		!` + xUpload + `.out && coming.includes(` + xUpload + `) && ($event.detail.ctx.response && ` + xStatus + ` < 400 ? coming.splice(coming.indexOf(` + xUpload + `), 1) : ` + xUpload + `.w = $root.dataset.lost),
		$dispatch('settled')]`
	xAbortUpload = `$dispatch('htmx:abort')`

	// xUploadsSettled submits the form that waited for its uploads, unless one of them failed.
	xUploadsSettled = `later && !busy && [later = false, $el.querySelector('.attachment--failed') || $el.querySelector('form').requestSubmit()]`

	// xCancelUpload hides the chip of a running upload instead of removing it: if the file arrives nevertheless, the
	// stream can still find the upload and delete the file.
	xCancelUpload = `current === e.i ? [e.out = true, $dispatch('takeout')] : coming.splice(coming.indexOf(e), 1)`
	xUploadClass  = `e.out ? 'attachment--canceled' : e.w && 'attachment--failed'`
	xRetryUpload  = `e.w === $root.dataset.lost && [e.w = '', busy++, $dispatch('upload', e)]`

	// xRemoveIfPosted removes an attachment that already stands in a message, for instance because another tab sent
	// it.
	xRemoveIfPosted = `$el.closest('.conversation') && $el.closest('.conversation').querySelector('.message a[href="/files/' + c.id + '"]') && $el.remove()`

	// An attachment is hidden (c.out) while a queued message contains it. It asks the send queue when it appears, and
	// the send queue announces every change.
	xAttachmentModel = `{ c: { id: $el.dataset.file, out: false }, alt: $el.dataset.alt }`
	xInitAttachment  = `[$dispatch('chosen', c), ` + xRemoveIfPosted + `]`
	xHandOverFile    = `c.out || [$event.detail.f.push(c.id), $event.detail.l = ($event.detail.l && $event.detail.l + ', ') + $el.dataset.name, c.out = true]`
	xFileQueued      = `$event.detail.includes(c.id) && (c.out = true)`
	xFileReturned    = `($event.detail.f || []).includes(c.id) && (c.out = false)`
	xFileSent        = `($event.detail.f || []).includes(c.id) && $el.remove()`
	xFocusFileInput  = `$el.closest('.composer-area').querySelector('[type=file]').focus()`
)

// limitsText says how many files a message may have and how large they may be.
func (c Composer) limitsText(l Locale) string {
	return l.T("Up to %d files, %d MB each", c.FileLimits.FilesPerMessage, c.FileLimits.FileBytes>>20)
}

// tooLargeText is the same sentence that the server would answer.
func (c Composer) tooLargeText(l Locale) string {
	return l.T("A file can have at most %d MB.", c.FileLimits.FileBytes>>20)
}

// tooManyText is the same sentence that the server would answer.
func (c Composer) tooManyText(l Locale) string {
	return l.T("A message can have at most %d files.", c.FileLimits.FilesPerMessage)
}

// uploadURL returns the URL that receives attachments for the next message of a conversation.
func uploadURL(p chat.ConversationRef) string { return "/files?" + conversationQuery(p) }

// attachmentsExcept returns a selector for all attachments that are not in list.
func attachmentsExcept(list []chat.File) string {
	all := byID(idAttachments) + " .attachment"
	for _, f := range list {
		all += ":not(" + byID(attachmentID(f.ID)) + ")"
	}
	return all
}

// attachmentListWithout returns a selector for the attachment list if it does not contain the file f. With the id of
// an upload it also excludes pages that show the progress of this upload.
func attachmentListWithout(f chat.File, upload string) string {
	list := byID(idAttachments) + ":not(:has(" + byID(attachmentID(f.ID)) + "))"
	if upload == "" {
		return list
	}
	return ".attachment-tray:not(:has(" + byID(uploadID(upload)) + ")) > " + list
}

// canceledUpload returns a selector for the hidden chip of an upload on the page that canceled it.
func canceledUpload(upload string) string { return ".attachment--canceled " + byID(uploadID(upload)) }

// altFieldName returns the name of the form field with the alternative text of a file.
func altFieldName(file int64) string { return "alt-" + formatInt(file) }

// uploadID returns the DOM id of the element with the progress of an upload. The page chooses the upload id, so every
// character that could have a meaning in a selector is replaced.
func uploadID(upload string) string {
	return "upload-" + strings.Map(func(r rune) rune {
		if r == '-' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' {
			return r
		}
		return '_'
	}, upload)
}

// percent returns how much of an upload has arrived, from 0 to 100.
func percent(u chat.UploadProgress) int64 { return min(100, 100*u.Received/max(1, u.Total)) }

// RejectedFile is a file that was not attached, and the reason.
type RejectedFile struct {
	Name  string
	Error *chat.Error
}

// deleteFileURL returns the URL that deletes an attachment that has not been sent.
func deleteFileURL(id int64) string { return FileURL(id, chat.VariantOriginal) + "/delete" }
