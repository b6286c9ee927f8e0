package views

import "testing"

func TestSettingsShowSavedValues(t *testing.T) {
	html := renderHTML(t,
		SettingsPage(testPage(),
			SettingsForms{Appearance: Form{Values: map[string]string{"theme": "dark"}, Note: "Saved."}}))
	wantContains(t, html, `<option value="dark" selected>`, `<option value="" selected>Match browser`, "Saved.",
		`action="/logout"`)
}
