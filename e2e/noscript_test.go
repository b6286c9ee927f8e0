package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// disableScripts disables JavaScript in the browser.
func (b *tab) disableScripts() {
	b.Helper()
	b.mu.Lock()
	b.scripts = false
	b.mu.Unlock()
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// frameMessageTexts is a script for the texts in the frame that loads forever, in which new messages appear without
// scripts.
const frameMessageTexts = `[...document.querySelector('iframe').contentDocument.querySelectorAll('.message')]
	.map(e => e.querySelector('.message__body').innerText.trim())`

// ownMessageShape is a script for the corners, the colour and the height of Ana's message in the frame.
const ownMessageShape = `(row => {
	const style = getComputedStyle(row)
	return [style.borderRadius, style.backgroundColor, row.offsetHeight].join()
})([...document.querySelector('iframe').contentDocument.querySelectorAll('.message__row')]
	.find(row => row.innerText.includes('half a thought')))`

func TestWithoutScripts(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	bob := s.newAPIUser("Bob")
	bob.postMessages("room=1", numberedTexts("line", 70)...)
	ana := s.newBrowser()
	ana.disableScripts()
	ana.register("Ana")
	ana.waitForPath("/chat")
	ana.open("/settings")
	ana.click(`form[action="/logout"] button`)
	ana.waitForPath("/login")
	ana.logIn("Ana")
	ana.waitForPath("/chat")

	ana.click("#room-1")
	ana.waitForPath("/messages?room=1")
	ana.waitUntil("the newest messages are shown", frameMessageTexts+`.at(-1) === 'line 70'`)
	ana.fill("#composer-text", "half a thought")
	bob.postMessages("room=1", "news")
	ana.waitUntil("the new message arrived, and the composer is unchanged",
		frameMessageTexts+`.at(-1) === 'news' && `+composer+`.value === 'half a thought'`)
	ana.click(".send-button")
	ana.waitUntil("the sent message is shown",
		frameMessageTexts+`.at(-1) === 'half a thought' && `+composer+`.value === ''`)
	shape := eval[string](ana, ownMessageShape)
	bob.postMessages("room=1", "an answer")
	ana.waitUntil("the answer is shown", frameMessageTexts+`.at(-1) === 'an answer'`)
	if after := eval[string](ana, ownMessageShape); after != shape || strings.Contains(shape, "rgba(0, 0, 0, 0)") {
		t.Errorf("the shape of the newest own message was %q, and is %q after an answer", shape, after)
	}

	xy := ana.clickPointInFrame(".older-link a")
	ana.run(chromedp.MouseClickXY(xy[0], xy[1]))
	ana.waitUntil("the older messages are shown",
		`location.search.includes('before=') && !document.querySelector('iframe')`)
	ana.waitUntil("the page begins with the first message", messageTexts+`[0] === 'line 1'`)
	ana.click(".newest-link a:last-child")
	ana.waitForPath("/messages?room=1")

	ana.allowErrors("status of 422")
	ana.open("/chat?q=bob")
	ana.waitUntil("a search finds Bob", `document.querySelector('#search-results a bdi').innerText === 'Bob @bob'`)
	ana.click("#search-results a")
	ana.waitForPath("/messages?with=1")
	ana.fill("#composer-text", "Hello Bob")
	ana.click(".send-button")
	ana.waitUntil("Bob's conversation shows the message", frameMessageTexts+`.at(-1) === 'Hello Bob'`)
}

// clickPointInFrame scrolls the frame to an element and returns the position of its center in the window.
func (b *tab) clickPointInFrame(selector string) (xy []float64) {
	b.Helper()
	waitUntil(b.T, b.name+" can click "+selector+" in the frame", func() (bool, string) {
		var err error
		xy, err = tryEval[[]float64](b, sprintf(`(() => {
			const frame = document.querySelector('iframe'), e = frame.contentDocument.querySelector('%s')
			e.scrollIntoView({ block: 'center' })
			const f = frame.getBoundingClientRect(), r = e.getBoundingClientRect()
			return r.top >= 0 && r.bottom <= f.height ? [f.x + r.x + r.width / 2, f.y + r.y + r.height / 2] : []
		})()`, selector))
		return err == nil && len(xy) == 2, sprintf("%v %v", xy, err)
	})
	return xy
}

// clickInFrame clicks on an element in the frame.
func (b *tab) clickInFrame(selector string) {
	b.Helper()
	b.waitUntil(selector+" is in the frame",
		sprintf(`document.querySelector('iframe')?.contentDocument?.querySelector('%s')`, selector))
	xy := b.clickPointInFrame(selector)
	b.run(chromedp.MouseClickXY(xy[0], xy[1]))
}
