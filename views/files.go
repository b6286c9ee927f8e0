package views

import (
	"cmp"
	"strconv"

	"charla/chat"
)

// Refused is a file that did not come to wait, and why.
type Refused struct {
	Name  string
	Error *chat.Error
}

// FileURL is where a file is, in one of its sizes.
func FileURL(id int64, size chat.Size) string {
	url := "/files/" + strconv.FormatInt(id, 10)
	if size != chat.Whole {
		url += "?size=" + string(size)
	}
	return url
}

// withoutFiles is how a button sends the form around it when files that were chosen there are none of its business.
const withoutFiles = "application/x-www-form-urlencoded"

// deleteFileURL forgets a file that waits.
func deleteFileURL(id int64) string { return FileURL(id, chat.Whole) + "/delete" }

// altOf says what a file shows, or what it is called.
func altOf(f chat.File) string { return cmp.Or(f.Alt, f.Name) }

// fileSize is a size as people read it.
func fileSize(l Locale, bytes int64) string {
	switch {
	case bytes < 1<<10:
		return l.T("%d bytes", bytes)
	case bytes < 1<<20:
		return l.T("%d KB", bytes>>10)
	default:
		return l.T("%.1f MB", float64(bytes)/(1<<20))
	}
}
