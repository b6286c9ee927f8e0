package e2e

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// Scripts for the state of the message menu: whether it is open and filled, or closed.
const (
	menuOpen   = `document.querySelector('#message-menu:popover-open:not(.htmx-request) #message-actions > *')`
	menuClosed = `!document.querySelector('#message-menu:popover-open')`
)

// menuButtonFocused is a script that is true if the menu button of the nth message has the focus.
func menuButtonFocused(n int) string {
	return sprintf(`document.activeElement.matches('%s .message__menu-button')`, messageSelector(n))
}

// openMenu opens the menu of the nth message.
func (b *tab) openMenu(n int) {
	b.Helper()
	b.hover(messageSelector(n))
	b.click(messageSelector(n) + " .message__menu-button")
	b.waitUntil("the menu is open", menuOpen)
}

func TestMessageMenuByKeyboard(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	bob := s.newAPIUser("Bob")
	bob.postMessages("with=1", "Hello Ana")
	ana.open("/messages?with=2")
	ana.waitForStream()
	ana.waitForMessages("Hello Ana")
	eval[bool](ana, `(document.querySelector('#scroller').focus(), true)`)
	ana.tabTo(".message__menu-button")
	ana.pressKeys("\r")
	ana.waitUntil("the menu is open", menuOpen)
	ana.pressKeys("\x1b")
	ana.waitUntil("Escape closes the menu, and the focus is back on the button",
		menuClosed+` && document.activeElement.matches('.message__menu-button')`)
	ana.pressKeys("\r")
	ana.waitUntil("the menu is open", menuOpen)
	ana.tabTo(`#message-menu .emoji-option[value="😂"]`)
	ana.pressKeys("\r")
	ana.waitUntil("the reaction is shown, and the focus is back on the button",
		reactionsOf(1)+` === '😂 1' && `+menuClosed+` && `+menuButtonFocused(1))
	bob.mustPost("/messages/1/reactions", url.Values{"emoji": {"😂"}})
	ana.waitUntil("both reactions are shown", reactionsOf(1)+` === '😂 2'`)
	eval[bool](ana, `(document.querySelector('.message__time').focus(), true)`)
	ana.tabTo("#m-1 .reaction")
	for _, want := range []string{"😂 1", "😂 2"} {
		ana.pressKeys("\r")
		ana.waitUntil("the focus stays while the message is replaced",
			reactionsOf(1)+sprintf(` === '%s' && document.activeElement.matches('#m-1 .reaction')`, want))
	}
	ana.tabTo("#composer-text")

	eval[bool](ana, `(document.querySelector('#m-1 .message__menu-button').focus(), true)`)
	ana.pressKeys("\r")
	ana.waitUntil("the menu is open", menuOpen)
	ana.tabTo("#message-menu a.emoji-option")
	ana.pressKeys("\r")
	ana.waitUntil("the picker is in the menu, and the search has the focus",
		`document.activeElement.matches('#message-menu [name=q]')`)
	ana.pressKeys("\x1b")
	ana.waitUntil("Escape closes the menu, and the focus is back on the button", menuClosed+` && `+menuButtonFocused(1))
	ana.pressKeys("\r")
	ana.waitUntil("the menu starts without the picker", menuOpen+` && !document.querySelector('#message-menu-emoji')`)
	ana.tabTo("#message-menu a.emoji-option")
	ana.pressKeys("\r")
	ana.waitUntil("the picker is in the menu", `document.activeElement.matches('#message-menu [name=q]')`)
	ana.typeText("pizza")
	ana.waitUntil("the search found it", `document.querySelector('#message-menu-emoji button').value === '🍕'`)
	ana.pressKeys("\r")
	ana.waitUntil("the reaction is shown, and the focus is back on the button",
		reactionsOf(1)+` === '😂 2,🍕 1' && `+menuClosed+` && `+menuButtonFocused(1))
	bob.mustPost("/messages/1/reactions", url.Values{"emoji": {"🍕"}})
	ana.waitUntil("the focus stays while the message is replaced",
		reactionsOf(1)+` === '😂 2,🍕 2' && `+menuButtonFocused(1))
}

// menuOnScreen is a script that is true if the whole menu is on the screen.
const menuOnScreen = `(r => r.left >= 0 && r.right <= innerWidth && r.top >= 0 &&
	r.bottom <= innerHeight)(document.querySelector('#message-menu').getBoundingClientRect())`

