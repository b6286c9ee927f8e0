package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// withoutScripts switches JavaScript off, as some people do.
func (b *tab) withoutScripts() {
	b.Helper()
	b.mu.Lock()
	b.scripts = false
	b.mu.Unlock()
	do(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// liveLines are the texts in the list that never ends.
const liveLines = `[...document.querySelector('iframe').contentDocument.querySelectorAll('.message')].map(e => e.querySelector('.message__body').innerText.trim())`

func TestWithoutScripts(t *testing.T) {
	t.Parallel()
	s := serve(t)
	bob := s.program("Bob")
	bob.write("room=1", numbered("line", 70)...)
	ana := s.stranger()
	ana.withoutScripts()
	ana.register("Ana")
	ana.at("/chat")
	ana.open("/settings")
	ana.click(`form[action="/logout"] button`)
	ana.at("/login")
	ana.logIn("Ana")
	ana.at("/chat")

	ana.click("#room-1")
	ana.at("/messages?room=1")
	ana.until("the newest lines are there", liveLines+`.at(-1) === 'line 70'`)
	ana.fill("#text", "half a thought")
	bob.write("room=1", "news")
	ana.until("the news came by itself, and the box is untouched", liveLines+`.at(-1) === 'news' && `+box+`.value === 'half a thought'`)
	ana.click(".send")
	ana.until("what was sent is there", liveLines+`.at(-1) === 'half a thought' && `+box+`.value === ''`)

	xy := ana.spotInFrame(".more a")
	ana.run(chromedp.MouseClickXY(xy[0], xy[1]))
	ana.until("the older lines are there", `location.search.includes('before=') && !document.querySelector('iframe')`)
	ana.until("they begin at the first", lines+`[0] === 'line 1'`)
	ana.click(".newest a")
	ana.at("/messages?room=1")

	ana.tolerate("status of 422")
	ana.open("/chat?q=bob")
	ana.until("a search finds Bob", `document.querySelector('#found a bdi').innerText === 'Bob'`)
	ana.click("#found a")
	ana.at("/messages?with=1")
	ana.fill("#text", "Hello Bob")
	ana.click(".send")
	ana.until("Bob has it", liveLines+`.at(-1) === 'Hello Bob'`)
}

// spotInFrame scrolls the frame to an element and says where in the window its middle is.
func (b *tab) spotInFrame(selector string) (xy []float64) {
	b.Helper()
	until(b.T, b.name+" can click "+selector+" in the frame", func() (bool, string) {
		var err error
		xy, err = look[[]float64](b, say(`(() => {
			const frame = document.querySelector('iframe'), e = frame.contentDocument.querySelector('%s')
			e.scrollIntoView({ block: 'center' })
			const f = frame.getBoundingClientRect(), r = e.getBoundingClientRect()
			return r.top >= 0 && r.bottom <= f.height ? [f.x + r.x + r.width / 2, f.y + r.y + r.height / 2] : []
		})()`, selector))
		return err == nil && len(xy) == 2, say("%v %v", xy, err)
	})
	return xy
}
