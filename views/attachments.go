package views

import (
	"strings"

	"charla/chat"
)

// limitsText returns a sentence that says how many files a message may have and how large they may be.
func (c Composer) limitsText(l Locale) string {
	return l.T("Up to %d files, %d MB each", c.FileLimits.FilesPerMessage, c.FileLimits.FileBytes>>20)
}

// tooLargeText returns the error that a page shows for a file that is too large. The server answers such an upload with
// the same sentence.
func (c Composer) tooLargeText(l Locale) string {
	return l.T("A file can have at most %d MB.", c.FileLimits.FileBytes>>20)
}

// tooManyText returns the error that a page shows if a message would get too many files. The server answers such an
// upload with the same sentence.
func (c Composer) tooManyText(l Locale) string {
	return l.T("A message can have at most %d files.", c.FileLimits.FilesPerMessage)
}

// uploadURL returns the URL to which the page sends files for the next message of a conversation.
func uploadURL(p chat.ConversationRef) string { return "/files?" + conversationQuery(p) }

// attachmentsExcept returns a CSS selector for all attachments on the page except the files in list.
func attachmentsExcept(list []chat.File) string {
	all := byID(idAttachments) + " .attachment"
	for _, f := range list {
		all += ":not(" + byID(attachmentID(f.ID)) + ")"
	}
	return all
}

// attachmentListWithout returns a CSS selector for the list of attachments. It matches only if that list does not
// contain the file f. If upload is not empty, it also matches only if the page does not show the progress of the upload
// with this id.
func attachmentListWithout(f chat.File, upload string) string {
	list := byID(idAttachments) + ":not(:has(" + byID(attachmentID(f.ID)) + "))"
	if upload == "" {
		return list
	}
	return ".attachment-tray:not(:has(" + byID(uploadID(upload)) + ")) > " + list
}

// canceledUpload returns a CSS selector for an upload that the user canceled while it ran. Only the page that canceled
// it contains such an element, which is hidden.
func canceledUpload(upload string) string { return ".attachment--canceled " + byID(uploadID(upload)) }

// altFieldName returns the name of the form field that contains the alternative text of a file.
func altFieldName(file int64) string { return "alt-" + formatInt(file) }

// uploadID returns the DOM id of the element that shows the progress of an upload. The page has chosen the upload's id,
// so every character that could have a meaning in a selector is replaced.
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

// RejectedFile is a file that was not attached to the message, and the reason why.
type RejectedFile struct {
	Name  string
	Error *chat.Error
}

// deleteFileURL returns the URL that deletes a file that is attached to a message not sent yet.
func deleteFileURL(id int64) string { return FileURL(id, chat.VariantOriginal) + "/delete" }
