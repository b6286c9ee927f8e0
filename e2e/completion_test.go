package e2e

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// offered is a script for the labels that the composer offers.
const offered = `[...document.querySelectorAll('#completions .completion')].filter(e => e.checkVisibility())
	.map(e => e.querySelector('bdi').textContent).join()`

// highlighted is a script for the label of the choice that is highlighted for the eye and for a screen reader.
const highlighted = `(e => e?.ariaSelected === 'true' && e.querySelector('bdi').textContent)(
	document.getElementById(document.activeElement.getAttribute('aria-activedescendant')))`

// TestCompletion mentions people and inserts an emoji while typing, by keyboard, by mouse and on a phone.
func TestCompletion(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	s.newAPIUser("Bob")
	s.newAPIUser("Bobina").postMessages("room=1", "hello")
	ana.open("/messages?room=1")
	ana.waitForStream()

	ana.fill("#composer-text", "hi @bo")
	ana.waitUntil("who wrote last comes first", offered+` === 'Bobina,Bob' && `+highlighted+` === 'Bobina'`)
	ana.pressKeys(kb.ArrowUp)
	ana.waitUntil("before the first comes the last", highlighted+` === 'Bob'`)
	ana.pressKeys(kb.ArrowDown + kb.ArrowDown)
	ana.waitUntil("the last is highlighted", highlighted+` === 'Bob'`)
	eval[bool](ana, composer+`.dispatchEvent(new KeyboardEvent('keydown',
		{key: 'Enter', isComposing: true, bubbles: true, cancelable: true})) || true`)
	ana.waitUntil("an Enter of the input method picks nothing", composer+`.value === 'hi @bo' && `+highlighted+` === 'Bob'`)
	ana.pressKeys("\t")
	ana.waitUntil("the mention is in the text", composer+`.value === 'hi @bob ' && `+offered+` === '' && `+composerFocused)
	ana.typeText("and :tada")
	ana.waitUntil("emoji are offered", offered+`.startsWith(':tada:')`)
	ana.pressKeys(kb.Escape)
	ana.waitUntil("the list is closed", offered+` === '' && `+composerFocused)
	ana.pressKeys("\b")
	ana.waitUntil("emoji are offered again", offered+`.startsWith(':tada:')`)
	ana.click(".completion")
	ana.waitUntil("the emoji replaces the word", composer+`.value === 'hi @bob and 🎉' && `+composerFocused)
	ana.pressEnter()
	ana.waitForMessages("hello", "hi @bob and 🎉")

	ana.fill("#composer-text", "@bobi")
	ana.waitUntil("one person is offered", offered+` === 'Bobina'`)
	ana.pressKeys(kb.Home)
	ana.waitUntil("the list closes when the caret leaves the word", offered+` === ''`)
	ana.pressKeys(kb.End)
	ana.typeText("n")
	ana.waitUntil("one person is offered again", offered+` === 'Bobina'`)
	ana.typeText(" is")
	ana.waitUntil("the list closes after the word", offered+` === ''`)
	ana.pressEnter()
	ana.waitForMessages("hello", "hi @bob and 🎉", "@bobin is")

	ana.emulatePhone(320, 640)
	ana.fill("#composer-text", "@bobi")
	ana.waitUntil("one person is offered", offered+` === 'Bobina'`)
	ana.checkTargets("the list", "#completions")
	ana.checkFits("the list", 320)
	ana.click(".completion")
	ana.waitUntil("the mention is in the text", composer+`.value === '@bobina '`)
}
