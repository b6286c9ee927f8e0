package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/network"
)

// ground is how bright the page is, from 0 to 1: the first number of oklch(…).
const ground = `parseFloat(getComputedStyle(document.documentElement).backgroundColor.match(/[0-9.]+/)[0])`

func (b *tab) choose(selector, letter string) {
	b.Helper()
	ask[bool](b, say(`(document.querySelector(%s).focus(), true)`, asJSON(selector)))
	b.press(letter)
}

func TestThemeAndLanguageAreKept(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	ana.open("/settings")
	ana.until("it is day", ground+` > 0.8`)
	ana.choose("#theme", "D")
	ana.choose("#locale", "E")
	ana.press("E")
	ana.until("Español and dark are chosen", `document.querySelector('#locale').value === 'es' && document.querySelector('#theme').value === 'dark'`)
	ana.click("form[action='/settings'] button")
	ana.at("/settings?saved=1")
	second := ana.another()
	for _, path := range []string{"/chat", "/messages?room=1", "/settings"} {
		second.open(path)
		second.until("it is night and Spanish", `document.documentElement.lang === 'es' && document.documentElement.dataset.theme === 'dark' && `+ground+` < 0.4`)
	}
	second.open("/messages?room=1")
	second.live()
	s.program("Bob").write("room=1", "Hello Ana")
	second.reads("Hello Ana")
	second.until("what the stream brings is Spanish too", `document.querySelector('.state, .message__you').textContent && document.querySelector('.message__you').textContent !== 'you'`)
}

func TestSpanishByTheBrowser(t *testing.T) {
	t.Parallel()
	s := serve(t)
	b := s.stranger()
	do(b, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": "es-CO,es;q=0.9,en;q=0.5"}})
	b.open("/")
	b.at("/login")
	b.until("the page is Spanish", `document.documentElement.lang === 'es' && document.body.innerText.includes('Contraseña')`)
	b.tolerate("status of 401")
	b.fill("#email", "nobody@example.org")
	b.fill("#password", "not a password")
	b.press("\r")
	b.until("so is what went wrong", `/contraseña/i.test(document.querySelector('#form-err').innerText)`)
}

// TestTheAnswerOfASettingIsInSight on a phone, also without scripts: its part is open, and one is where one was.
func TestTheAnswerOfASettingIsInSight(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const inSight = `(e => e && e.checkVisibility() && (r => r.top >= 0 && r.bottom <= innerHeight)(e.getBoundingClientRect()))(document.querySelector(%s))`
	for _, scripts := range []bool{true, false} {
		ana := s.stranger()
		if !scripts {
			ana.withoutScripts()
		}
		ana.register(say("Ana %v", scripts))
		ana.at("/chat")
		ana.size(360, 480)
		ana.tolerate("status of 422")
		ana.open("/settings")
		ana.until("a part stands open", `document.querySelector('#theme').checkVisibility() && !document.querySelector('#password').checkVisibility()`)
		ana.click(".part:has([action='/settings/password']) > summary")
		ana.fill("#current", "not my password")
		ana.fill("#password", "another good one")
		ana.press("\r")
		ana.until("it is wrong, in sight", say(inSight, `"#current-err"`)+` && document.activeElement.id === 'current'`)
		ana.typ(password)
		ana.fill("#password", "another good one")
		ana.press("\r")
		ana.at("/settings?saved=password")
		ana.until("it is saved, in sight", say(inSight, `".form__saved"`))
		ana.click(".part:has([action='/settings/email']) > summary")
		ana.fill("#email-current", "not my password")
		ana.press("\r")
		ana.until("only that part is open", `document.querySelectorAll('.part[open]').length === 1 && document.activeElement.id === 'email-current'`)
	}
}
