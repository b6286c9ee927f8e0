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

// axe finds what shuts people out.
//
//go:embed testdata/axe.min.js
var axe string

// accessible wants no serious finding on the page, by day and by night. The policy that protects people is off for axe,
// which is a script of its own.
func (b *tab) accessible(what string) {
	b.Helper()
	for _, scheme := range []string{"light", "dark"} {
		b.paint(scheme)
		ask[bool](b, "(() => {"+axe+"; return true})()")
		ctx, cancel := context.WithTimeout(b.ctx, patience)
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

func (b *tab) withoutPolicy() {
	b.Helper()
	do(b, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
}

func TestNobodyIsShutOut(t *testing.T) {
	t.Parallel()
	s := serve(t)
	guest := s.stranger()
	guest.withoutPolicy()
	guest.tolerate("status of 4")
	for _, path := range []string{"/login", "/register"} {
		guest.open(path)
		guest.accessible(path)
		if path == "/register" {
			guest.fill("#name", "A")
		}
		guest.fill("#email", "ana@example.org")
		guest.fill("#password", "wrong")
		guest.press("\r")
		guest.until("it is refused", `[...document.querySelectorAll('.form__error, .field__error')].some(e => e.innerText)`)
		guest.accessible(path + " with an error")
	}

	ana := s.stranger()
	ana.withoutPolicy()
	ana.tolerate("status of 4")
	ana.register("Ana")
	ana.at("/chat")
	ana.live()
	ana.accessible("/chat with nobody")
	bob := s.program("Bob")
	bob.write("with=1", "Hello Ana", "again", "see https://example.org", "🎉", "> a `quote`\n- of *all* that is `marked`", "```\n"+strings.Repeat("long ", 40)+"\n```")
	bob.write("room=1", "Hello all", "once more")
	ana.open("/messages?room=1")
	ana.live()
	ana.write("Hello Bob")
	ana.fill("#text", numbered("long", 1)[0])
	ana.accessible("a conversation")
	for _, path := range pages {
		ana.open(path)
		ana.until("it is drawn", `document.readyState === 'complete'`)
		ana.accessible(path)
	}
	room := ana.program().makes("Kitchen", "invited")
	ana.program().sends("/rooms/"+room+"/members", url.Values{"user": {"2"}})
	bob.sends("/rooms", url.Values{"name": {"Garden"}, "access": {"open"}})
	s.program("Carla")
	ana.program().sends("/bots", url.Values{"name": {"Robot"}})
	for _, path := range []string{"/bots", "/rooms", "/rooms/" + room + "?invite=carla", "/rooms/3"} {
		ana.open(path)
		ana.until("it is drawn", `document.readyState === 'complete' && document.querySelector('.pane .button')`)
		ana.accessible(path)
	}
	ana.size(360, 740)
	for _, path := range []string{"/chat", "/messages?with=2", "/settings", "/settings/delete", "/rooms", "/rooms/" + room, "/people", "/bots", "/sessions", "/chat?gone=1"} {
		ana.open(path)
		ana.until("it is drawn", `document.readyState === 'complete'`)
		ana.accessible(path + " on a phone")
	}
}

// paint is what the system says about day and night. Nothing moves, so that nothing is half painted.
func (b *tab) paint(scheme string) {
	b.Helper()
	do(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}
