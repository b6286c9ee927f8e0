package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

func TestEnterSends(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.open("/messages?room=1")
	ana.waitForStream()

	ana.fill("#composer-text", "once")
	ana.pressKeys("\r\r\r")
	ana.waitForMessages("once")

	ana.waitUntil("the caret is back in the empty composer", composerReady+` && document.activeElement === `+composer)
	ana.typeText("and again")
	ana.pressKeys("\r")
	ana.waitForMessages("once", "and again")
	ana.waitUntil("the composer is ready", composerReady)

	ana.fill("#composer-text", "two")
	ana.pressKeys("\r", chromedp.ModifierShift)
	ana.typeText("lines")
	ana.waitUntil("the composer holds two lines", composer+`.value === 'two\nlines'`)
	ana.pressKeys("\r")
	ana.waitForMessages("once", "and again", "two\nlines")

	ana.click("#composer-text")
	call(ana, input.ImeSetComposition, input.ImeSetCompositionParams{Text: "にほん", SelectionStart: 3, SelectionEnd: 3})
	ana.waitUntil("a word is being composed", composer+`.value === 'にほん'`)
	ana.pressKeys("\r")
	ana.typeText("日本")
	ana.waitUntil("Enter during the composition sent nothing", composer+`.value.includes('日本')`)
	ana.waitForMessages("once", "and again", "two\nlines")

	ana.click(".send-button")
	ana.waitUntil("the button sends too", sprintf(`%s.length === 4`, messageTexts))
	ana.waitUntil("the composer has the focus again", composerReady+` && document.activeElement === `+composer)
	ana.typeText("the next words")
	ana.waitUntil("they are in the composer", composer+`.value === 'the next words'`)
}

func TestRejectedTextReturnsToComposer(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.allowErrors(`status of 422`, serverDownErrors)
	ana.open("/messages?room=1")
	ana.waitForStream()

	long := strings.Repeat("long ", 1000)
	ana.fill("#composer-text", long)
	ana.pressKeys("\r")
	ana.waitUntil("the page shows the reason", `document.querySelector('#send-error').innerText.length > 5`)
	ana.waitForComposerText(long)
	ana.waitUntil("the queue is empty", queueEmpty)

	ana.click("#composer-text")
	ana.pressKeys("a", chromedp.ModifierCtrl)
	ana.typeText("short enough")
	ana.pressKeys("\r")
	ana.waitForMessages("short enough")
	ana.waitUntil("the error is gone", `document.querySelector('#send-error').innerText === ''`)

	s.stop()
	ana.fill("#composer-text", "into the void")
	ana.pressKeys("\r")
	ana.waitUntil("the text is queued while the server is down", queuedTexts+` === 'into the void'`)
	s.start()
	ana.waitForStream()
	ana.waitForMessages("short enough", "into the void")
}

func TestEnterOnTouchScreenAddsLine(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.run(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch))
	ana.open("/messages?room=1")
	ana.waitForStream()
	if !ana.isTrue(`matchMedia('(hover: none) and (pointer: coarse)').matches`) {
		t.Fatal("the browser does not emulate a touch screen")
	}
	ana.fill("#composer-text", "two")
	ana.pressKeys("\r")
	ana.typeText("lines")
	ana.waitUntil("the composer holds two lines", composer+`.value === 'two\nlines'`)
	ana.tap(".send-button")
	ana.waitForMessages("two\nlines")
	ana.waitUntil("the composer has the focus again", composerReady+` && document.activeElement === `+composer)
}

// composer is a script for the text field in which messages are written. composerReady is true when the field is empty
// and the send queue has nothing left to send.
const (
	composer      = `document.querySelector('#composer-text')`
	composerReady = composer + `.value === '' && ` + queueEmpty
)

func TestTypingWhileSending(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	slow := s.newSlowProxy(t)
	ana := slow.newUser(s, "Ana")
	slow.setDelay(500)
	all := numberedTexts("quick thought", 4)
	for _, text := range all {
		ana.fill("#composer-text", text[:7])
		ana.typeText(text[7:])
		ana.pressKeys("\r")
	}
	ana.typeText("and on")
	ana.waitUntil("the composer contains what was typed since",
		composer+`.value === 'and on' && document.activeElement === `+composer)
	slow.setDelay(0)
	ana.waitUntil("all messages are sent", sprintf(`%s === ''`, queuedTexts))
	ana.waitUntil("the composer still contains it", composer+`.value === 'and on'`)
	ana.waitForMessages(all...)
}
