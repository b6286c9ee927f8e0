package views

import (
	"cmp"

	"github.com/a-h/templ"
)

// input is one field of a form.
type input struct {
	Name, Label, Type, Complete, Hint string
	ID                                string // where two forms of a page have a field of one name
	Focus                             bool   // it has the focus when nothing is wrong
	Optional                          bool
}

func (in input) id() string { return cmp.Or(in.ID, in.Name) }

// focuses tells whether a field has the focus: the first in the form, or the first with an error.
func (f Form) focuses(in input) bool {
	for _, name := range []string{"name", "email", "current", "password", "topic"} {
		if f.Errors[name] != nil {
			return name == in.Name
		}
	}
	return in.Focus
}

// refusable makes a form take the place of itself when it comes back refused. Any other failure shows its text above it.
func refusable() templ.Attributes {
	const again, text = "swap:outerHTML", "target:#" + idFormErr + " swap:innerHTML"
	return templ.Attributes{
		"hx-swap": "outerHTML", "hx-sync": "this:drop", "hx-disable": "find button",
		"hx-status:401": again, "hx-status:409": again, "hx-status:422": again, "hx-status:429": again,
		"hx-status:4xx": text, "hx-status:5xx": text,
	}
}
