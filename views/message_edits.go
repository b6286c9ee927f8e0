package views

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"charla/chat"
)

// MessageEdit is a message as its author left it. Error comes back after a refusal.
type EditForm struct {
	chat.MessageEdit
	Error *chat.Error
}

// describedPictures are the pictures of a message with what its author says that they show. Where the message could not be read, they are those
// that its author described.
func (e EditForm) describedPictures(m chat.Message) []chat.File {
	list := pictures(m)
	if len(m.Files) == 0 {
		for _, id := range slices.Sorted(maps.Keys(e.Alts)) {
			list = append(list, chat.File{ID: id})
		}
	}
	for i, f := range list {
		if alt, told := e.Alts[f.ID]; told {
			list[i].Alt = alt
		}
	}
	return list
}

// hasError tells whether the text is one that was not taken: then it must be seen.
func (e EditForm) hasError() bool { return e.Error != nil }

// messageSwap changes a line in place, so that the button stays by which the open menu is placed. A deleted line has none:
// it is a new element, and the focus goes there by its id.
func messageSwap(m chat.Message) string {
	if m.DeletedAt > 0 {
		return "outerHTML"
	}
	return "outerMorph"
}

// messageVersion tells lines apart that changed after they were posted; empty for one that did not.
func messageVersion(m chat.Message) string {
	if m.ChangedSeq == m.Seq {
		return ""
	}
	return formatInt(m.ChangedSeq)
}

// staleMessageSelector selects the line of a message as it was before a change, and no other: where the stream was quicker than the
// answer of a form, and perhaps brought the change of somebody else by then, the line stays as it is.
func staleMessageSelector(c chat.ChangeResult) string {
	line := byID(messageID(c.Message.Seq))
	if c.PreviousSeq == c.Message.Seq {
		return line + ":not([data-version])"
	}
	return fmt.Sprintf("%s[data-version='%d']", line, c.PreviousSeq)
}

// Attributes of the menu in Alpine's language. A form with what is rewritten and not saved stays with the page, by its address: a click
// beside the menu is no Cancel.
const (
	xUnsavedEdits    = `{ rewritten: {} }`
	xRememberEdit    = `rewritten[$el.action] = $el`
	xCancelEdit      = `rewritten[$el.form.action] = ''`
	xForgetSavedEdit = `$event.detail.ctx.response.status < 400 && (rewritten[$el.action] = '')`
	xRestoreEdit     = `[rewritten[$el.form.action] && [$el.setRangeText(rewritten[$el.form.action].elements[$el.name].value, 0, $el.value.length), $el.closest('details').toggleAttribute('open', true)], ` + xCaretToEnd + `]`
	xFocusTextarea   = `$el.open && $el.querySelector('textarea').focus()`
	xSaveOnEnter     = xOnEnter + `$el.form.requestSubmit()]`

	// xClearMenu takes what can be done with one message away when another one is asked for: it may never be answered.
	xClearMenu = `$event.target.matches('.message__menu-button') && $el.closest('#` + idConversation + `').querySelector('#` + idMessageActions + `').replaceChildren()`
)

// editedSameDay tells whether a message was edited on the day on which it was posted, so that the time of day is enough.
func editedSameDay(l Locale, m chat.Message) bool {
	return l.localTime(m.EditedAt).Format(time.DateOnly) == l.localTime(m.PostedAt).Format(time.DateOnly)
}
