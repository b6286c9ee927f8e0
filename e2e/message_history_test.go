package e2e

import "testing"

const messageCount = `document.querySelectorAll('.messages > .message').length`

func TestScrollingUpLoadsOlderMessages(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	bob := s.newAPIUser("Bob")
	all := numberedTexts("line", 130)
	bob.postMessages("room=1", all...)
	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.waitUntil("the newest message is on the screen",
		`(r => r.bottom <= innerHeight &&
		r.top > 0)([...document.querySelectorAll('.message')].at(-1).getBoundingClientRect())`)
	for !ana.isTrue(`document.querySelector('.conversation-start')`) {
		before := eval[int](ana, messageCount)
		// The first message must not move while older ones are inserted above it.
		eval[bool](ana, `(() => {
			const scroll = document.querySelector('#scroller')
			scroll.scrollTop = -scroll.scrollHeight
			window.first = document.querySelector('.messages > .message')
			window.stood = first.getBoundingClientRect().top
			return true
		})()`)
		ana.waitUntil("older messages arrived", sprintf(`%s > %d`, messageCount, before))
		if jump := eval[float64](ana, `first.getBoundingClientRect().top - stood`); jump < -1 || jump > 1 {
			t.Errorf("the first message moved by %v pixels", jump)
		}
	}
	ana.waitForMessages(all...)

	bob.postMessages("room=1", "news")
	all = append(all, "news")
	ana.waitForMessages(all...)
	if ana.isTrue(`[...document.querySelectorAll('.message')].at(-1).getBoundingClientRect().top < innerHeight`) {
		t.Error("a new message scrolled the page to the end")
	}
	ana.waitUntil("the button to the newest message shows that there are unread messages",
		`document.querySelector('.list-row[aria-current] .unread-badge') &&
		(([a, b]) => a === b)(['.scroll-to-newest', '.send-button']
			.map(e => getComputedStyle(document.querySelector(e)).backgroundColor))`)
	ana.click(".scroll-to-newest")
	ana.waitUntil("the new message is on the screen, and read",
		`[...document.querySelectorAll('.message')].at(-1).getBoundingClientRect().top < innerHeight &&
		!document.querySelector('.scroll-to-newest, .list-row[aria-current] .unread-badge')`)
}

func TestOwnMessageScrollsIntoView(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.newAPIUser("Bob").postMessages("room=1", numberedTexts("line", 40)...)
	ana := s.newUser("Ana")
	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.waitUntil("the newest message is out of view",
		`document.querySelector('#scroller').scrollTo(0, -300) || document.querySelector('#scroller').scrollTop < -200`)
	ana.sendMessage("my own")
	ana.waitUntil("the newest message is in view", `document.querySelector('#scroller').scrollTop > -1`)
}
