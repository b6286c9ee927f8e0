package e2e

import (
	"net/url"
	"strings"
	"testing"
)

// pagePaths are the paths of every kind of page for the first user, who is the admin, when there is a message.
var pagePaths = []string{"/chat", "/chat?q=bob", "/messages?room=1", "/messages?with=2", "/messages?room=1&before=2",
	"/messages/1", "/pins?room=1", "/saved", "/settings",
	"/rooms", "/rooms/1", "/people", "/sessions", "/bots", "/invites", "/admin", "/admin/registrations", "/roles", "/chat?gone=1", "/nowhere"}

func TestPagesFitEveryWidth(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.allowErrors("status of 404")
	bob := s.newAPIUser("Bob " + strings.Repeat("W", 36))
	bob.postMessages("room=1", strings.Repeat("unbreakable", 60), "https://example.org/"+strings.Repeat("path/", 100),
		"one\n\n\ntwo")
	bob.mustPost("/messages/1/pin", nil)
	ana.api().mustPost("/messages/1/save", nil)
	bob.postMessages("with=1", "hi")
	anonymous := s.newBrowser()
	for _, width := range []int64{320, 360, 768, 1440, 1920} {
		for _, path := range pagePaths {
			ana.setSize(width, 740)
			ana.open(path)
			ana.checkFits(path, width)
		}
		for _, path := range []string{"/login", "/register"} {
			anonymous.setSize(width, 740)
			anonymous.open(path)
			anonymous.checkFits(path, width)
		}
	}
}

// checkFits fails the test if the page is wider than the window.
func (b *tab) checkFits(path string, width int64) {
	b.Helper()
	b.waitUntil("the page is loaded", `document.readyState === 'complete'`)
	if wide := eval[int64](b,
		`Math.max(document.scrollingElement.scrollWidth,
			document.querySelector('.page')?.scrollWidth ?? 0)`); wide > width {
		b.Errorf("%s is %d pixels wide, but the window only %d", path, wide, width)
	}
}

// isVisible is a script that is true if an element is visible, at least in part.
func isVisible(selector string) string {
	return sprintf(`(e => e && e.checkVisibility({visibilityProperty: true}) && (r => r.width > 0 && r.right > 0 &&
		r.left < innerWidth)(e.getBoundingClientRect()))(document.querySelector('%s'))`, selector)
}

func TestPhoneLayout(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	bob := s.newAPIUser("Bob")
	bob.postMessages("with=1", "Hello Ana")
	for _, width := range []int64{360, 320} {
		ana.setSize(width, 740)
		ana.open("/chat")
		ana.waitForStream()
		ana.waitUntil("only the sidebar is visible",
			isVisible("#conversation-list")+" && !"+isVisible(".welcome")+" && !"+isVisible("#composer-text"))
		ana.click("#with-2")
		ana.waitForConversation("with=2")
		ana.waitUntil("only the conversation is visible",
			isVisible("#conversation")+" && !"+isVisible("#conversation-list")+" && "+isVisible("#composer-text"))
		ana.sendMessage(sprintf("at %d", width))
		ana.click(".back-link--list")
		ana.waitUntil("the sidebar is visible again",
			isVisible("#conversation-list")+" && !"+isVisible("#composer-text"))
		ana.waitForStream()
		ana.click("#room-1")
		ana.waitForConversation("room=1")
		ana.waitUntil("only the other conversation is visible",
			isVisible("#composer-text")+" && !"+isVisible("#conversation-list"))
	}
}

// TestNamesFitInAdminLists requires that names are shown completely where people are removed or made admins.
func TestNamesFitInAdminLists(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	s.newAPIUser("Bob Marlowe")
	room := ana.api().createRoom("Kitchen", "invited")
	ana.api().mustPost("/rooms/"+room+"/members", url.Values{"user": {"2"}})
	for _, width := range []int64{320, 360, 768} {
		ana.setSize(width, 740)
		for _, path := range []string{"/people", "/rooms/" + room} {
			ana.open(path)
			ana.waitUntil(sprintf("Bob's name is whole on %s at %d", path, width),
				`(e => {
					if (!e) return false
					const r = document.createRange()
					r.selectNodeContents(e.firstChild)
					return r.getBoundingClientRect().right <= e.getBoundingClientRect().right + 1
				})(document.querySelector('.list-entry [href="/messages?with=2"] bdi'))`)
			ana.checkFits(path, width)
		}
	}
}

func TestNothingCoversMessageText(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newAPIUser("Bob")
	bob.postMessages("with=1", "first", strings.Repeat("many words ", 40), strings.Repeat("كلمات كثيرة ", 40))
	for _, e := range strings.Fields("👍 🎉 ❤️ 😂 😮 😢 🔥 👀 🍕 🚀 ☕ 🎂 🐙 🌵 🍀 🎈 🎁 🏆 🧩 🪁") {
		bob.mustPost("/messages/2/reactions", url.Values{"emoji": {e}})
	}
	for _, width := range []int64{1280, 700, 320} {
		ana.setSize(width, 740)
		ana.open("/messages?with=2")
		ana.waitForStream()
		for n := 1; n <= 3; n++ {
			ana.hover(messageSelector(n) + " .message__body")
			ana.waitUntil("neither the button nor the time covers the text",
				sprintf(`(l => [...l.querySelectorAll('.message__menu-button, :scope > .message__row > .message__time')]
					.every(e => {
				const a = e.getBoundingClientRect(), b = l.querySelector('.message__body').getBoundingClientRect()
				return a.right <= b.left + 1 || a.left >= b.right - 1
			}))(document.querySelector('%s'))`, messageSelector(n)))
		}
	}
	ana.waitUntil("reactions use the whole width of the message",
		`(() => {
			const row = document.querySelector('#m-2 .message__row').getBoundingClientRect()
			const reactions = [...document.querySelectorAll('#m-2 .reaction')].map(e => e.getBoundingClientRect())
			const widest = Math.max(...reactions.map(r => r.width))
			return Math.max(...reactions.map(r => r.right)) > row.right - widest - 5
		})()`)
	ana.checkFits("reactions", 320)
}
