package views

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"charla/chat"
)

// EditForm is the form that edits a message. Error is set after a rejected submission.
type EditForm struct {
	chat.MessageEdit
	Error *chat.Error
}

// describedPictures returns the pictures of a message with the alternative texts of the form. If the message could
// not be read, it returns the pictures that the form describes.
func (e EditForm) describedPictures(m chat.Message) []chat.File {
	list := pictures(m)
	if len(m.Files) == 0 {
		for _, id := range slices.Sorted(maps.Keys(e.Alts)) {
			list = append(list, chat.File{ID: id})
		}
	}
	for i, f := range list {
		if alt, ok := e.Alts[f.ID]; ok {
			list[i].Alt = alt
		}
	}
	return list
}

// hasError reports whether the edit was rejected. Then the form must be open.
func (e EditForm) hasError() bool { return e.Error != nil }

// messageSwap returns how htmx replaces a message. Morphing keeps the menu button, which positions the open menu. A
// deleted message has no such button and is replaced as a whole; its id keeps the focus.
func messageSwap(m chat.Message) string {
	if m.DeletedAt > 0 {
		return "outerHTML"
	}
	return "outerMorph"
}

// messageVersion returns the version of a message that changed after it was posted, otherwise "".
func messageVersion(m chat.Message) string {
	if m.ChangedSeq == m.Seq {
		return ""
	}
	return formatInt(m.ChangedSeq)
}

// staleMessageSelector returns a selector for a message in the version before a change. If the stream has already
// delivered this change or a later one, it selects nothing and the page keeps the newer version.
func staleMessageSelector(c chat.ChangeResult) string {
	line := byID(messageID(c.Message.Seq))
	if c.PreviousSeq == c.Message.Seq {
		return line + ":not([data-version])"
	}
	return fmt.Sprintf("%s[data-version='%d']", line, c.PreviousSeq)
}

// editedSameDay reports whether a message was edited on the day on which it was posted. Then the time of day is
// enough.
func editedSameDay(l Locale, m chat.Message) bool {
	return l.localTime(m.EditedAt).Format(time.DateOnly) == l.localTime(m.PostedAt).Format(time.DateOnly)
}
