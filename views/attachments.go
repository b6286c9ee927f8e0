package views

import (
	"strings"

	"charla/chat"
)

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

// RejectedFile is a file that was not attached to the message, and the reason why.
type RejectedFile struct {
	Name  string
	Error *chat.Error
}

// deleteFileURL returns the URL that deletes a file that is attached to a message not sent yet.
func deleteFileURL(id int64) string { return FileURL(id, chat.VariantOriginal) + "/delete" }
