package e2e

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"
)

// viewed is the name of the picture that is shown large.
const viewed = `document.querySelector('dialog:modal .viewer__name')?.innerText`

func TestPicturesAreShownLarge(t *testing.T) {
	t.Parallel()
	s := serve(t)
	mine := newAlbum(t)
	ana := s.newcomer("Ana")
	ana.open("/messages?with=1")
	ana.live()
	ana.choosing("a.jpg|b.jpg|c.jpg", mine.jpeg("a.jpg", 1600, 900, 0), mine.jpeg("b.jpg", 900, 1600, 2), mine.jpeg("c.jpg", 800, 800, 4))
	ana.sends("three")
	ana.until("they are there", pictures(1)+` === 'a.jpg|b.jpg|c.jpg'`)
	ana.until("they are drawn", `[...document.querySelectorAll('.picture__image')].every(e => e.naturalWidth)`)
	ana.click("#m-1 .picture:nth-child(2) a")
	ana.until("the second is large", viewed+` === 'b.jpg' && document.querySelector('.viewer__picture').naturalHeight === 1600`)
	ana.shoots("viewer")
	ana.click(".viewer__button--next")
	ana.until("the third, which is told, and the way on leads nowhere", viewed+` === 'c.jpg' && document.querySelector('.viewer__name').closest('[aria-live="polite"]') && document.activeElement.matches('.viewer__button--next[aria-disabled]')`)
	ana.press(kb.ArrowRight)
	ana.press(kb.ArrowLeft)
	ana.press(kb.ArrowLeft)
	ana.until("the first", viewed+` === 'a.jpg'`)
	ana.program().send("/messages/1/reactions", url.Values{"emoji": {"👍"}})
	ana.until("somebody reacts, and it stays", `document.querySelector('#m-1 .reaction') && `+viewed+` === 'a.jpg'`)
	ana.press(kb.Escape)
	ana.until("Esc closes it, and the focus is where it was", `!document.querySelector('dialog:modal') && document.activeElement.matches('.picture__open')`)
	ana.press("\r")
	ana.until("Enter opens it", viewed)
	ana.click(`.viewer__button[aria-label="Close"]`)
	ana.until("the button closes it", `!document.querySelector('dialog:modal')`)

	ana.choosing("moving.gif", mine.gif("moving.gif", 300, 200))
	ana.click(".send")
	ana.until("it moves", `document.querySelector('#m-3 .picture__image')?.currentSrc.endsWith('/files/4')`)
	do(ana, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}})
	ana.until("it stands still where that is wanted", `document.querySelector('#m-3 .picture__image').currentSrc.includes('size=') && document.querySelector('#m-3 .picture__moves').checkVisibility()`)
	ana.click("#m-3 .picture__open")
	ana.until("and moves when it is opened", `document.querySelector('.viewer__picture')?.src.endsWith('/files/4')`)
}

func TestSoundPlaysOn(t *testing.T) {
	t.Parallel()
	s := serve(t)
	mine := newAlbum(t)
	ana := s.newcomer("Ana")
	ana.open("/messages?with=1")
	ana.live()
	ana.choosing("tone.wav", mine.wav("tone.wav", 600))
	ana.click(".send")
	ana.until("it can be played", `document.querySelector('#m-1 .file__sound')?.readyState > 0`)
	ask[bool](ana, `(e => { e.muted = true; e.currentTime = 500; e.play(); return true })(document.querySelector('.file__sound'))`)
	const plays = `(e => !e.paused && e.currentTime > 500)(document.querySelector('.file__sound'))`
	ana.until("it plays from there", plays)
	ana.until("only a part was fetched", `performance.getEntriesByType('resource').some(e => e.name.endsWith('/files/1') && e.responseStatus === 206)`)
	ana.program().send("/messages/1/reactions", url.Values{"emoji": {"👍"}})
	ana.until("somebody reacts, and it plays on", `document.querySelector('#m-1 .reaction') && `+plays)
}

func TestFilesOnAPhoneForEverybody(t *testing.T) {
	t.Parallel()
	s := serve(t)
	mine := newAlbum(t)
	bob := s.newcomer("Bob")
	ana := s.stranger()
	ana.withoutPolicy()
	ana.register("Ana")
	ana.at("/chat")
	ana.live()
	ana.program().sends("/settings", url.Values{"locale": {"es"}, "theme": {""}})
	bob.open("/settings")
	bob.choosesIn("#picture", mine.jpeg("me.jpg", 500, 700, 5))
	bob.until("the picture is seen", `location.search.includes('saved=') && document.querySelector('.portrait .avatar img')?.naturalWidth > 0`)
	bob.shoots("settings")
	bob.open("/messages?with=2")
	bob.live()
	bob.choosing("lake.jpg", mine.jpeg("lake.jpg", 1500, 1000, 1))
	bob.sends("By the lake")
	bob.choosing("1.jpg|2.jpg|3.jpg|4.jpg", mine.jpeg("1.jpg", 900, 600, 2), mine.jpeg("2.jpg", 600, 900, 3), mine.jpeg("3.jpg", 800, 800, 4), mine.jpeg("4.jpg", 700, 500, 6))
	bob.click(".send")
	bob.choosing("A very long name of a report that nobody will ever read to its end.pdf|voice.wav|film.mp4",
		mine.keep("A very long name of a report that nobody will ever read to its end.pdf", []byte("%PDF-1.7\n"+strings.Repeat("x", 1<<20))),
		mine.wav("voice.wav", 3), mine.keep("film.mp4", []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"+strings.Repeat("\x00", 1000))))
	bob.click(".send")
	for _, width := range []int64{1280, 390, 320} {
		ana.size(width, 844)
		ana.open("/messages?with=1")
		ana.live()
		ana.until("all is there", `document.querySelectorAll('.message').length === 3 && [...document.querySelectorAll('.picture__image')].every(e => e.complete && e.naturalWidth)`)
		ana.fits("files", width)
		ana.chooses(mine.jpeg(say("mine-%d.jpg", width), 600, 400, 7))
		ana.until("a chip", say(`%s.includes('mine-%d.jpg')`, chips, width))
		ana.fits("chips", width)
		for _, scheme := range []string{"light", "dark"} {
			ana.paint(scheme)
			ana.shoots(say("files-%d-%s", width, scheme))
			ask[bool](ana, `(document.querySelector('#scroll').scrollTop = -650, true)`)
			ana.shoots(say("files-%d-%s-up", width, scheme))
			ask[bool](ana, `(document.querySelector('#scroll').scrollTop = 0, true)`)
		}
		ana.accessible(say("files at %d", width))
	}
	ana.click(".picture__open")
	ana.until("it is large", viewed)
	ana.shoots("viewer-320")
	ana.accessible("a picture, large")
}
