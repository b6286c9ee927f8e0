package views

import "charla/chat"

// SettingsForms contains the forms of the settings page, each with its own errors and success message.
type SettingsForms struct {
	Appearance, Name, Handle, Picture, Password, EmailAddress Form
	EmailNotifications, PushNotifications                     Form

	Notifications chat.NotificationSettings // saved notification settings
}

// anySubmitted reports whether one of the forms was just submitted.
func (s SettingsForms) anySubmitted() bool {
	for _, f := range []Form{
		s.Appearance, s.Name, s.Handle, s.Picture, s.Password, s.EmailAddress, s.EmailNotifications,
		s.PushNotifications,
	} {
		if f.isSubmitted() {
			return true
		}
	}
	return false
}

// appearanceFields returns the form fields in which a user chooses language, theme and sound.
func (p Page) appearanceFields() []selectField {
	return []selectField{
		{"locale", p.T("Language"), []option{{"", p.T("Match browser")}, {"en", "English"}, {"es", "Español"}}},
		{"theme", p.T("Theme"), []option{{"", p.T("Match system")}, {"light", p.T("Light")}, {"dark", p.T("Dark")}}},
		{"sound", p.T("Sound for new messages"), []option{{"", p.T("No sound")}, {"1", p.T("Soft chime")}}},
	}
}
