package views

import (
	"testing"

	"charla/chat"
)

func TestFormsKeepTypedValues(t *testing.T) {
	f := Form{Values: map[string]string{"name": "Ana", "email": `a"b`, "password": "secret"},
		Errors: map[string]*chat.Error{
			"email": chat.Errorf(chat.Invalid, "Enter a valid e-mail address."),
		}}
	html := renderHTML(t, SignupForm(testPage(), f))
	wantContains(t, html, `value="Ana"`, `value="a&#34;b"`, `aria-describedby="email-error"`,
		`<p id="email-error" class="field__error">Enter a valid`)
	wantLacks(t, html, "secret", "<html")
	wantContains(t, renderHTML(t, LoginPage(Page{AssetURL: testPage().AssetURL}, "/messages?with=2", f)),
		`name="next" value="/messages?with=2"`, "<html", `data-theme=""`)
}
