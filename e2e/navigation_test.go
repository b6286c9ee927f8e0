package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// waitForConversation waits until a conversation is open and its stream is the only one.
func (b *tab) waitForConversation(query string) {
	b.Helper()
	b.waitForPath("/messages?" + query)
	waitUntil(b.T, b.name+" has only the stream of "+query, func() (bool, string) {
		open := b.openStreams()
		return len(open) == 1 && len(open[0]) > len("/events?"+query) &&
			open[0][:len("/events?"+query)] == "/events?"+query, sprintf("%q", open)
	})
}

func TestSwitchingConversationsKeepsOneStream(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	bob, carla := s.newAPIUser("Bob"), s.newAPIUser("Carla")
	bob.postMessages("with=1", "Bob was here")
	carla.postMessages("with=1", "Carla was here")
	rows := []string{"#with-2", "#with-3", "#room-1"}
	fromBob := []string{"Bob was here"}
	for i, text := range numberedTexts("while Ana switches", 10) {
		ana.click(rows[i%3])
		bob.postMessages("with=1", text)
		fromBob = append(fromBob, text)
	}
	ana.click("#with-2")
	ana.waitForConversation("with=2")
	ana.waitForMessages(fromBob...)
	bob.postMessages("with=1", "the last word")
	ana.waitForMessages(append(fromBob, "the last word")...)
}

func TestBackAndForward(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	bob := s.newAPIUser("Bob")
	bob.postMessages("with=1", "Hello Ana")
	bob.postMessages("room=1", "Hello everybody")
	ana.click("#with-2")
	ana.waitForConversation("with=2")
	ana.waitForMessages("Hello Ana")
	ana.click("#room-1")
	ana.waitForConversation("room=1")
	ana.waitForMessages("Hello everybody")

	bob.postMessages("with=1", "Are you there?")
	ana.run(chromedp.NavigateBack())
	ana.waitForConversation("with=2")
	ana.waitForMessages("Hello Ana", "Are you there?")
	ana.sendMessage("Yes")
	ana.run(chromedp.NavigateForward())
	ana.waitForConversation("room=1")
	ana.waitForMessages("Hello everybody")
	ana.run(chromedp.NavigateBack(), chromedp.NavigateBack())
	ana.waitForPath("/chat")
	ana.waitForStream()
	ana.waitUntil("no conversation is open",
		`document.querySelector('.conversation--empty') && !document.querySelector('#composer')`)
}

// waitForTabAt waits until the browser has a tab with a URL that ends with suffix.
func (b *tab) waitForTabAt(suffix string) {
	b.Helper()
	waitUntil(b.T, b.name+" has a tab at "+suffix, func() (bool, string) {
		tabs, err := chromedp.Targets(b.ctx)
		found := slices.ContainsFunc(tabs, func(t *target.Info) bool { return strings.HasSuffix(t.URL, suffix) })
		return err == nil && found, sprintf("%v %v", err, tabs)
	})
}

// A click with Ctrl or Cmd opens a link in a new tab, with Shift in a new window, and leaves the page as it is.
func TestModifierClicksOpenLinksElsewhere(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	s.newAPIUser("Bob").postMessages("with=1", "Hello Ana")
	s.newAPIUser("Carla").postMessages("with=1", "Hello Ana")
	ana.click("#with-2")
	ana.waitForConversation("with=2")
	ana.click("#with-3", chromedp.ButtonModifiers(chromedp.ModifierCtrl))
	ana.waitForTabAt("/messages?with=3")
	ana.click("#room-1", chromedp.ButtonModifiers(chromedp.ModifierShift))
	ana.waitForTabAt("/messages?room=1")
	ana.waitForConversation("with=2")
}

func TestPeopleSearchByKeyboard(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	for _, name := range []string{"Bea", "Berta", "Carla"} {
		s.newAPIUser(name)
	}
	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.fill(".search-form input", "be")
	ana.pressKeys("\r")
	ana.waitForConversation("with=2")
	ana.click(".search-form input")
	ana.typeText("r")
	ana.waitUntil("one person is found", `document.querySelectorAll('#search-results a').length === 1`)
	ana.pressKeys("\b")
	ana.waitUntil("two people are found", `document.querySelectorAll('#search-results a').length === 2`)
	for _, step := range []struct{ key, focused string }{
		{kb.ArrowDown, "#search-results li:first-child a"}, {kb.ArrowDown, "#search-results li:last-child a"},
		{kb.ArrowUp, "#search-results li:first-child a"}, {kb.ArrowUp, "[name=q]"},
		{kb.ArrowDown, "#search-results li:first-child a"}, {kb.ArrowDown, "#search-results li:last-child a"},
	} {
		ana.run(chromedp.KeyEvent(step.key))
		ana.waitUntil("the focus is on "+step.focused, sprintf(`document.activeElement.matches('%s')`, step.focused))
	}
	ana.pressKeys("\r")
	ana.waitForConversation("with=3")
}
