package e2e

import (
	"net/url"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"
)

// lightboxName is a script for the name of the picture in the lightbox.
const lightboxName = `document.querySelector('dialog:modal .lightbox__name')?.innerText`

func TestLightbox(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	samples := newSampleFiles(t)
	ana := s.newUser("Ana")
	ana.open("/messages?with=1")
	ana.waitForStream()
	ana.attachFiles("a.jpg|b.jpg|c.jpg", samples.jpeg("a.jpg", 1600, 900, 0), samples.jpeg("b.jpg", 900, 1600, 2),
		samples.jpeg("c.jpg", 800, 800, 4))
	ana.typeAndEnter("three")
	ana.waitUntil("the pictures are shown", pictureNames(1)+` === 'a.jpg|b.jpg|c.jpg'`)
	ana.waitUntil("the pictures are loaded",
		`[...document.querySelectorAll('.picture__image')].every(e => e.naturalWidth)`)
	ana.click("#m-1 .picture:nth-child(2) a")
	ana.waitUntil("the second picture is in the lightbox",
		lightboxName+` === 'b.jpg' && document.querySelector('.lightbox__picture').naturalHeight === 1600`)
	ana.saveScreenshot("viewer")
	ana.click(".lightbox__button--next")
	ana.waitUntil("the third picture is shown and announced, and the next button is disabled",
		lightboxName+` === 'c.jpg' && document.querySelector('.lightbox__name').closest('[aria-live="polite"]') &&
		document.activeElement.matches('.lightbox__button--next[aria-disabled]')`)
	ana.pressKeys(kb.ArrowRight)
	ana.pressKeys(kb.ArrowLeft)
	ana.waitUntil("the second picture is shown again", lightboxName+` === 'b.jpg'`)
	ana.pressKeys(kb.ArrowLeft)
	ana.waitUntil("the first picture is in the lightbox", lightboxName+` === 'a.jpg'`)
	ana.api().post("/messages/1/reactions", url.Values{"emoji": {"👍"}})
	ana.waitUntil("the lightbox stays open when a reaction arrives",
		`document.querySelector('#m-1 .reaction') && `+lightboxName+` === 'a.jpg'`)
	ana.pressKeys(kb.Escape)
	ana.waitUntil("Escape closes the lightbox, and the focus is back on the picture",
		`!document.querySelector('dialog:modal') && document.activeElement.matches('.picture__link')`)
	ana.pressKeys("\r")
	ana.waitUntil("Enter opens the lightbox", lightboxName)
	ana.click(`.lightbox__button[aria-label="Close"]`)
	ana.waitUntil("the button closes the lightbox", `!document.querySelector('dialog:modal')`)

	ana.attachFiles("moving.gif", samples.gif("moving.gif", 300, 200))
	ana.click(".send-button")
	ana.waitUntil("the picture is animated",
		`document.querySelector('#m-3 .picture__image')?.currentSrc.endsWith('/files/4')`)
	call(ana, emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion",
			Value: "reduce"}}})
	ana.waitUntil("the picture is still when reduced motion is preferred",
		`document.querySelector('#m-3 .picture__image').currentSrc.includes('size=') &&
		document.querySelector('#m-3 .picture__gif-label').checkVisibility()`)
	ana.click("#m-3 .picture__link")
	ana.waitUntil("the picture is animated in the lightbox",
		`document.querySelector('.lightbox__picture')?.src.endsWith('/files/4')`)
}
