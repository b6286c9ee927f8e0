package views

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"charla/chat"
)

// EditForm is the content of the form with which an author edits a message. Error is set if the edit was rejected.
type EditForm struct {
	chat.MessageEdit
	Error *chat.Error
}

// describedPictures returns the pictures of a message, with the alternative texts that the user typed into the form. If
// the message could not be read from the database, it returns the pictures that the form itself lists.
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

// hasError reports whether the edit was rejected. Then the page shows the form already open.
func (e EditForm) hasError() bool { return e.Error != nil }

// editURL returns the URL that edits a message from a form.
func editURL(m chat.Message) string { return MessageURL(m.ID) + "/edit" }

// messageSwap returns the hx-swap value with which a message is replaced. Normally htmx morphs the message, which means
// that it changes the existing elements: the menu button must stay, because the open menu is positioned at it. A
// deleted message has no menu button and is replaced as a whole; its link keeps the focus by the same DOM id.
func messageSwap(m chat.Message) string {
	if m.DeletedAt > 0 {
		return "outerHTML"
	}
	return "outerMorph"
}

// messageVersion returns the version of a message, which is the seq (number in the room) of its last change. It returns
// "" if the message has not changed since it was posted.
func messageVersion(m chat.Message) string {
	if m.ChangedSeq == m.Seq {
		return ""
	}
	return formatInt(m.ChangedSeq)
}

// staleMessageSelector returns a CSS selector that matches a message on the page only if the page still shows the
// version before the change c. If the stream has already delivered this change or a later one, it matches nothing, so
// that the page keeps the newer version.
func staleMessageSelector(c chat.ChangeResult) string {
	line := byID(messageID(c.Message.Seq))
	if c.PreviousSeq == c.Message.Seq {
		return line + ":not([data-version])"
	}
	return fmt.Sprintf("%s[data-version='%d']", line, c.PreviousSeq)
}

// editedSameDay reports whether a message was edited on the day on which it was posted. Then the page shows only the
// time of the edit, without the date.
func editedSameDay(l Locale, m chat.Message) bool {
	return l.localTime(m.EditedAt).Format(time.DateOnly) == l.localTime(m.PostedAt).Format(time.DateOnly)
}
