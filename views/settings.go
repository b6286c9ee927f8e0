package views

import (
	"strings"

	"charla/chat"
)

// option is one choice of a list, and choices the list, by the name of its field.
type option struct{ Value, Label string }

type choices struct {
	Name, Label string
	Options     []option
}

// Choices are the forms of the settings, each with its own errors and its own note.
type Choices struct {
	Looks, Name, Picture, Password, Email, Mail, Push Form
	Wishes                                            chat.Wishes // how the person wants to be reached
}

// isAnswered tells whether a form was sent: it comes back with what became of it.
func (f Form) isAnswered() bool { return f.Note != "" || len(f.Errors) > 0 }

// answered tells whether one of the forms was sent.
func (s Choices) answered() bool {
	for _, f := range []Form{s.Looks, s.Name, s.Picture, s.Password, s.Email, s.Mail, s.Push} {
		if f.isAnswered() {
			return true
		}
	}
	return false
}

// chosen names what a form holds that somebody chose: what nobody did has no value.
func chosen(f Form, lists []choices) string {
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

func (p Page) looks() []choices {
	return []choices{
		{"locale", p.T("Language"), []option{{"", p.T("As the browser says")}, {"en", "English"}, {"es", "Español"}}},
		{"theme", p.T("Colours"), []option{{"", p.T("As the system says")}, {"light", p.T("Light")}, {"dark", p.T("Dark")}}},
		{"sound", p.T("When a message comes that is not on screen"), []option{{"", p.T("No sound")}, {"1", p.T("A soft sound")}}},
	}
}

func (p Page) mails() []choices {
	return []choices{{"mail", p.T("When messages stay unread"), []option{
		{"off", p.T("No e-mail")}, {"soon", p.T("An e-mail after 5 minutes")}, {"hour", p.T("An e-mail after an hour")}, {"day", p.T("An e-mail each morning")},
	}}}
}

func (p Page) pushes() []choices {
	return []choices{
		{"rooms", p.T("They come for"), []option{{"", p.T("What people write to me")}, {"1", p.T("Rooms too")}}},
		{"words", p.T("They say"), []option{{"", p.T("Where something came")}, {"1", p.T("What was written")}}},
	}
}

func emailHint(p Page) string {
	if p.Reach.Mail {
		return p.T("We send a link there. The address is yours once you open it.")
	}
	return ""
}
