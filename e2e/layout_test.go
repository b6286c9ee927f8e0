package e2e

import (
	"net/url"
	"strings"
	"testing"
)

// pages are the addresses of every kind of page for the first to register, who is the admin; a message has been written.
var pages = []string{"/chat", "/chat?q=bob", "/messages?room=1", "/messages?with=2", "/messages?room=1&before=2", "/messages/1", "/settings",
	"/rooms", "/rooms/1", "/people", "/sessions", "/bots", "/chat?gone=1", "/nowhere"}

func TestEveryWidth(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	ana.tolerate("status of 404")
	bob := s.program("Bob " + strings.Repeat("W", 36))
	bob.write("room=1", strings.Repeat("unbreakable", 60), "https://example.org/"+strings.Repeat("path/", 100), "one\n\n\ntwo")
	bob.write("with=1", "hi")
	guest := s.stranger()
	for _, width := range []int64{320, 360, 768, 1440, 1920} {
		for _, path := range pages {
			ana.size(width, 740)
			ana.open(path)
			ana.fits(path, width)
		}
		for _, path := range []string{"/login", "/register"} {
			guest.size(width, 740)
			guest.open(path)
			guest.fits(path, width)
		}
	}
}

func (b *tab) fits(path string, width int64) {
	b.Helper()
	b.until("the page is drawn", `document.readyState === 'complete'`)
	if wide := ask[int64](b, `Math.max(document.scrollingElement.scrollWidth, document.querySelector('.pane')?.scrollWidth ?? 0)`); wide > width {
		b.Errorf("%s needs %d pixels where there are %d", path, wide, width)
	}
}

// shown tells whether an element can be seen, whole or in part.
func shown(selector string) string {
	return say(`(e => e && e.checkVisibility({visibilityProperty: true}) && (r => r.width > 0 && r.right > 0 && r.left < innerWidth)(e.getBoundingClientRect()))(document.querySelector('%s'))`, selector)
}

func TestPhone(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	bob := s.program("Bob")
	bob.write("with=1", "Hello Ana")
	for _, width := range []int64{360, 320} {
		ana.size(width, 740)
		ana.open("/chat")
		ana.live()
		ana.until("the list is there alone", shown("#mine")+" && !"+shown(".welcome")+" && !"+shown("#text"))
		ana.click("#with-2")
		ana.opened("with=2")
		ana.until("the conversation is there alone", shown("#conv")+" && !"+shown("#mine")+" && "+shown("#text"))
		ana.write(say("at %d", width))
		ana.click(".back--list")
		ana.until("the list is back", shown("#mine")+" && !"+shown("#text"))
		ana.live()
		ana.click("#room-1")
		ana.opened("room=1")
		ana.until("the other conversation is there alone", shown("#text")+" && !"+shown("#mine"))
	}
}

// TestNamesInListsOfDeeds: nobody is shut out, or made an admin, by an unseen name.
func TestNamesInListsOfDeeds(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	s.program("Bob Marlowe")
	room := ana.program().makes("Kitchen", "invited")
	ana.program().sends("/rooms/"+room+"/members", url.Values{"user": {"2"}})
	for _, width := range []int64{320, 360, 768} {
		ana.size(width, 740)
		for _, path := range []string{"/people", "/rooms/" + room} {
			ana.open(path)
			ana.until(say("Bob's name is whole on %s at %d", path, width), `(e => e && (n => { const r = document.createRange(); r.selectNodeContents(n); return r.getBoundingClientRect().right <= e.getBoundingClientRect().right + 1 })(e.firstChild))(document.querySelector('.entry [href="/messages?with=2"] bdi'))`)
			ana.fits(path, width)
		}
	}
}
