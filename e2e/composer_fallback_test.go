package e2e

import (
	"net/url"
	"testing"
)

func TestComposerWithoutScriptsOnPhone(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newBrowser()
	ana.disableScripts()
	ana.register("Ana")
	ana.waitForPath("/chat")
	ana.api().mustPost("/settings", url.Values{"locale": {"es"}, "theme": {""}}) // because Spanish texts are longer
	for _, width := range []int64{320, 390, 768} {
		ana.setSize(width, 640)
		ana.open("/messages?room=1")
		ana.saveScreenshot(sprintf("noscript-%d", width))
		ana.waitUntil("the text has the width of the composer",
			composer+`.clientWidth > 0.9 * document.querySelector('.composer__frame').clientWidth`)
		for _, row := range []string{`'noscript .emoji-button', '.send-button'`, `'.attach-button', '.send-button'`,
			`'.composer__noscript-button[formaction="/files"]', '.composer__noscript-button[formaction="/drafts"]'`} {
			ana.waitUntil("the buttons "+row+" are in one row", `(([a, b]) => Math.abs(a.bottom - b.bottom) < 10)(
				[`+row+`].map(e => document.querySelector(e).getBoundingClientRect()))`)
		}
		ana.waitUntil("nothing is wider than the window",
			`document.scrollingElement.scrollWidth <= innerWidth &&
			document.querySelector('.send-button').getBoundingClientRect().right <= innerWidth`)
	}
	ana.fill("#composer-text", "half a thought")
	ana.click(`.composer__noscript-button[formaction="/drafts"]`)
	ana.waitUntil("the draft is saved", composer+`.value === 'half a thought'`)
	ana.click("noscript .emoji-button")
	ana.waitForPath("/emoji")
	ana.click(`[value="😀"]`)
	ana.waitUntil("the emoji is in the composer", composer+`.value === 'half a thought😀'`)
}
