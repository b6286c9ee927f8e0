package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
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

// TestQuickTimeVideoPlays: a video of a phone plays in its message, and its file no longer says where it was recorded.
func TestQuickTimeVideoPlays(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	samples := newSampleFiles(t)
	ana := s.newUser("Ana")
	ana.open("/messages?with=1")
	ana.waitForStream()
	if eval[string](ana, `document.createElement('video').canPlayType('video/mp4; codecs="avc1.42E01E"')`) == "" {
		t.Skip("this browser was built without H.264")
	}
	ana.attachFiles("clip.mov", samples.mov("clip.mov", 3))
	ana.click(".send-button")
	ana.waitUntil("the video is ready", `document.querySelector('#m-1 .file__video')?.readyState >= 2`)
	ana.waitUntil("the video has its size and length", `(e => e.videoWidth === 64 && e.duration === 3)(
		document.querySelector('#m-1 .file__video'))`)
	eval[bool](ana, `(fetch(document.querySelector('#m-1 .file__video').src).then(async answer => {
		window.served = answer.headers.get('Content-Type') + ' ' + (await answer.text()).includes('40.4168')
	}), true)`)
	ana.waitUntil("the file is an MP4 without the place", `window.served === 'video/mp4 false'`)
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
	bob.click("details.confirm:has([name=remove]) > summary")
	bob.click("details.confirm [name=remove] ~ button")
	bob.waitUntil("the avatar is removed after a confirmation",
		`location.search.includes('saved=') && !document.querySelector('.avatar-form .avatar img')`)
	bob.open("/messages?with=2")
	bob.waitForStream()
	bob.attachFiles("lake.jpg", samples.jpeg("lake.jpg", 1500, 1000, 1))
	bob.typeAndEnter("By the lake")
	bob.attachFiles("1.jpg|2.jpg|3.jpg|4.jpg", samples.jpeg("1.jpg", 900, 600, 2), samples.jpeg("2.jpg", 600, 900, 3),
		samples.jpeg("3.jpg", 800, 800, 4), samples.jpeg("4.jpg", 700, 500, 6))
	bob.click(".send-button")
	bob.waitUntil("the pictures are sent, not only uploaded", attachmentNames+` === ''`)
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

// boxes lists the sizes of all pictures of messages.
const boxes = `[...document.querySelectorAll('#messages .picture__image')].map(e => {
	const box = e.getBoundingClientRect(); return [box.width, box.height].map(Math.round).join('×') }).join(' ')`

// TestPicturesKeepTheirBox: on a phone, a picture that has loaded has exactly the size that the page reserved for it,
// whatever its shape, and nothing on the page moves.
func TestPicturesKeepTheirBox(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	samples := newSampleFiles(t)
	release := make(chan struct{})
	forward := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: s.addr})
	forward.FlushInterval = -1
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/files/") {
			<-release
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.CloseClientConnections)
	bob := s.newUser("Bob")
	bob.open("/messages?room=1")
	bob.waitForStream()
	send := func(name, path string) {
		bob.attachFiles(name, path)
		bob.click(".send-button")
		bob.waitUntil("the picture is sent", attachmentNames+` === ''`)
	}
	send("stored.jpg", samples.jpeg("stored.jpg", 1601, 1067, 1))
	send("tall.png", samples.png("tall.png", 1, 20000))
	ana := s.newBrowser()
	ana.addr = strings.TrimPrefix(proxy.URL, "http://")
	ana.register("Ana")
	ana.waitForPath("/chat")
	ana.setSize(390, 844)
	ana.open("/messages?room=1")
	ana.waitForStream()
	eval[bool](ana, `(window.shift = 0, new PerformanceObserver(list => list.getEntries().forEach(e => {
		if (!e.hadRecentInput) window.shift += e.value
	})).observe({type: 'layout-shift', buffered: true}), true)`)
	send("wide.png", samples.png("wide.png", 20000, 1))
	send("small.png", samples.png("small.png", 30, 20))
	send("pushed.jpg", samples.jpeg("pushed.jpg", 700, 1000, 2))
	ana.waitUntil("all pictures are on the page", `document.querySelectorAll('#messages .picture__image').length === 5`)
	reserved := eval[string](ana, boxes)
	moved := eval[float64](ana, `window.shift`)
	close(release)
	ana.waitUntil("all pictures are loaded", `[...document.querySelectorAll('#messages .picture__image')].every(
		e => (e.loading = 'eager', e.complete && e.naturalWidth))`)
	if got := eval[string](ana, boxes); got != reserved {
		t.Errorf("the boxes of the pictures were %s, and are %s after they have loaded", reserved, got)
	}
	if got := eval[float64](ana, `window.shift`); got > moved+0.001 {
		t.Errorf("the page moved by %v before and by %v after the pictures loaded", moved, got)
	}
}
