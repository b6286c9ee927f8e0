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
	ana.waitUntil("the newest line is on screen",
		`(r => r.bottom <= innerHeight &&
		r.top > 0)([...document.querySelectorAll('.message')].at(-1).getBoundingClientRect())`)
	for !ana.isTrue(`document.querySelector('.conversation-start')`) {
		before := eval[int](ana, messageCount)
		// The line at the top stays where it is while others are put above it.
		eval[bool](ana, `(() => {
			const scroll = document.querySelector('#scroller')
			scroll.scrollTop = -scroll.scrollHeight
			window.first = document.querySelector('.messages > .message')
			window.stood = first.getBoundingClientRect().top
			return true
		})()`)
		ana.waitUntil("older lines came", sprintf(`%s > %d`, messageCount, before))
		if jump := eval[float64](ana, `first.getBoundingClientRect().top - stood`); jump < -1 || jump > 1 {
			t.Errorf("the line that was read moved by %v pixels", jump)
		}
	}
	ana.waitForMessages(all...)

	bob.postMessages("room=1", "news")
	all = append(all, "news")
	ana.waitForMessages(all...)
	if ana.isTrue(`[...document.querySelectorAll('.message')].at(-1).getBoundingClientRect().top < innerHeight`) {
		t.Error("a new line pulled the reader down from the old ones")
	}
	ana.waitUntil("the way down says that there is something unread",
		`document.querySelector('.list-row[aria-current] .unread-badge') &&
		getComputedStyle(document.querySelector('.scroll-to-newest')).backgroundColor === getComputedStyle(document.querySelector('.send-button')).backgroundColor`)
	ana.click(".scroll-to-newest")
	ana.waitUntil("the news is on screen, and read",
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
	ana.waitUntil("the end is out of sight",
		`document.querySelector('#scroller').scrollTo(0, -300) || document.querySelector('#scroller').scrollTop < -200`)
	ana.sendMessage("my own")
	ana.waitUntil("the end is in sight", `document.querySelector('#scroller').scrollTop > -1`)
}
