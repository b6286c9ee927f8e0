package e2e

import (
	"context"
	_ "embed"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// axeSource finds what shuts people out.
//
//go:embed testdata/axe.min.js
var axeSource string

// checkAccessibility wants no serious finding on the page, by day and by night. The policy that protects people is off for axe,
// which is a script of its own.
func (b *tab) checkAccessibility(what string) {
	b.Helper()
	for _, scheme := range []string{"light", "dark"} {
		b.emulateColorScheme(scheme)
		eval[bool](b, "(() => {"+axeSource+"; return true})()")
		ctx, cancel := context.WithTimeout(b.ctx, waitTimeout)
		defer cancel()
		findings, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`axe.run(document, {resultTypes: ['violations']}).then(r => r.violations
			.filter(v => v.impact === 'serious' || v.impact === 'critical')
			.flatMap(v => v.nodes.map(n => v.id + ': ' + n.target + ': ' + n.failureSummary)))`, chromedp.EvalAwaitPromise))
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range findings {
			b.Errorf("%s, %s: %s", what, scheme, f)
		}
	}
}

func (b *tab) disableCSP() {
	b.Helper()
	call(b, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
}

func TestPagesAreAccessible(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	guest := s.newBrowser()
	guest.disableCSP()
	guest.allowErrors("status of 4")
	for _, path := range []string{"/login", "/register"} {
		guest.open(path)
		guest.checkAccessibility(path)
		if path == "/register" {
			guest.fill("#name", "A")
		}
		guest.fill("#email", "ana@example.org")
		guest.fill("#password", "wrong")
		guest.pressKeys("\r")
		guest.waitUntil("it is refused", `[...document.querySelectorAll('.form__error, .field__error')].some(e => e.innerText)`)
		guest.checkAccessibility(path + " with an error")
	}

	ana := s.newBrowser()
	ana.disableCSP()
	ana.allowErrors("status of 4")
	ana.register("Ana")
	ana.waitForPath("/chat")
	ana.waitForStream()
	ana.checkAccessibility("/chat with nobody")
	bob := s.newAPIUser("Bob")
	bob.postMessages("with=1", "Hello Ana", "again", "see https://example.org", "🎉", "> a `quote`\n- of *all* that is `marked`", "```\n"+strings.Repeat("long ", 40)+"\n```")
	bob.postMessages("room=1", "Hello all", "once more")
	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.sendMessage("Hello Bob")
	ana.fill("#composer-text", numberedTexts("long", 1)[0])
	ana.checkAccessibility("a conversation")
	for _, path := range pagePaths {
		ana.open(path)
		ana.waitUntil("it is drawn", `document.readyState === 'complete'`)
		ana.checkAccessibility(path)
	}
	room := ana.api().createRoom("Kitchen", "invited")
	ana.api().mustPost("/rooms/"+room+"/members", url.Values{"user": {"2"}})
	bob.mustPost("/rooms", url.Values{"name": {"Garden"}, "access": {"open"}})
	s.newAPIUser("Carla")
	ana.api().mustPost("/bots", url.Values{"name": {"Robot"}})
	for _, path := range []string{"/bots", "/rooms", "/rooms/" + room + "?invite=carla", "/rooms/3"} {
		ana.open(path)
		ana.waitUntil("it is drawn", `document.readyState === 'complete' && document.querySelector('.page .button')`)
		ana.checkAccessibility(path)
	}
	ana.setSize(360, 740)
	for _, path := range []string{"/chat", "/messages?with=2", "/settings", "/settings/delete", "/rooms", "/rooms/" + room, "/people", "/bots", "/sessions", "/chat?gone=1"} {
		ana.open(path)
		ana.waitUntil("it is drawn", `document.readyState === 'complete'`)
		ana.checkAccessibility(path + " on a phone")
	}
}

// emulateColorScheme is what the system says about day and night. Nothing moves, so that nothing is half painted.
func (b *tab) emulateColorScheme(scheme string) {
	b.Helper()
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}
