package e2e

import "testing"

const count = `document.querySelectorAll('.messages > .message').length`

func TestOlderPagesComeOnScrollingUp(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	bob := s.program("Bob")
	all := numbered("line", 130)
	bob.write("room=1", all...)
	ana.open("/messages?room=1")
	ana.live()
	ana.until("the newest line is on screen", `(r => r.bottom <= innerHeight && r.top > 0)([...document.querySelectorAll('.message')].at(-1).getBoundingClientRect())`)
	for !ana.is(`document.querySelector('.beginning')`) {
		before := ask[int](ana, count)
		// The line at the top stays where it is while others are put above it.
		ask[bool](ana, `(() => {
			const scroll = document.querySelector('#scroll')
			scroll.scrollTop = -scroll.scrollHeight
			window.first = document.querySelector('.messages > .message')
			window.stood = first.getBoundingClientRect().top
			return true
		})()`)
		ana.until("older lines came", say(`%s > %d`, count, before))
		if jump := ask[float64](ana, `first.getBoundingClientRect().top - stood`); jump < -1 || jump > 1 {
			t.Errorf("the line that was read moved by %v pixels", jump)
		}
	}
	ana.reads(all...)

	bob.write("room=1", "news")
	all = append(all, "news")
	ana.reads(all...)
	if ana.is(`[...document.querySelectorAll('.message')].at(-1).getBoundingClientRect().top < innerHeight`) {
		t.Error("a new line pulled the reader down from the old ones")
	}
	ana.until("the way down says that there is something unread", `document.querySelector('.row[aria-current] .pill') && getComputedStyle(document.querySelector('.to-newest')).backgroundColor === getComputedStyle(document.querySelector('.send')).backgroundColor`)
	ana.click(".to-newest")
	ana.until("the news is on screen, and read", `[...document.querySelectorAll('.message')].at(-1).getBoundingClientRect().top < innerHeight && !document.querySelector('.to-newest, .row[aria-current] .pill')`)
}
