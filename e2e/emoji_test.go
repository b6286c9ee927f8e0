package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// The picker is open and filled, or closed; what it offers.
const (
	pickerOpen   = `document.querySelector('#picker').matches(':popover-open') && document.querySelector('#picker-emoji button')`
	pickerClosed = `!document.querySelector('#picker').matches(':popover-open')`
	choices      = `[...document.querySelectorAll('#picker-emoji button')].map(e => e.value)`
	inTheBox     = `document.activeElement === ` + box
)

// picks opens the picker and chooses what a word finds.
func (b *tab) picks(word, emoji string) {
	b.Helper()
	b.click(".emoji-open--popover")
	b.until("the picker is open, and one can search", pickerOpen+` && document.activeElement.name === 'q'`)
	b.typ(word)
	b.until(word+" finds "+emoji, say(`%s.length < 20 && %s.includes(%q)`, choices, choices, emoji))
	b.click(say(`#picker-emoji [value="%s"]`, emoji))
	b.until("the picker is closed, and one writes on", pickerClosed+` && `+inTheBox)
}

func TestPicker(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	ana.open("/messages?room=1")
	ana.live()
	ana.until("no emoji are loaded before somebody wants them", `document.querySelectorAll('#picker button').length === 0`)

	ana.fill("#text", "half a ")
	ana.picks("fiesta", "🎉")
	ana.typ(" more")
	ana.until("the emoji stands behind the text, and the caret behind it", box+`.value === 'half a 🎉 more'`)
	ask[bool](ana, box+`.setSelectionRange(0, 4) || true`)
	ana.picks("guiño", "😉")
	ana.typ("-")
	ana.until("another takes the place of what was chosen in the text", box+`.value === '😉- a 🎉 more'`)
	ana.press("a", chromedp.ModifierCtrl)
	ana.press("\b")
	ana.until("the box is empty", ready)
	ana.picks("party popper", "🎉")
	ana.picks("corazón rojo", "❤️")
	ana.typ("!")
	ana.until("two emoji", box+`.value === '🎉❤️!'`)
	ana.press("\r")
	ana.reads("🎉❤️!")

	ana.click(".emoji-open--popover")
	ana.until("what was used last comes first", pickerOpen+` && `+choices+`[0] === '❤️' && `+choices+`[1] === '🎉'`)
	ana.click(`.tab:has([name=group][value="1"])`)
	ana.until("another group", choices+`[0] === '👋'`)
	ana.click(`.tab:has([name=tone][value="3"])`)
	ana.until("in another skin tone", choices+`[0] === '👋🏽'`)
	ana.click(`#picker-emoji [value="👍🏽"]`)
	ana.until("it is in the box", box+`.value === '👍🏽'`)

	second := ana.another()
	second.open("/messages?room=1")
	second.live()
	second.picks("thumbs down", "👎🏽")
}

func TestPickerByKeyboard(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	ana.open("/messages?room=1")
	ana.live()
	ana.click("#text")
	ana.tabTo(".emoji-open--popover")
	ana.press("\r")
	ana.until("the picker is open", pickerOpen+` && document.activeElement.name === 'q'`)
	ana.tabTo("[name=group]")
	ana.run(chromedp.KeyEvent("\u0303")) // the arrow to the right
	ana.until("the next group is chosen", `document.activeElement.value === '1' && document.activeElement.checked`)
	ana.until("its emoji are there", choices+`[0] === '👋'`)
	ana.press("\t\t")
	ana.until("Tab leads to the first emoji", `document.activeElement.value === '👋'`)
	ana.run(chromedp.KeyEvent("\u001b"))
	ana.until("Escape closes it, and the focus is back", pickerClosed+` && document.activeElement.matches('.emoji-open')`)

	ana.press("\r")
	ana.until("it opens again", pickerOpen)
	ana.tabTo("[name=q]")
	ana.typ("pizza")
	ana.until("the search found it", choices+`[0] === '🍕'`)
	ana.press("\r")
	ana.until("Enter searches, and chooses nothing", pickerOpen+` && !document.querySelector('.picker__search.htmx-request') && `+box+`.value === ''`)
	ana.tabTo(`[value="🍕"]`)
	ana.press("\r")
	ana.until("it is in the box", box+`.value === '🍕' && `+inTheBox)
	ana.press("\r")
	ana.reads("🍕")
}

