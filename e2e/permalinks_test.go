package e2e

import "testing"

// markedOnScreen is a script that is true if the message that a link leads to is marked and on the screen.
const markedOnScreen = `(r => r.top > 0 && r.bottom < innerHeight)(document
	.querySelector('.marked-message + .message:target').getBoundingClientRect())`

// readToTheEnd scrolls down from a place in a conversation until no newer messages follow. No message may move when
// newer ones are added.
func (b *tab) readToTheEnd() {
	b.Helper()
	for b.isTrue(`document.querySelector('.newer-link')`) {
		before := eval[int](b, messageCount)
		eval[bool](b, `(() => {
			const end = document.querySelector('.newer-link').getBoundingClientRect().top
			const scroller = document.querySelector('#scroller')
			scroller.scrollBy(0, end - scroller.getBoundingClientRect().bottom + 20)
			window.last = [...document.querySelectorAll('#window-messages > .message')].at(-1)
			window.stood = last.getBoundingClientRect().top
			return true
		})()`)
		b.waitUntil("newer messages arrived", sprintf(`%s > %d`, messageCount, before))
		if jump := eval[float64](b, `last.getBoundingClientRect().top - stood`); jump < -1 || jump > 1 {
			b.Errorf("the last message moved by %v pixels", jump)
		}
	}
}

// TestLinkToAMessage opens a link to an old message, scrolls down from there to the newest one and up to the first. No
// message on the screen moves while others are added, and in the end every message is there once.
func TestLinkToAMessage(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	bob := s.newAPIUser("Bob")
	all := numberedTexts("line", 160)
	bob.postMessages("room=1", all...)
	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.waitUntil("a bar leads to the first unread message",
		`document.querySelector('.unread-bar').innerText.startsWith('160 new since')`)
	ana.click(".unread-bar")
	ana.waitForStream()
	ana.waitUntil("the first unread message is marked and on the screen",
		`(r => r.top > 0 && r.bottom < innerHeight)(document
			.querySelector('.unread-divider + .marked-message + .message:target').getBoundingClientRect())`)

	ana.open("/messages?room=1&around=70")
	ana.waitForStream()
	ana.waitUntil("the message is on the screen without a fragment in the address",
		`(r => r.top > 0 && r.bottom < innerHeight)(document
			.querySelector('.marked-message + #m-70').getBoundingClientRect())`)
	bob.postMessages("room=1", "news")
	all = append(all, "news")
	ana.readToTheEnd()
	bob.postMessages("room=1", "live news")
	all = append(all, "live news")
	ana.waitUntil("new messages are added at the end", `document.querySelector('#messages > .message')`)
	for !ana.isTrue(`document.querySelector('.conversation-start')`) {
		before := eval[int](ana, messageCount)
		eval[bool](ana, `(document.querySelector('#scroller').scrollTo(0, -1e6), true)`)
		ana.waitUntil("older messages arrived", sprintf(`%s > %d`, messageCount, before))
	}
	ana.waitForMessages(all...)

	ana.open("/messages?room=1&around=30")
	ana.waitForStream()
	ana.sendMessage("my own")
	ana.waitUntil("an own message leads to the newest messages",
		`location.search === '?room=1' && document.querySelector('#messages > .message:last-child').innerText.includes('my own')`)
}
