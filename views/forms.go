package views

import (
	"cmp"
	"strings"

	"charla/chat"

	"github.com/a-h/templ"
)

// inputField is one field of a form.
type inputField struct {
	Name, Label, Type, Autocomplete, Hint string
	ID                                    string // where two forms of a page have a field of one name
	Autofocus                             bool   // it has the focus when nothing is wrong
	Optional                              bool
}

func (in inputField) id() string { return cmp.Or(in.ID, in.Name) }

// hasFocus tells whether a field has the focus: the first in the form, or the first with an error.
func (f Form) hasFocus(in inputField) bool {
	for _, name := range []string{"name", "email", "current", "password", "topic"} {
		if f.Errors[name] != nil {
			return name == in.Name
		}
	}
	return in.Autofocus
}

// formSwapAttrs makes a form take the place of itself when it comes back refused. Any other failure shows its text above it.
func formSwapAttrs() templ.Attributes {
	const again, text = "swap:outerHTML", "target:#" + idFormError + " swap:innerHTML"
	return templ.Attributes{
		"hx-swap": "outerHTML", "hx-sync": "this:drop", "hx-disable": "find button",
		"hx-status:401": again, "hx-status:409": again, "hx-status:422": again, "hx-status:429": again,
		"hx-status:4xx": text, "hx-status:5xx": text,
	}
}

// formURLEncoded is how a button sends the form around it when files that were chosen there are none of its business.
const formURLEncoded = "application/x-www-form-urlencoded"

// Form is a form as it is shown again after a refusal: what was typed, and what is wrong with it. Errors with the empty
// field belong to the whole form.
type Form struct {
	Values map[string]string
	Errors map[string]*chat.Error
	Note   string // what went well, or what happens next
}

// filter is a box that narrows a list to what contains a word, on the page and without JavaScript.
type filter struct{ Action, Name, Value, Label, Target string }

// option is one choice of a list, and choices the list, by the name of its field.
type option struct{ Value, Label string }

type selectField struct {
	Name, Label string
	Options     []option
}

// isSubmitted tells whether a form was sent: it comes back with what became of it.
func (f Form) isSubmitted() bool { return f.Note != "" || len(f.Errors) > 0 }

// chosenLabels names what a form holds that somebody chose: what nobody did has no value.
func chosenLabels(f Form, lists []selectField) string {
	var labels []string
	for _, list := range lists {
		for _, o := range list.Options {
			if o.Value != "" && o.Value == f.Values[list.Name] {
				labels = append(labels, o.Label)
			}
		}
	}
	return strings.Join(labels, " · ")
}

// errorText says what is wrong with a field, or nothing.
func (f Form) errorText(l Locale, field string) string {
	if e := f.Errors[field]; e != nil {
		return l.Error(e)
	}
	return ""
}