func TestShortcodes(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana, bob := s.newcomer("Ana"), s.newcomer("Bob")
	ana.meets(bob)
	bob.meets(ana)
	ana.write(":tada::heart:")
	bob.reads("🎉❤️")
	bob.until("a few emoji alone are large", `document.querySelector('.message__body--emoji')`)
	ana.write("well :smlie: `:tada:` http://a:8080:")
	bob.reads("🎉❤️", "well :smlie: :tada: http://a:8080:")
	bob.until("Bob is not asked what Ana meant", `!document.querySelector('.guess')`)
	ana.until("Ana is", `document.querySelector('.guesses').innerText.includes(':smile:')`)
	ana.typ("I mean ")
	ana.click(".guess")
	ana.until("what she meant is in the box", box+`.value === 'I mean 😄' && `+inTheBox+` && !document.querySelector('.guess')`)
	ana.press("\r")
	bob.reads("🎉❤️", "well :smlie: :tada: http://a:8080:", "I mean 😄")
	bob.write("🎉🎉🎉🎉")
	bob.until("many are not", `document.querySelectorAll('.message__body--emoji').length === 1`)
}

func TestPickerWithoutScripts(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.stranger()
	ana.withoutScripts()
	ana.register("Ana")
	ana.at("/chat")
	ana.open("/messages?room=1")
	ana.fill("#text", "half a ")
	ana.click(".emoji-open")
	ana.until("a page of emoji", `document.querySelector('#picker-emoji [value="😀"]')`)
	ana.fill(".picker__search [name=q]", "fiesta")
	ana.click(".picker__search .search__go")
	ana.until("the search found it", choices+`.length < 20 && `+choices+`.includes('🎉')`)
	ana.click(`[value="🎉"]`)
	ana.until("it stands behind the text", box+`?.value === 'half a 🎉'`)
	ana.click(".send")
	ana.at("/messages?room=1")
	ana.until("it is sent", liveLines+`.at(-1) === 'half a 🎉'`)
	ana.fill("#text", ":smlie:")
	ana.click(".send")
	ana.at("/messages?room=1&typo=smlie")
	ana.click(".guess")
	ana.until("what was meant is in the box", box+`?.value === '😄'`)
}

func TestPickerOnAPhone(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	ana.program().sends("/settings", map[string][]string{"locale": {"es"}, "theme": {"dark"}})
	ana.size(320, 568)
	ana.open("/messages?room=1")
	ana.live()
	ana.click(".emoji-open--popover")
	ana.until("the picker is open, in Spanish", pickerOpen+` && document.querySelector('#picker h2').innerText === 'Caras'`)
	ana.until("all of it is on the screen", `(r => r.left >= 0 && r.top >= 0 && r.right <= 320 && r.bottom <= document.querySelector('.emoji-open').getBoundingClientRect().top)(document.querySelector('#picker').getBoundingClientRect())`)
	ana.fits("the picker", 320)
	ana.click(`#picker-emoji [value="😂"]`)
	ana.until("it is in the box", box+`.value === '😂' && `+pickerClosed)
	ana.open("/emoji?room=1")
	ana.fits("the page of emoji", 320)
}

func TestPickerShutsNobodyOut(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.stranger()
	ana.withoutPolicy()
	ana.register("Ana")
	ana.at("/chat")
	ana.live()
	ana.open("/messages?room=1")
	ana.live()
	ana.write("well :smlie:")
	ana.click(".emoji-open--popover")
	ana.until("the picker is open", pickerOpen)
	ana.accessible("the picker")
	ana.fill("#picker [name=q]", "there is none")
	ana.until("nothing is found", `document.querySelector('#picker-emoji .picker__none')`)
	ana.accessible("the picker without a find")
	ana.open("/emoji?room=1&group=1")
	ana.accessible("the page of emoji")
}

func TestPickerThatCouldNotBeFetched(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	ana.tolerate(noServer)
	ana.open("/messages?room=1")
	ana.live()
	s.stop()
	ana.click(".emoji-open--popover")
	ana.until("the picker says so", shown("#picker a"))
	s.start()
	ana.live()
	ana.click("#picker a")
	ana.until("it is filled", pickerOpen)
}
