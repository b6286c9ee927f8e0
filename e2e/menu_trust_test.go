package e2e

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// What is pressed in the menu happens to the message for which it was opened.

// menuFailed is true when the menu says that it could not be had, and offers nothing.
const menuFailed = `(m => m && m.innerText.trim() === 'This did not work. Try again.' && !m.querySelector('form, a, button'))(document.querySelector('#menu:popover-open:not(.htmx-request)'))`

// besideItsButton is true when the open menu stands above or below the button of a line, and ends where it ends.
func besideItsButton(n int) string {
	return say(`((m, b) => Math.abs(m.right - b.right) < 2 && (Math.abs(m.top - b.bottom) < 8 || Math.abs(m.bottom - b.top) < 8))(document.querySelector('#menu').getBoundingClientRect(), document.querySelector('%s .message__menu').getBoundingClientRect())`, line(n))
}

func TestTheMenuNeverActsOnAnotherMessage(t *testing.T) {
	t.Parallel()
	s := serve(t)
	cable := s.cable(t)
	s.newcomer("Bob")
	ana := s.stranger()
	ana.addr = cable.addr
	ana.register("Ana")
	ana.at("/chat")
	ana.open("/messages?with=1")
	ana.live()
	ana.tolerate(noServer)
	ana.write("precious")
	ana.write("trash")
	ana.menuFor(1)
	ana.until("it is about the first", `document.querySelector('#menu').innerText.includes('precious')`)
	ana.press("\x1b")
	cable.cut()
	ana.gone()
	ana.hover(line(2))
	ana.click(line(2) + " .message__menu")
	ana.until("the menu of the second failed", menuFailed)
	cable.mend()
	ana.until("it does not come to hold the first", menuFailed)
	ana.press("\x1b")
	ana.menuFor(2)
	ana.until("it is about the second", `document.querySelector('#menu').innerText.includes('trash')`)
	ana.press("\x1b")
	ana.menuFor(2)
	ana.click("#menu details:nth-of-type(2) summary")
	ana.click("#menu .button--grave")
	ana.reads("precious", "This message was deleted.")
}

func TestTheOpenMenuStaysAtItsLine(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana, bob := s.newcomer("Ana"), s.program("Bob")
	ana.open("/messages?with=2")
	ana.live()
	ana.write("Hello")
	ana.menuFor(1)
	ana.until("it stands at its button", besideItsButton(1))
	bob.sends("/messages/1/reactions", url.Values{"emoji": {"🎉"}})
	ana.until("the reaction came, and the menu stays where it was", reacted(1)+` === '🎉 1' && `+menuOpen+` && `+besideItsButton(1))
	ana.program().sends("/messages/1/edit", url.Values{"body": {"Hello, Bob"}})
	ana.reads("Hello, Bob")
	ana.until("the menu stays where it was", menuOpen+` && `+besideItsButton(1))
	ask[bool](ana, `(document.querySelector('#d-1').remove(), true)`)
	ana.until("without its button it is not in a corner", menuOpen+` && `+menuOnScreen+` && document.querySelector('#menu').getBoundingClientRect().left > 100`)
	ana.program().sends("/messages/1/delete", nil)
	ana.reads("This message was deleted.")
	ana.until("there is nothing more to do", shut)
	ana.until("the focus is on what is left of the line", `document.activeElement.matches('#m-1 .message__time')`)
}

func TestRewriting(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	s.program("Bob")
	ana.open("/messages?with=2")
	ana.live()
	ana.write("Hello")
	rewritten := `document.querySelector('#menu textarea')?.value`
	inTheText := `document.activeElement.matches('#menu details[open] textarea')`
	ana.menuFor(1)
	ana.click("#menu details:nth-of-type(1) summary")
	ana.until("one can write", inTheText)
	ana.typ(", Bob")
	ana.click(".conv__name")
	ana.until("a click beside it shuts the menu", shut)
	ana.menuFor(1)
	ana.until("what was written is still there", rewritten+` === 'Hello, Bob' && `+inTheText)
	ana.press("\r", chromedp.ModifierShift)
	ana.typ("How are you?")
	ana.press("\r")
	ana.reads("Hello, Bob\nHow are you?")
	ana.until("the menu is shut", shut)
	ana.program().sends("/messages/1/edit", url.Values{"body": {"Hi"}})
	ana.reads("Hi")
	ana.menuFor(1)
	ana.until("it begins with what is there now", rewritten+` === 'Hi' && !document.querySelector('#menu details[open]')`)
	ana.click("#menu details:nth-of-type(1) summary")
	ana.typ("!!")
	ana.click("#menu details:nth-of-type(1) .deeds__cancel")
	ana.until("the menu is shut", shut)
	ana.menuFor(1)
	ana.until("what was cancelled is gone", rewritten+` === 'Hi' && !document.querySelector('#menu details[open]')`)
}

func TestNothingHidesTheWords(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana, bob := s.newcomer("Ana"), s.program("Bob")
	bob.write("with=1", "first", strings.Repeat("many words ", 40), strings.Repeat("كلمات كثيرة ", 40))
	for _, e := range strings.Fields("👍 🎉 ❤️ 😂 😮 😢 🔥 👀 🍕 🚀 ☕ 🎂 🐙 🌵 🍀 🎈 🎁 🏆 🧩 🪁") {
		bob.sends("/messages/2/reactions", url.Values{"emoji": {e}})
	}
	for _, width := range []int64{1280, 700, 320} {
		ana.size(width, 740)
		ana.open("/messages?with=2")
		ana.live()
		for n := 1; n <= 3; n++ {
			ana.hover(line(n) + " .message__body")
			ana.until("neither the button nor the time covers the text", say(`(l => [...l.querySelectorAll('.message__menu, :scope > .message__line > .message__time')].every(e => {
				const a = e.getBoundingClientRect(), b = l.querySelector('.message__body').getBoundingClientRect()
				return a.right <= b.left + 1 || a.left >= b.right - 1
			}))(document.querySelector('%s'))`, line(n)))
		}
	}
	ana.until("reactions go as far as the line does", `(r => (f => Math.max(...r.map(e => e.right)) > f.right - Math.max(...r.map(e => e.width)) - 5)(document.querySelector('#m-2 .message__line').getBoundingClientRect()))([...document.querySelectorAll('#m-2 .reaction')].map(e => e.getBoundingClientRect()))`)
	ana.fits("reactions", 320)
}
