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

// axeSource is the script of axe-core, which finds accessibility problems.
//
//go:embed testdata/axe.min.js
var axeSource string

// checkAccessibility fails the test for every finding of axe on the page, in the light and the dark theme. The page must
// have been opened after disableCSP, because axe is a script that the CSP forbids.
func (b *tab) checkAccessibility(what string) {
	b.Helper()
	for _, scheme := range []string{"light", "dark"} {
		b.checkAccessibilityIn(scheme, what)
	}
}

// checkAccessibilityIn is checkAccessibility in one theme.
func (b *tab) checkAccessibilityIn(scheme, what string) {
	b.Helper()
	b.emulateColorScheme(scheme)
	eval[bool](b, "(() => {"+axeSource+"; return true})()")
	ctx, cancel := context.WithTimeout(b.ctx, waitTimeout)
	defer cancel()
	findings, err := chromedp.Run(ctx,
		chromedp.Evaluate[[]string](`axe.run(document, {resultTypes: ['violations']}).then(r => r.violations
		.flatMap(v => v.nodes.map(n => v.id + ': ' + n.target + ': ' + n.failureSummary)))`,
			chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range findings {
		b.Errorf("%s, %s: %s", what, scheme, f)
	}
}

// disableCSP makes the browser ignore the Content-Security-Policy of pages that are opened from now on.
func (b *tab) disableCSP() {
	b.Helper()
	call(b, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
}

func TestPagesAreAccessible(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	anonymous := s.newBrowser()
	anonymous.disableCSP()
	anonymous.allowErrors("status of 4")
	for _, path := range []string{s.setupPath(), "/login", "/register"} {
		anonymous.open(path)
		if path != "/login" && path != "/register" {
			anonymous.checkAccessibility("the set-up page")
			continue
		}
		anonymous.checkAccessibility(path)
		if path == "/register" {
			anonymous.fill("#name", "A")
		}
		anonymous.fill("#email", "ana@example.org")
		anonymous.fill("#password", "wrong")
		anonymous.pressKeys("\r")
		anonymous.waitUntil("the form shows an error",
			`[...document.querySelectorAll('.form__error, .field__error')].some(e => e.innerText)`)
		anonymous.checkAccessibility(path + " with an error")
	}

	ana := s.newBrowser()
	ana.disableCSP()
	ana.allowErrors("status of 4")
	ana.register("Ana")
	ana.waitForPath("/chat")
	ana.waitForStream()
	ana.checkAccessibility("/chat without other people")
	bob := s.newAPIUser("Bob")
	bob.postMessages("with=1", "Hello Ana", "again", "see https://example.org", "🎉",
		"> a `quote`\n- of *all* that is `marked`", "```\n"+strings.Repeat("long ", 40)+"\n```")
	bob.postMessages("room=1", "Hello all", "once more")
	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.sendMessage("Hello Bob")
	ana.fill("#composer-text", numberedTexts("long", 1)[0])
	ana.checkAccessibility("a conversation")
	ana.typeText(" @bo")
	ana.waitUntil("Bob is offered", offered+` === 'Bob'`)
	ana.checkAccessibility("a list of people to mention")
	for _, path := range append([]string{"/settings/delete", "/conversations", "/emoji?room=1"}, pagePaths...) {
		ana.open(path)
		ana.waitUntil("the page is loaded", `document.readyState === 'complete'`)
		ana.checkAccessibility(path)
	}
	room := ana.api().createRoom("Kitchen", "invited")
	ana.api().mustPost("/rooms/"+room+"/members", url.Values{"user": {"2"}})
	bob.mustPost("/rooms", url.Values{"name": {"Garden"}, "access": {"open"}})
	s.newAPIUser("Carla")
	ana.api().mustPost("/bots", url.Values{"name": {"Robot"}})
	for _, path := range []string{"/bots", "/invites", "/rooms", "/rooms/" + room + "?invite=carla", "/rooms/3"} {
		ana.open(path)
		ana.waitUntil("the page is loaded",
			`document.readyState === 'complete' && document.querySelector('.page .button')`)
		ana.checkAccessibility(path)
	}
	ana.allowErrors("the frame for browsers without scripts was loaded")
	call(ana, page.Navigate, page.NavigateParams{URL: s.url("/messages/live?room=1")})
	ana.waitUntil("the messages without scripts are shown", `document.querySelector('.noscript-messages .message')`)
	ana.checkAccessibility("the messages without scripts")
	ana.setSize(360, 740)
	for _, path := range append([]string{"/settings/delete", "/conversations", "/emoji?room=1",
		"/rooms/" + room + "?invite=carla"}, pagePaths...) {
		ana.open(path)
		ana.waitUntil("the page is loaded", `document.readyState === 'complete'`)
		ana.checkAccessibilityIn("light", path+" on a phone")
	}
}

// emulateColorScheme sets the color scheme that the system prefers. It also reduces motion, so that no animation is
// under way when the page is looked at.
func (b *tab) emulateColorScheme(scheme string) {
	b.Helper()
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}
