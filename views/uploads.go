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

// uploadID returns the DOM id of the element that shows the progress of a page's uploads. A client may choose another
// id for its uploads, so every character that could have a meaning in a selector is replaced.
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
