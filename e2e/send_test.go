package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

func TestOneMessageIsOneElement(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana, bob := s.newcomer("Ana"), s.newcomer("Bob")
	ana.meets(bob)
	bob.meets(ana)
	said := numbered("word", 12)
	for i, text := range said {
		[]*tab{ana, bob}[i%2].write(text)
	}
	ana.reads(said...)
	bob.reads(said...)

	second := ana.another()
	second.open("/messages?with=2")
	second.live()
	second.reads(said...)
	second.write("from elsewhere")
	said = append(said, "from elsewhere")
	ana.reads(said...)
	second.reads(said...)
}

func TestEnterSends(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	ana.open("/messages?room=1")
	ana.live()

	ana.fill("#text", "once")
	ana.press("\r\r\r")
	ana.reads("once")

	ana.until("the caret is back in the empty box", ready+` && document.activeElement === `+box)
	ana.typ("and again")
	ana.press("\r")
	ana.reads("once", "and again")
	ana.until("the box is ready", ready)

	ana.fill("#text", "two")
	ana.press("\r", chromedp.ModifierShift)
	ana.typ("lines")
	ana.until("the box holds two lines", box+`.value === 'two\nlines'`)
	ana.press("\r")
	ana.reads("once", "and again", "two\nlines")

	ana.click("#text")
	do(ana, input.ImeSetComposition, input.ImeSetCompositionParams{Text: "にほん", SelectionStart: 3, SelectionEnd: 3})
	ana.until("a word is being composed", box+`.value === 'にほん'`)
	ana.press("\r")
	ana.typ("日本")
	ana.until("Enter during the composition sent nothing", box+`.value.includes('日本')`)
	ana.reads("once", "and again", "two\nlines")

	ana.click(".send")
	ana.until("the button sends too", say(`%s.length === 4`, lines))
}

func TestWhatIsRefusedComesBackIntoTheBox(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	ana.tolerate(`status of 422`, noServer)
	ana.open("/messages?room=1")
	ana.live()

	long := strings.Repeat("long ", 1000)
	ana.fill("#text", long)
	ana.press("\r")
	ana.until("it says why", `document.querySelector('#why').innerText.length > 5`)
	ana.holds(long)
	ana.until("nothing waits", `!document.querySelector('#outbox[data-waits]')`)

	ana.click("#text")
	ana.press("a", chromedp.ModifierCtrl)
	ana.typ("short enough")
	ana.press("\r")
	ana.reads("short enough")
	ana.until("the error is gone", `document.querySelector('#why').innerText === ''`)

	s.stop()
	ana.fill("#text", "into the void")
	ana.press("\r")
	ana.until("the text waits while the server is away", waiting+` === 'into the void'`)
	s.start()
	ana.live()
	ana.reads("short enough", "into the void")
}

func TestEnterOfAFingerIsANewLine(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	ana.run(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch))
	ana.open("/messages?room=1")
	ana.live()
	if !ana.is(`matchMedia('(hover: none) and (pointer: coarse)').matches`) {
		t.Fatal("this is no touch screen")
	}
	ana.fill("#text", "two")
	ana.press("\r")
	ana.typ("lines")
	ana.until("the box holds two lines", box+`.value === 'two\nlines'`)
	ana.click(".send")
	ana.reads("two\nlines")
}
