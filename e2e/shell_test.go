package e2e

import (
	"net/url"
	"testing"
)

// notice is what the page says of something that did not work.
const notice = `document.querySelector('#notice').innerText.trim()`

func TestWritingWithoutScriptsOnAPhone(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.stranger()
	ana.withoutScripts()
	ana.register("Ana")
	ana.at("/chat")
	ana.program().sends("/settings", url.Values{"locale": {"es"}, "theme": {""}}) // whose words are longer
	for _, width := range []int64{320, 390, 768} {
		ana.size(width, 640)
		ana.open("/messages?room=1")
		ana.shoots(say("noscript-%d", width))
		ana.until("the text has the width of the box", box+`.clientWidth > 0.9 * document.querySelector('.composer__box').clientWidth`)
		ana.until("the buttons stand in one row", `Math.abs(document.querySelector('.send').getBoundingClientRect().top - document.querySelector('.composer__keep[formaction="/typing"]').getBoundingClientRect().top) < 10`)
		ana.until("nothing is wider than the window", `document.scrollingElement.scrollWidth <= innerWidth && document.querySelector('.send').getBoundingClientRect().right <= innerWidth`)
	}
	ana.fill("#text", "half a thought")
	ana.click(`.composer__keep[formaction="/typing"]`)
	ana.until("the draft is kept", box+`.value === 'half a thought'`)
	ana.click("noscript .emoji-open")
	ana.at("/emoji")
	ana.click(`[value="😀"]`)
	ana.until("the emoji is in the box", box+`.value === 'half a thought😀'`)
}

func TestWhatCannotBeReachedIsSaid(t *testing.T) {
	t.Parallel()
	s := serve(t)
	bob := s.program("Bob")
	ana := s.newcomer("Ana")
	ana.tolerate(noServer)
	bob.write("room=1", "hello")
	bob.write("with=2", "psst")
	ana.open("/messages?room=1")
	ana.live()
	const unreached = notice + ` === 'Charla cannot be reached. Try again.'`
	for _, deed := range []struct {
		what string
		do   func()
	}{
		{"the way back on a phone", func() { ana.size(320, 640); ana.click(".back--list") }},
		{"the menu of a message", func() {
			ana.hover(".message")
			ana.click(".message__menu")
		}},
		{"an emoji", func() { ana.click(".emoji-open--popover") }},
		{"somebody in the list", func() { ana.click("#with-1") }},
		{"a search", func() { ana.fill(".search input", "b") }},
	} {
		ana.size(1280, 800)
		ana.offline(true)
		ana.sends("waits")
		ana.until("it waits, and the page knows why", waiting+` !== '' && `+news+`.startsWith('You are offline')`)
		if ana.is(notice) {
			t.Fatalf("before %s, writing is said to fail: %s", deed.what, ask[string](ana, notice))
		}
		deed.do()
		ana.until("it is said that "+deed.what+" cannot be reached", unreached)
		ana.offline(false)
		ana.until("no more is said of it", notice+` === '' && `+ready)
		ana.press("\x1b")
	}
}

func TestTitlesOfPagesBesideTheList(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana, bob := s.newcomer("Ana"), s.program("Bob")
	bob.write("room=1", "hello")
	for path, title := range map[string]string{
		"/rooms": "Rooms · Charla", "/rooms/1": "General · Charla", "/messages/1": "Bob · Charla",
		"/people": "People · Charla", "/emoji?room=1": "Emoji · Charla",
	} {
		ana.open(path)
		ana.live()
		bob.write("with=1", "about "+path)
		ana.until("the page learned of it", say(`document.querySelector('#with-2 .pill')`))
		if got := ask[string](ana, `document.title`); got != title {
			t.Errorf("%s is called %q", path, got)
		}
		ana.open("/messages?with=2")
		ana.live()
	}
}

func TestTheSessionEndedElsewhere(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	ana.open("/rooms")
	ana.live()
	ana.click("#room-1")
	ana.opened("room=1")
	elsewhere := s.stranger()
	elsewhere.open("/login")
	elsewhere.logIn("Ana")
	elsewhere.at("/chat")
	elsewhere.program().sends("/settings/password", url.Values{"current": {password}, "password": {password + " 2"}})
	ana.until("it says why there is a form", `location.pathname === '/login' && document.querySelector('#form-err').innerText === 'You are signed out. Log in again to go on.'`)
	ana.fill("#email", email("Ana"))
	ana.fill("#password", password+" 2")
	ana.press("\r")
	ana.opened("room=1")
}

func TestOwnWordsComeIntoSight(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.program("Bob").write("room=1", numbered("line", 40)...)
	ana := s.newcomer("Ana")
	ana.open("/messages?room=1")
	ana.live()
	ana.until("the end is out of sight", `document.querySelector('#scroll').scrollTo(0, -300) || document.querySelector('#scroll').scrollTop < -200`)
	ana.write("my own")
	ana.until("the end is in sight", `document.querySelector('#scroll').scrollTop > -1`)
}

func TestTheBannerCoversNothing(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	ana.tolerate(noServer)
	ana.open("/messages?room=1")
	ana.live()
	ana.offline(true)
	ana.until("there is no connection", news)
	for _, width := range []int64{320, 768, 1280} {
		ana.size(width, 640)
		ana.until("the banner stands above the conversation", `(([b, c]) =>
			b.height > 0 && b.bottom <= c.top + 1 && b.left === c.left && b.right === c.right && c.bottom <= innerHeight)(
			['#connection', '#conv'].map(e => document.querySelector(e).getBoundingClientRect()))`)
		ana.fits("the banner", width)
	}
	ana.click("#room-1")
	ana.until("what was clicked did not open", notice)
	ana.offline(false)
	ana.until("no more is said of it", notice+` === ''`)
}
