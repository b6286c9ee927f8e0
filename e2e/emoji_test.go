package e2e

import (
	"testing"
)

// The picker is open and filled; the texts of the emoji in it.
const (
	pickerOpen = `document.querySelector('#picker').matches(':popover-open') && document.querySelector('#emoji button')`
	offered    = `[...document.querySelectorAll('#emoji button')].map(e => e.value)`
)

func TestPicker(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	ana.open("/messages?room=1")
	ana.live()
	ana.until("nothing of the picker is loaded", `document.querySelectorAll('#picker button').length === 0`)

	ana.fill("#text", "half a ")
	ana.click(".emoji-open")
	ana.until("the picker is open, and one can search", pickerOpen+` && document.activeElement.name === 'q'`)
	ana.typ("fiesta")
	ana.until("a Spanish word finds it", offered+`.length < 20 && `+offered+`.includes('🎉')`)
	ana.click(`#emoji [value="🎉"]`)
	ana.until("it stands after the text, the box has the focus, the picker is closed", box+`.value === 'half a 🎉' && document.activeElement === `+box+` && !document.querySelector('#picker').matches(':popover-open')`)
	ana.typ(" more")
	ana.until("one writes on behind it", box+`.value === 'half a 🎉 more'`)
	ana.press("\r")
	ana.reads("half a 🎉 more")

	ana.click(".emoji-open")
	ana.until("it comes first the next time", pickerOpen+` && `+offered+`[0] === '🎉'`)
}
