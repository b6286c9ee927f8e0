package views

import "charla/chat"

// option is one choice of a list.
type option struct{ Value, Label string }

// Choices are the forms of the settings, each with its own errors and its own note.
type Choices struct {
	Looks, Name, Picture, Password, Email, Mail, Push Form
	Wishes                                            chat.Wishes // how the person wants to be reached
}

func emailHint(p Page) string {
	if p.Reach.Mail {
		return p.T("We send a link there. The address is yours once you open it.")
	}
	return ""
}
