package views

func (p Page) emailNotificationFields() []selectField {
	return []selectField{{"mail", p.T("When messages stay unread"), []option{
		{"off", p.T("No e-mail")}, {"soon", p.T("An e-mail after 5 minutes")}, {"hour", p.T("An e-mail after an hour")}, {"day", p.T("An e-mail each morning")},
	}}}
}

func (p Page) pushNotificationFields() []selectField {
	return []selectField{
		{"rooms", p.T("They come for"), []option{{"", p.T("What people write to me")}, {"1", p.T("Rooms too")}}},
		{"include_text", p.T("They say"), []option{{"", p.T("Where something came")}, {"1", p.T("What was written")}}},
	}
}

func emailChangeHint(p Page) string {
	if p.Media.Email {
		return p.T("We send a link there. The address is yours once you open it.")
	}
	return ""
}
