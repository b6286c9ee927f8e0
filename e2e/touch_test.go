package e2e

import (
	"net/url"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// emulatePhone makes the browser a phone with a touch screen.
func (b *tab) emulatePhone(width, height int64) {
	b.Helper()
	b.setSize(width, height)
	call(b, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
}

// smallTargets is a script for the visible buttons, links and fields below an element that are smaller than 44 by 44
// pixels. A link inside a line of text, such as the time beside a name, may be small.
const smallTargets = `(root => [...root.querySelectorAll('a[href], button, summary, input, select, textarea, [role=option], .tab, .radio, .attach-button')]
	.filter(e => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
		!e.matches('.sr-only, .skip-link, label > input, .message__body a, .message__time, .message__edited a'))
	.map(e => [e, e.getBoundingClientRect()])
	.filter(([e, r]) => r.width && (r.width < 43.9 || r.height < 43.9))
	.map(([e, r]) => e.cloneNode().outerHTML.slice(0, 90) + ' is ' + r.width + ' by ' + r.height)
)(document.querySelector(%s))`

// checkTargets fails the test for every target below an element that is too small for a finger.
func (b *tab) checkTargets(what, selector string) {
	b.Helper()
	for _, small := range eval[[]string](b, sprintf(smallTargets, asJSON(selector))) {
		b.Errorf("%s: %s", what, small)
	}
}

func TestTargetsFitFingers(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newAPIUser("Bob")
	bob.postMessages("with=1", "Hello Ana", "again", "and again")
	bob.mustPost("/messages/1/reactions", url.Values{"emoji": {"🎉"}})
	bob.holdStream()
	ana.emulatePhone(390, 844)
	for _, path := range []string{"/chat", "/chat?q=bob", "/rooms", "/rooms/1"} {
		ana.open(path)
		ana.checkTargets(path, "body")
	}
	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.checkTargets("a room", "body")
	ana.open("/messages?with=2")
	ana.waitForStream()
	ana.fill("#composer-text", "mine and :smlie:")
	ana.click(".send-button")
	ana.waitUntil("there is a suggestion", `document.querySelector('.emoji-suggestion')`)
	ana.checkTargets("the conversation", "body")
	ana.click(messageSelector(5) + " .message__menu-button") // seq 4 is the reaction
	ana.waitUntil("the menu is open", menuOpen)
	ana.click("#message-menu details:nth-of-type(1) summary")
	ana.click("#message-menu details:nth-of-type(2) summary")
	ana.checkTargets("the message menu", "#message-menu")
	ana.pressKeys("\x1b")
	ana.waitUntil("the menu is closed", menuClosed)
	ana.click(".emoji-button--popover")
	ana.waitUntil("the picker is open", pickerOpen)
	ana.checkTargets("the emoji picker", "#emoji-picker")
}

// TestConversationBesideKeyboard requires that a phone held sideways, whose keyboard leaves 160 pixels, shows at least
// three lines of the conversation.
func TestConversationBesideKeyboard(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newAPIUser("Bob")
	bob.postMessages("with=1", numberedTexts("line", 9)...)
	ana.emulatePhone(740, 160)
	ana.open("/messages?with=2")
	ana.waitForStream()
	ana.fill("#composer-text", "one\ntwo\nthree\nfour")
	ana.waitUntil("three lines are visible, and the composer",
		`(s => [...document.querySelectorAll('.message__body')].filter(e => (r => r.height >= 20 && r.top >= s.top - 1 &&
			r.bottom <= s.bottom + 1)(e.getBoundingClientRect())).length >= 3)(document.querySelector('#scroller')
			.getBoundingClientRect()) && `+composer+`.getBoundingClientRect().bottom <= innerHeight`)
	ana.waitUntil("the back link is visible", isVisible(".back-link--list"))
}
