package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/network"
)

// backgroundLightness is a script for the lightness of the page, from 0 to 1: the first number of oklch(…).
const backgroundLightness = `parseFloat(getComputedStyle(document.documentElement).backgroundColor.match(/[0-9.]+/)[0])`

func TestThemeAndLanguage(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.open("/settings")
	ana.waitUntil("the page is light", backgroundLightness+` > 0.8`)
	ana.selectOption("#theme", "D")
	ana.selectOption("#locale", "E")
	ana.pressKeys("E")
	ana.waitUntil("Español and dark are chosen",
		`document.querySelector('#locale').value === 'es' && document.querySelector('#theme').value === 'dark'`)
	ana.click("form[action='/settings'] button")
	ana.waitForPath("/settings?saved=1")
	second := ana.anotherTab()
	for _, path := range []string{"/chat", "/messages?room=1", "/settings"} {
		second.open(path)
		second.waitUntil("the page is dark and Spanish",
			`document.documentElement.lang === 'es' && document.documentElement.dataset.theme === 'dark' &&
			`+backgroundLightness+` < 0.4`)
	}
	second.open("/messages?room=1")
	second.waitForStream()
	s.newAPIUser("Bob").postMessages("room=1", "Hello Ana")
	second.waitForMessages("Hello Ana")
	second.waitUntil("fragments of the stream are Spanish too",
		`document.querySelector('.presence, .message__own-label').textContent &&
		document.querySelector('.message__own-label').textContent !== 'you'`)
}

func TestLanguageFromBrowser(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	b := s.newBrowser()
	call(b, network.SetExtraHTTPHeaders,
		network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": "es-CO,es;q=0.9,en;q=0.5"}})
	b.open("/")
	b.waitForPath("/login")
	b.waitUntil("the page is Spanish",
		`document.documentElement.lang === 'es' && document.body.innerText.includes('Contraseña')`)
	b.allowErrors("status of 401")
	b.fill("#email", "nobody@example.org")
	b.fill("#password", "not a password")
	b.click(".field__reveal input")
	b.waitUntil("the password is shown", `document.querySelector('#password').type === 'text' &&
		document.querySelector('.field__reveal').innerText.trim() === 'Mostrar contraseña'`)
	b.click(".field__reveal input")
	b.waitUntil("the password is hidden", `document.querySelector('#password').type === 'password'`)
	b.click("#password")
	b.pressKeys("\r")
	b.waitUntil("the error is Spanish too", `/contraseña/i.test(document.querySelector('#form-error').innerText)`)
}

// TestSettingResultIsVisible saves settings on a phone, with and without scripts. Their section must stay open and the
// result visible.
func TestSettingResultIsVisible(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	const inSight = `(e => e && e.checkVisibility() && (r => r.top >= 0 &&
		r.bottom <= innerHeight)(e.getBoundingClientRect()))(document.querySelector(%s))`
	for _, scripts := range []bool{true, false} {
		ana := s.newBrowser()
		if !scripts {
			ana.disableScripts()
		}
		ana.register(sprintf("Ana %v", scripts))
		ana.waitForPath("/chat")
		ana.setSize(360, 480)
		ana.allowErrors("status of 422")
		ana.open("/settings")
		ana.waitUntil("one section is open",
			`document.querySelector('#theme').checkVisibility() &&
			!document.querySelector('#password').checkVisibility()`)
		ana.click(".settings-section:has([action='/settings/password']) > summary")
		ana.fill("#current", "not my password")
		ana.fill("#password", "another good one")
		ana.pressKeys("\r")
		ana.waitUntil("the error is visible",
			sprintf(inSight, `"#current-error"`)+` && document.activeElement.id === 'current'`)
		ana.typeText(password)
		ana.fill("#password", "another good one")
		ana.pressKeys("\r")
		ana.waitForPath("/settings?saved=password")
		ana.waitUntil("the confirmation is visible", sprintf(inSight, `".form__note"`))
		ana.click(".settings-section:has([action='/settings/email']) > summary")
		ana.fill("#email-current", "not my password")
		ana.pressKeys("\r")
		ana.waitUntil("only that section is open",
			`document.querySelectorAll('.settings-section[open]').length === 1 &&
			document.activeElement.id === 'email-current'`)
	}
}
