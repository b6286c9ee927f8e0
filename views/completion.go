package views

import (
	"charla/chat"

	"github.com/a-h/templ"
)

// Completion is one choice while somebody writes a mention or a shortcode.
type Completion struct {
	Text   string // replaces what was written
	Icon   string // an emoji; empty for a person
	Label  string // what the list shows
	Handle string // empty for an emoji
}

// AudienceCompletion returns the choice of @channel or @here.
func AudienceCompletion(l Locale, a chat.Audience) Completion {
	label := l.T("Everyone in this room")
	if a == chat.AudienceHere {
		label = l.T("Everyone who is online")
	}
	return Completion{Text: "@" + string(a) + " ", Label: label, Handle: string(a)}
}

// completionURL is the URL that returns completions and, without JavaScript, the page with people to mention.
const completionURL = "/complete"

// CompletionsClosed is the event that closes the list of choices.
const CompletionsClosed = "abandon"

// closeCompletions is the Alpine expression that closes the list of choices and ends a request for it, whose answer
// would come too late.
const closeCompletions = "[$dispatch('htmx:abort'), choice = null, $el.replaceChildren()]"

// completionID returns the DOM id of a choice.
func completionID(i int) string { return "completion-" + formatInt(int64(i)) }

// completionAttrs returns the attributes with which the text of the composer asks for choices: only while the word
// before the caret has a sign that begins one. For any other word the list closes.
func completionAttrs() templ.Attributes {
	return templ.Attributes{
		"aria-autocomplete":            "list",
		"aria-haspopup":                "listbox",
		"aria-controls":                idCompletions,
		"x-bind:aria-activedescendant": "choice",
		"x-on:input": `$dispatch(draft.slice(0, $el.selectionEnd).match('[@＠:][^ \n]*$') ? 'complete' : '` +
			CompletionsClosed + `')`,
	}
}

// completionListAttrs returns the attributes of the list of choices. It closes when the caret leaves the word, when the
// focus leaves the composer, when a choice is picked and when the message is sent, so that a choice never replaces more
// than the word that it completes.
func completionListAttrs() templ.Attributes {
	attrs := templ.Attributes{
		"hx-post": completionURL, "hx-trigger": "complete from:window delay:120ms", "hx-sync": "this:replace",
		"hx-target": "this", "hx-swap": "innerHTML", "hx-encoding": formURLEncoded,
		"hx-vals":       "js:{ caret: this.closest('form').body.selectionEnd }",
		"hx-status:4xx": "swap:none", "hx-status:5xx": "swap:none", "x-on:htmx:error.stop": true,
	}
	for _, event := range []string{
		CompletionsClosed, "picked", "submit", "click", "focusout", "keydown.escape", "keydown.left", "keydown.right",
		"keydown.home", "keydown.end", "keydown.page-up", "keydown.page-down",
	} {
		attrs["x-on:"+event+".window"] = closeCompletions
	}
	return attrs
}

// completionKeyAttrs returns the attributes of the first choice of a list. While it is on the page, arrow keys move the
// highlight, and Enter and Tab pick the highlighted choice, except for an Enter that ends the input of an input method.
func completionKeyAttrs() templ.Attributes {
	const move, pick = "choice = $refs[choice].dataset[$event.key]", "$event.isComposing || $refs[choice].click()"
	return templ.Attributes{
		"x-init": "choice = $el.id",
		"x-on:keydown.down.window.capture.prevent":       move,
		"x-on:keydown.up.window.capture.prevent":         move,
		"x-on:keydown.enter.window.capture.prevent.stop": pick,
		"x-on:keydown.tab.window.capture.prevent.stop":   pick,
	}
}
