package e2e

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// The menu is open and filled, or shut.
const (
	menuOpen = `document.querySelector('#menu:popover-open:not(.htmx-request) #deeds > *')`
	shut     = `!document.querySelector('#menu:popover-open')`
)

// onItsButton is true when what opens the menu of a message has the focus.
func onItsButton(n int) string {
	return say(`document.activeElement.matches('%s .message__menu')`, line(n))
}

// menuFor opens the menu of a message.
func (b *tab) menuFor(n int) {
	b.Helper()
	b.hover(line(n))
	b.click(line(n) + " .message__menu")
	b.until("the menu is open", menuOpen)
}

// reactsWith opens the picker in the menu of a message, and chooses what a word finds.
func (b *tab) reactsWith(n int, word, emoji string) {
	b.Helper()
	b.menuFor(n)
	b.click("#menu a.emoji")
	b.until("the picker is in the menu, and one can search", `document.querySelector('#menu:popover-open #menu-emoji') && document.activeElement.matches('#menu [name=q]')`)
	b.typ(word)
	b.until(word+" finds "+emoji, say(`(all => all.length < 20 && all.some(e => e.value === %q))([...document.querySelectorAll('#menu-emoji button')])`, emoji))
	b.click(say(`#menu-emoji [value="%s"]`, emoji))
	b.until("the menu is shut, and the focus where it was opened", shut+` && `+onItsButton(n))
}

func TestTheMenuByKeyboard(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	bob := s.program("Bob")
	bob.write("with=1", "Hello Ana")
	ana.open("/messages?with=2")
	ana.live()
	ana.reads("Hello Ana")
	ask[bool](ana, `(document.querySelector('#scroll').focus(), true)`)
	ana.tabTo(".message__menu")
	ana.press("\r")
	ana.until("the menu is open", menuOpen)
	ana.press("\x1b")
	ana.until("Escape shuts it and gives the focus back", shut+` && document.activeElement.matches('.message__menu')`)
	ana.press("\r")
	ana.until("the menu is open", menuOpen)
	ana.tabTo(`#menu .emoji[value="😂"]`)
	ana.press("\r")
	ana.until("the reaction is there, and the focus back", reacted(1)+` === '😂 1' && `+shut+` && `+onItsButton(1))
	bob.sends("/messages/1/reactions", url.Values{"emoji": {"😂"}})
	ana.until("Bob laughs too", reacted(1)+` === '😂 2'`)
	ask[bool](ana, `(document.querySelector('.message__time').focus(), true)`)
	ana.tabTo("#m-1 .reaction")
	for _, want := range []string{"😂 1", "😂 2"} {
		ana.press("\r")
		ana.until("the focus stays while the line is replaced", reacted(1)+say(` === '%s' && document.activeElement.matches('#m-1 .reaction')`, want))
	}
	ana.tabTo("#text")

	ask[bool](ana, `(document.querySelector('#m-1 .message__menu').focus(), true)`)
	ana.press("\r")
	ana.until("the menu is open", menuOpen)
	ana.tabTo("#menu a.emoji")
	ana.press("\r")
	ana.until("the picker is in the menu, and one can search", `document.activeElement.matches('#menu [name=q]')`)
	ana.press("\x1b")
	ana.until("Escape shuts it and gives the focus back", shut+` && `+onItsButton(1))
	ana.press("\r")
	ana.until("the menu begins anew", menuOpen+` && !document.querySelector('#menu-emoji')`)
	ana.tabTo("#menu a.emoji")
	ana.press("\r")
	ana.until("the picker is in the menu", `document.activeElement.matches('#menu [name=q]')`)
	ana.typ("pizza")
	ana.until("the search found it", `document.querySelector('#menu-emoji button').value === '🍕'`)
	ana.tabTo(`#menu-emoji [value="🍕"]`)
	ana.press("\r")
	ana.until("the reaction is there, and the focus back", reacted(1)+` === '😂 2,🍕 1' && `+shut+` && `+onItsButton(1))
	bob.sends("/messages/1/reactions", url.Values{"emoji": {"🍕"}})
	ana.until("the focus stays while the line is replaced", reacted(1)+` === '😂 2,🍕 2' && `+onItsButton(1))
}

// menuOnScreen is true when nothing of the menu is cut off.
const menuOnScreen = `(r => r.left >= 0 && r.right <= innerWidth && r.top >= 0 && r.bottom <= innerHeight)(document.querySelector('#menu').getBoundingClientRect())`

func TestTheMenuOnAPhone(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	s.program("Bob").write("with=1", "Hello Ana", strings.Repeat("a long line ", 40), "one more")
	for _, width := range []int64{360, 320} {
		ana.size(width, 640)
		do(ana, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
		ana.open("/messages?with=2")
		ana.live()
		for n := 1; n <= 3; n++ {
			ana.until("the button can be seen", say(`(e => getComputedStyle(e).opacity === '1' && e.getBoundingClientRect().width >= 24 && e.getBoundingClientRect().height >= 24)(document.querySelector('%s .message__menu'))`, line(n)))
		}
		ana.click("#m-2 .message__menu")
		ana.until("the menu is open, and whole on the screen", menuOpen+` && `+menuOnScreen)
		ana.fits("the menu", width)
		ana.click("#menu a.emoji")
		ana.until("the picker is whole on the screen", `document.querySelector('#menu-emoji') && `+menuOnScreen)
		ana.fits("the picker", width)
		ana.press("\x1b")
		ana.until("the menu is shut", shut)
		ana.click("#m-2 .message__menu")
		ana.until("the menu is open", menuOpen)
		ana.click(`#menu .emoji[value="👍"]`)
		ana.until("the menu is shut", shut)
	}
	ana.until("twice is not at all", reacted(2)+` === ''`)
}

// TestTheFocusIsNotStolen: the answer of the menu comes late, when one has gone on to write.
func TestTheFocusIsNotStolen(t *testing.T) {
	t.Parallel()
	s := serve(t)
	slow := s.slowly(t)
	ana := s.stranger()
	ana.addr = slow.addr
	ana.register("Ana")
	ana.at("/chat")
	ana.open("/messages?room=1")
	ana.live()
	ana.write("Hello")
	ana.menuFor(2) // the first change of the room is that she came
	slow.hold(1000)
	ana.click(`#menu .emoji[value="🎉"]`)
	ana.press("\x1b")
	ana.click("#text")
	ana.until("one writes, and the answer is still to come", inTheBox+` && `+shut+` && document.querySelector('#menu #deeds > *')`)
	ana.until("the answer came, and one writes on", `!document.querySelector('#menu #deeds > *') && `+inTheBox)
}