func TestMessageMenuOnPhone(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	s.newAPIUser("Bob").postMessages("with=1", "Hello Ana", strings.Repeat("a long line ", 40), "one more")
	for _, width := range []int64{360, 320} {
		ana.setSize(width, 640)
		call(ana, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
		ana.open("/messages?with=2")
		ana.waitForStream()
		for n := 1; n <= 3; n++ {
			ana.waitUntil("the button can be seen",
				sprintf(`(e => getComputedStyle(e).opacity === '1' && e.getBoundingClientRect().width >= 24 &&
				e.getBoundingClientRect().height >= 24)(document.querySelector('%s .message__menu-button'))`, messageSelector(n)))
		}
		ana.click("#m-2 .message__menu-button")
		ana.waitUntil("the whole menu is on the screen", menuOpen+` && `+menuOnScreen)
		ana.checkFits("the menu", width)
		ana.click("#message-menu a.emoji-option")
		ana.waitUntil("the whole picker is on the screen",
			`document.querySelector('#message-menu-emoji') && `+menuOnScreen)
		ana.checkFits("the picker", width)
		ana.pressKeys("\x1b")
		ana.waitUntil("the menu is closed", menuClosed)
		ana.click("#m-2 .message__menu-button")
		ana.waitUntil("the menu is open", menuOpen)
		ana.click(`#message-menu .emoji-option[value="👍"]`)
		ana.waitUntil("the menu is closed", menuClosed)
	}
	ana.waitUntil("the second click removed the reaction", reactionsOf(2)+` === ''`)
}

// TestMenuDoesNotStealFocus delays the response of a menu action until the user has moved on to the composer.
func TestMenuDoesNotStealFocus(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	slow := s.newSlowProxy(t)
	ana := s.newBrowser()
	ana.addr = slow.addr
	ana.register("Ana")
	ana.waitForPath("/chat")
	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.sendMessage("Hello")
	ana.openMenu(2) // seq 1 of the room is her joining
	slow.setDelay(1000)
	ana.click(`#message-menu .emoji-option[value="🎉"]`)
	ana.pressKeys("\x1b")
	ana.click("#composer-text")
	ana.waitUntil("the composer has the focus, and the response is pending",
		composerFocused+` && `+menuClosed+` && document.querySelector('#message-menu #message-actions > *')`)
	ana.waitUntil("the response arrived, and the composer still has the focus",
		`!document.querySelector('#message-menu #message-actions > *') && `+composerFocused)
}

// menuFailed is a script that is true if the menu says that it could not be loaded, and offers no action.
const menuFailed = `(m => m && m.innerText.trim() === 'Something went wrong. Try again.' &&
	!m.querySelector('form, a, button'))(document.querySelector('#message-menu:popover-open:not(.htmx-request)'))`

// menuBesideButton is a script that is true if the open menu is directly above or below the button of the nth message,
// with the same right edge.
func menuBesideButton(n int) string {
	return sprintf(`((m, b) => Math.abs(m.right - b.right) < 2 && (Math.abs(m.top - b.bottom) < 8 ||
		Math.abs(m.bottom - b.top) < 8))(document.querySelector('#message-menu').getBoundingClientRect(),
			document.querySelector('%s .message__menu-button').getBoundingClientRect())`, messageSelector(n))
}

func TestMenuActsOnItsOwnMessage(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	cable := s.newFlakyProxy(t)
	s.newUser("Bob")
	ana := s.newBrowser()
	ana.addr = cable.addr
	ana.register("Ana")
	ana.waitForPath("/chat")
	ana.open("/messages?with=1")
	ana.waitForStream()
	ana.allowErrors(serverDownErrors)
	ana.sendMessage("precious")
	ana.sendMessage("trash")
	ana.openMenu(1)
	ana.waitUntil("the menu is about the first message",
		`document.querySelector('#message-menu').innerText.includes('precious')`)
	ana.pressKeys("\x1b")
	cable.cut()
	ana.waitForNoStream()
	ana.hover(messageSelector(2))
	ana.click(messageSelector(2) + " .message__menu-button")
	ana.waitUntil("loading the menu of the second message failed", menuFailed)
	cable.restore()
	ana.waitUntil("the menu still shows the error", menuFailed)
	ana.pressKeys("\x1b")
	ana.openMenu(2)
	ana.waitUntil("the menu is about the second message",
		`document.querySelector('#message-menu').innerText.includes('trash')`)
	ana.pressKeys("\x1b")
	ana.openMenu(2)
	ana.click("#message-menu details:nth-of-type(2) summary")
	ana.click("#message-menu .button--danger")
	ana.waitForMessages("precious", "This message was deleted.")
}

// menuTop is a script for the distance of the open menu from the top of the window.
const menuTop = `Math.round(document.querySelector('#message-menu:popover-open').getBoundingClientRect().top)`

// TestOpenMenuStays opens the menu beside its button. Then it must stay where it is, although its message moves, changes
// and disappears.
func TestOpenMenuStays(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newAPIUser("Bob")
	ana.open("/messages?with=2")
	ana.waitForStream()
	ana.sendMessage("Hello")
	ana.openMenu(1)
	ana.waitUntil("the menu is at its button", menuBesideButton(1)+` && `+menuOnScreen)
	top := eval[int](ana, menuTop)
	stays := sprintf(menuOpen+` && %s === %d && `+menuOnScreen, menuTop, top)
	const buttonTop = `document.querySelector('#m-1').getBoundingClientRect().top`
	before := eval[float64](ana, buttonTop)
	bob.postMessages("with=1", numberedTexts("news", 4)...)
	ana.waitUntil("new messages moved the message, and the menu stays",
		sprintf(`%s < %f - 40 && %s`, buttonTop, before, stays))
	bob.mustPost("/messages/1/reactions", url.Values{"emoji": {"🎉"}})
	ana.waitUntil("the reaction arrived, and the menu stays", reactionsOf(1)+` === '🎉 1' && `+stays)
	ana.click("#message-menu details:nth-of-type(1) summary")
	ana.waitUntil("the longer menu stays", stays)
	ana.api().mustPost("/messages/1/edit", url.Values{"body": {"Hello, Bob"}})
	ana.waitUntil("the edited message arrived, and the menu stays",
		sprintf(`document.querySelector('#m-1 .message__body').innerText.trim() === 'Hello, Bob' && %s`, stays))
	ana.pressKeys("\x1b")
	ana.waitUntil("the menu is closed", menuClosed)
	ana.openMenu(1)
	ana.waitUntil("the menu is at its button again", menuBesideButton(1)+` && `+menuOnScreen)
	top = eval[int](ana, menuTop)
	eval[bool](ana, `(document.querySelector('#menu-button-1').remove(), true)`)
	ana.waitUntil("without its button the menu stays", sprintf(menuOpen+` && %s === %d`, menuTop, top))
	ana.api().mustPost("/messages/1/delete", nil)
	ana.waitUntil("the menu is closed", menuClosed)
	ana.waitUntil("the focus is on the time of the deleted message",
		`document.activeElement.matches('#m-1 .message__time')`)
}

func TestMessageMenuIsAccessible(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newBrowser()
	ana.disableCSP()
	ana.register("Ana")
	ana.waitForPath("/chat")
	bob := s.newAPIUser("Bob")
	bob.postMessages("with=1", "Hello Ana", "to be deleted")
	ana.api().postMessages("with=2", "Hello Bob")
	ana.api().mustPost("/messages/3/edit", url.Values{"body": {"Hello, Bob"}})
	bob.mustPost("/messages/2/delete", nil)
	for _, emoji := range []string{"👍", "🎉", "❤️"} {
		bob.mustPost("/messages/3/reactions", url.Values{"emoji": {emoji}})
	}
	ana.api().mustPost("/messages/3/reactions", url.Values{"emoji": {"🎉"}})
	for _, width := range []int64{1280, 360} {
		ana.setSize(width, 740)
		ana.open("/messages?with=2")
		ana.waitForStream()
		ana.checkAccessibility("lines with reactions")
		ana.openMenu(3)
		ana.click("#message-menu details:nth-of-type(1) summary")
		ana.click("#message-menu details:nth-of-type(2) summary")
		ana.checkAccessibility("the menu")
		ana.click("#message-menu a.emoji-option")
		ana.waitUntil("the picker is in the menu", `document.querySelector('#message-menu-emoji')`)
		ana.checkAccessibility("the menu with the picker")
		ana.open("/messages/3")
		ana.checkAccessibility("the page of a message")
		ana.checkFits("the page of a message", width)
	}
	answer, _ := bob.post("/messages/3/edit", url.Values{"body": {"x"}})
	if !slices.Contains([]int{http.StatusForbidden}, answer.StatusCode) {
		t.Errorf("another's message: %s", answer.Status)
	}
}
