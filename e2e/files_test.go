package e2e

import (
	"net/url"
	"strings"
	"testing"
)

func TestAudioKeepsPlaying(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	samples := newSampleFiles(t)
	ana := s.newUser("Ana")
	ana.open("/messages?with=1")
	ana.waitForStream()
	ana.attachFiles("tone.wav", samples.wav("tone.wav", 600))
	ana.click(".send-button")
	ana.waitUntil("the sound can be played", `document.querySelector('#m-1 .file__audio')?.readyState > 0`)
	eval[bool](ana,
		`(e => { e.muted = true; e.currentTime = 500; e.play(); return true })(document.querySelector('.file__audio'))`)
	const plays = `(e => !e.paused && e.currentTime > 500)(document.querySelector('.file__audio'))`
	ana.waitUntil("the sound plays from there", plays)
	ana.waitUntil("only a part of the file was fetched",
		`performance.getEntriesByType('resource').some(e => e.name.endsWith('/files/1') && e.responseStatus === 206)`)
	ana.api().post("/messages/1/reactions", url.Values{"emoji": {"👍"}})
	ana.waitUntil("the sound keeps playing when a reaction arrives",
		`document.querySelector('#m-1 .reaction') && `+plays)
}

func TestFilesAreAccessibleOnPhone(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	samples := newSampleFiles(t)
	bob := s.newUser("Bob")
	ana := s.newBrowser()
	ana.disableCSP()
	ana.register("Ana")
	ana.waitForPath("/chat")
	ana.waitForStream()
	ana.api().mustPost("/settings", url.Values{"locale": {"es"}, "theme": {""}})
	bob.open("/settings")
	bob.chooseFilesIn("#avatar-file", samples.jpeg("me.jpg", 500, 700, 5))
	bob.waitUntil("the avatar is shown",
		`location.search.includes('saved=') && document.querySelector('.avatar-form .avatar img')?.naturalWidth > 0`)
	bob.saveScreenshot("settings")
	bob.open("/messages?with=2")
	bob.waitForStream()
	bob.attachFiles("lake.jpg", samples.jpeg("lake.jpg", 1500, 1000, 1))
	bob.typeAndEnter("By the lake")
	bob.attachFiles("1.jpg|2.jpg|3.jpg|4.jpg", samples.jpeg("1.jpg", 900, 600, 2), samples.jpeg("2.jpg", 600, 900, 3),
		samples.jpeg("3.jpg", 800, 800, 4), samples.jpeg("4.jpg", 700, 500, 6))
	bob.click(".send-button")
	bob.attachFiles("A very long name of a report that nobody will ever read to its end.pdf|voice.wav|film.mp4",
		samples.write("A very long name of a report that nobody will ever read to its end.pdf",
			[]byte("%PDF-1.7\n"+strings.Repeat("x", 1<<20))),
		samples.wav("voice.wav", 3), samples.write("film.mp4",
			[]byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"+strings.Repeat("\x00", 1000))))
	bob.click(".send-button")
	for _, width := range []int64{1280, 390, 320} {
		ana.setSize(width, 844)
		ana.open("/messages?with=1")
		ana.waitForStream()
		ana.waitUntil("all files are loaded",
			`document.querySelectorAll('.message').length === 3 &&
			[...document.querySelectorAll('.picture__image')].every(e => e.complete && e.naturalWidth)`)
		ana.checkFits("files", width)
		ana.chooseFiles(samples.jpeg(sprintf("mine-%d.jpg", width), 600, 400, 7))
		ana.waitUntil("an attachment", sprintf(`%s.includes('mine-%d.jpg')`, attachmentNames, width))
		ana.checkFits("attachments", width)
		for _, scheme := range []string{"light", "dark"} {
			ana.emulateColorScheme(scheme)
			ana.saveScreenshot(sprintf("files-%d-%s", width, scheme))
			eval[bool](ana, `(document.querySelector('#scroller').scrollTop = -650, true)`)
			ana.saveScreenshot(sprintf("files-%d-%s-up", width, scheme))
			eval[bool](ana, `(document.querySelector('#scroller').scrollTop = 0, true)`)
		}
		ana.checkAccessibility(sprintf("files at %d", width))
	}
	ana.click(".picture__link")
	ana.waitUntil("the lightbox is open", lightboxName)
	ana.saveScreenshot("viewer-320")
	ana.checkAccessibility("a picture, large")
}
