package views

import (
	"net/url"
	"strings"

	"charla/chat"
)

// limitsText returns a sentence that says how many files a message may have and how large they may be.
func (c Composer) limitsText(l Locale) string {
	return l.T("Up to %d files, %d MB each", c.FileLimits.FilesPerMessage, c.FileLimits.FileBytes>>20)
}

// uploadURL returns the URL to which the page sends files for the next message.
func (c Composer) uploadURL() string {
	return "/files?" + conversationQuery(c.Conversation) + "&upload=" + url.QueryEscape(c.UploadID)
}

// attachmentsExcept returns a CSS selector for all attachments on the page except the files in list.
func attachmentsExcept(list []chat.File) string {
	all := byID(idAttachments) + " .attachment"
	for _, f := range list {
		all += ":not(" + byID(attachmentID(f.ID)) + ")"
	}
	return all
}

// attachmentListWithout returns a CSS selector for the list of attachments. It matches only if that list does not
// contain the file f.
func attachmentListWithout(f chat.File) string {
	return byID(idAttachments) + ":not(:has(" + byID(attachmentID(f.ID)) + "))"
}

// attachmentsOf returns a CSS selector for the files of a message that the composer of its author still shows.
func attachmentsOf(m chat.Message) string {
	ids := make([]string, len(m.Files))
	for i, f := range m.Files {
		ids[i] = byID(attachmentID(f.ID))
	}
	return strings.Join(ids, ",")
}

// altFieldName returns the name of the form field that contains the alternative text of a file.
func altFieldName(file int64) string { return "alt-" + formatInt(file) }

// uploadID returns the DOM id of the element that shows the progress of a page's uploads. A client may choose another id
// for its uploads, so every character that could have a meaning in a selector is replaced.
func uploadID(upload string) string {
	return "upload-" + strings.Map(func(r rune) rune {
		if r == '-' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' {
			return r
		}
		return '_'
	}, upload)
}

// hasArrived reports whether all bytes of an upload have arrived, so that the server is storing the last file.
func hasArrived(u chat.UploadProgress) bool { return u.Total > 0 && u.Received >= u.Total }

// percent returns how much of an upload has arrived, from 0 to 100.
func percent(u chat.UploadProgress) int64 { return min(100, 100*u.Received/max(1, u.Total)) }

// RejectedFile is a file that was not attached to the message, and the reason why.
type RejectedFile struct {
	Name  string
	Error *chat.Error
}

// deleteFileURL returns the URL that deletes a file that is attached to a message not sent yet.
func deleteFileURL(id int64) string { return FileURL(id, chat.VariantOriginal) + "/delete" }
