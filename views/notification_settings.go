package views

// emailNotificationFields returns the form fields in which a user chooses when to get e-mail notifications.
func (p Page) emailNotificationFields() []selectField {
	return []selectField{{"mail", p.T("When I have unread messages"), []option{
		{"off", p.T("Don't e-mail me")},
		{"soon", p.T("E-mail me after 5 minutes")},
		{"hour", p.T("E-mail me after an hour")},
		{"day", p.T("E-mail me every morning")},
	}}}
}

// pushNotificationFields returns the form fields in which a user chooses which messages cause push notifications, and
// what the notifications show.
func (p Page) pushNotificationFields() []selectField {
	return []selectField{
		{"rooms", p.T("Notify me about"), []option{
			{"", p.T("Direct messages")}, {"1", p.T("Rooms and direct messages")},
		}},
		{"include_text", p.T("Show in notifications"), []option{
			{"", p.T("Only the conversation name")}, {"1", p.T("Sender and message")},
		}},
	}
}

// emailChangeHint returns a hint that a new e-mail address must be confirmed. It returns "" if the server cannot send
// e-mails.
func emailChangeHint(p Page) string {
	if p.Media.Email {
		return p.T("We'll send a link to this address to confirm it.")
	}
	return ""
}
