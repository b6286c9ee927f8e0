package views

import (
	"strings"

	"charla/chat"
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
