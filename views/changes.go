package views

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"charla/chat"

	"github.com/a-h/templ"
)

// Edit is a message as its author left it. Error comes back after a refusal.
type Edit struct {
	chat.Edit
	Error *chat.Error
}

// described are the pictures of a message with what its author says that they show. Where the message could not be read, they are those
// that its author described.
func (e Edit) described(m chat.Message) []chat.File {
	list := pictures(m)
	if m.Files == "" {
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

// isRefused tells whether the text is one that was not taken: then it must be seen.
func (e Edit) isRefused() bool { return e.Error != nil }

// maxNames is how many of those who reacted are named on a line; the page of the message names all.
const maxNames = 20

// names tells who reacted, up to a number.
func names(l Locale, people []chat.Person, most int) string {
	var all []string
	for _, p := range people[:min(len(people), most)] {
		all = append(all, apart(l.Name(p.Name)))
	}
	told := strings.Join(all, ", ")
	if more := len(people) - len(all); more > 0 {
		told += " " + l.T("and %d more", more)
	}
	return told
}

// reactionLabel says a reaction in words.
func reactionLabel(l Locale, r chat.Reaction) string {
	return r.Emoji + " " + l.T("%d", len(r.People)) + ": " + names(l, r.People, maxNames)
}

// opensMenu are what the buttons of all lines have in common, once on their list.
func opensMenu() templ.Attributes {
	return templ.Attributes{
		"hx-target:inherited": at(idDeeds), "hx-select:inherited": at(idDeeds), "hx-indicator:inherited": at(idMenu),
		"hx-swap:inherited": "outerHTML", "hx-status:4xx:inherited": whyNot, "hx-status:5xx:inherited": whyNot,
		"x-on:htmx:before:request": xEmptyMenu,
	}
}

// latestMenu drops the answer for a line where another one was asked for since.
const latestMenu = "#" + idMenu + ":replace"

// lineSwap changes a line in place, so that the button stays by which the open menu is placed. A deleted line has none:
// it is a new element, and the focus goes there by its id.
func lineSwap(m chat.Message) string {
	if m.DeletedAt > 0 {
		return "outerHTML"
	}
	return "outerMorph"
}

// menuOf selects the menu while it is about a message.
func menuOf(m chat.Message) string {
	return fmt.Sprintf("%s:has([action='%s'])", at(idMenu), reactionsURL(m.ID))
}

// ids tells who reacted to the rule of each reader in /me.css.
func ids(people []chat.Person) string {
	var all []string
	for _, p := range people {
		all = append(all, number(p.ID))
	}
	return strings.Join(all, " ")
}

// version tells lines apart that changed after they were posted; empty for one that did not.
func version(m chat.Message) string {
	if m.ChangedSeq == m.Seq {
		return ""
	}
	return number(m.ChangedSeq)
}

// lineBefore selects the line of a message as it was before a change, and no other: where the stream was quicker than the
// answer of a form, and perhaps brought the change of somebody else by then, the line stays as it is.
func lineBefore(c chat.Changed) string {
	line := at(messageID(c.Message.Seq))
	if c.After == c.Message.Seq {
		return line + ":not([data-version])"
	}
	return fmt.Sprintf("%s[data-version='%d']", line, c.After)
}

// Attributes of the menu in Alpine's language. A form with what is rewritten and not saved stays with the page, by its address: a click
// beside the menu is no Cancel.
const (
	xRewritten  = `{ rewritten: {} }`
	xRewrite    = `rewritten[$el.action] = $el`
	xCancelEdit = `rewritten[$el.form.action] = ''`
	xSaved      = `$event.detail.ctx.response.status < 400 && (rewritten[$el.action] = '')`
	xRestore    = `[rewritten[$el.form.action] && [$el.setRangeText(rewritten[$el.form.action].elements[$el.name].value, 0, $el.value.length), $el.closest('details').toggleAttribute('open', true)], ` + xCaret + `]`
	xFocusText  = `$el.open && $el.querySelector('textarea').focus()`
	xEnterSaves = xEnterKey + `$el.form.requestSubmit()]`

	// xEmptyMenu takes what can be done with one message away when another one is asked for: it may never be answered.
	xEmptyMenu = `$event.target.matches('.message__menu') && $el.closest('#` + idConv + `').querySelector('#` + idDeeds + `').replaceChildren()`
)

// xFocus puts the focus back to where the menu was opened, unless one went on to something else.
const xFocus = `$el.closest('body').querySelector(':focus') || $el.closest('body').querySelector($el.dataset.from).focus({ preventScroll: true })`

// pressed is the state of a button.
func pressed(on bool) string { return strconv.FormatBool(on) }

// sameDay tells whether a message was edited on the day on which it was posted, so that the time of day is enough.
func sameDay(l Locale, m chat.Message) bool {
	return l.in(m.EditedAt).Format(time.DateOnly) == l.in(m.PostedAt).Format(time.DateOnly)
}
