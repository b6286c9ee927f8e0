package views

import "charla/chat"

// SettingsForms are the forms of the settings, each with its own errors and its own note.
type SettingsForms struct {
	Appearance, Name, Picture, Password, EmailAddress, EmailNotifications, PushNotifications Form
	Notifications                                                                            chat.NotificationSettings // how the person wants to be reached
}

// anySubmitted tells whether one of the forms was sent.
func (s SettingsForms) anySubmitted() bool {
	for _, f := range []Form{s.Appearance, s.Name, s.Picture, s.Password, s.EmailAddress, s.EmailNotifications, s.PushNotifications} {
		if f.isSubmitted() {
			return true
		}
	}
	return false
}

func (p Page) appearanceFields() []selectField {
	return []selectField{
		{"locale", p.T("Language"), []option{{"", p.T("Match browser")}, {"en", "English"}, {"es", "Español"}}},
		{"theme", p.T("Theme"), []option{{"", p.T("Match system")}, {"light", p.T("Light")}, {"dark", p.T("Dark")}}},
		{"sound", p.T("Sound for new messages"), []option{{"", p.T("No sound")}, {"1", p.T("Soft chime")}}},
	}
}
