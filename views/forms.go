package views

import (
	"cmp"
	"strings"

	"charla/chat"

	"github.com/a-h/templ"
)

// inputField is a labelled text field of a form.
type inputField struct {
	Name, Label, Type, Autocomplete, Hint string
	ID                                    string // DOM id, if another form of the page has a field of the same name
	Autofocus                             bool   // whether it gets the focus when no field has an error
	Optional                              bool
}

// id returns the DOM id of the field, which is its name unless ID is set.
func (in inputField) id() string { return cmp.Or(in.ID, in.Name) }

// hasFocus reports whether the page puts the focus into a field: into the first field with an error or, if there is
// none, into the field with Autofocus.
func (f Form) hasFocus(in inputField) bool {
	for _, name := range []string{"name", "email", "current", "password", "topic"} {
		if f.Errors[name] != nil {
			return name == in.Name
		}
	}
	return in.Autofocus
}

// formSwapAttrs returns the htmx attributes of a form that its response replaces if the submission was rejected. Other
// errors are shown above the form.
func formSwapAttrs() templ.Attributes {
	const again, text = "swap:outerHTML", "target:#" + idFormError + " swap:innerHTML"
	return templ.Attributes{
		"hx-swap": "outerHTML", "hx-sync": "this:drop", "hx-disable": "find button",
		"hx-status:401": again, "hx-status:409": again, "hx-status:422": again, "hx-status:429": again,
		"hx-status:4xx": text, "hx-status:5xx": text,
	}
}

// formURLEncoded is the encoding of buttons that submit a form without its files.
const formURLEncoded = "application/x-www-form-urlencoded"

// Form holds what a form shows again after it was submitted: values, errors and a note. Errors[""] is the error of the
// whole form.
type Form struct {
	Values map[string]string
	Errors map[string]*chat.Error
	Note   string // success message or next step
}

// filter is a search field that filters a list.
type filter struct{ Action, Name, Value, Label, Target string }

// option is an option of a selectField.
type option struct{ Value, Label string }

// selectField is a list of options to choose from.
type selectField struct {
	Name, Label string
	Options     []option
}

// isSubmitted reports whether the form was just submitted, successfully or not.
func (f Form) isSubmitted() bool { return f.Note != "" || len(f.Errors) > 0 }

// chosenLabels returns the labels of the chosen options of several lists. It skips options with an empty value, which
// are the defaults.
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

// errorText returns the error of a field in the language of l, or "" if there is none.
func (f Form) errorText(l Locale, field string) string {
	if e := f.Errors[field]; e != nil {
		return l.Error(e)
	}
	return ""
}
