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

// hasFocus reports whether the page sets the focus to a field. That is the first field with an error. If there is none,
// it is the field with Autofocus.
func (f Form) hasFocus(in inputField) bool {
	for _, name := range []string{"name", "handle", "email", "current", "password", "topic", "domains"} {
		if f.Errors[name] != nil {
			return name == in.Name
		}
	}
	return in.Autofocus
}

// formSwapAttrs returns the htmx attributes of a form. If the server rejects the submission, its response replaces the
// form. Other errors are shown above the form.
func formSwapAttrs() templ.Attributes {
	const again, text = "swap:outerHTML", "target:#" + idFormError + " swap:innerHTML"
	return templ.Attributes{
		"hx-swap": "outerHTML", "hx-sync": "this:drop", "hx-disable": "find button",
		"hx-status:401": again, "hx-status:409": again, "hx-status:422": again, "hx-status:429": again,
		"hx-status:4xx": text, "hx-status:5xx": text,
	}
}

// signOutAttrs returns the htmx attributes of the form that signs out. Its response replaces the whole page, so that no
// composer can store a draft again, and then opens the sign-in page. An error is shown above the conversation.
func signOutAttrs() templ.Attributes {
	return templ.Attributes{
		"hx-target": "body", "hx-swap": "innerHTML", "hx-sync": "this:drop", "hx-disable": "find button",
		"hx-status:4xx": openErrorSwap, "hx-status:5xx": openErrorSwap,
	}
}

// formURLEncoded is the encoding with which a button submits a form without the form's files.
const formURLEncoded = "application/x-www-form-urlencoded"

// Form is what a form shows after it was submitted: the entered values, the errors by field, and a note. Errors[""] is
// an error that concerns the whole form.
type Form struct {
	Values map[string]string
	Errors map[string]*chat.Error
	Note   string // success message or next step
}

// filter describes a search field that filters a list on the page.
type filter struct{ Action, Name, Value, Label, Target string }

// option is an option of a selectField.
type option struct{ Value, Label string }

// selectField describes a form field in which the user chooses from a list of options.
type selectField struct {
	Name, Label string
	Options     []option
}

// isSubmitted reports whether the user has just submitted the form, successfully or not.
func (f Form) isSubmitted() bool { return f.Note != "" || len(f.Errors) > 0 }

// chosenLabels returns a text with the label of the option that is chosen in each of several lists. It skips options
// with an empty value, because they are the defaults.
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

// errorText returns the error of a field in the language of l, or "" if the field has no error.
func (f Form) errorText(l Locale, field string) string {
	if e := f.Errors[field]; e != nil {
		return l.Error(e)
	}
	return ""
}
