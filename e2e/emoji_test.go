package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Scripts for the state of the emoji picker: whether it is open and filled, or closed, the emoji it offers, and whether
// the composer has the focus.
const (
	pickerOpen = `document.querySelector('#emoji-picker').matches(':popover-open') &&
		document.querySelector('#emoji-picker-emoji button')`
	pickerOpenEmpty = `document.querySelector('#emoji-picker:popover-open .emoji-picker__empty')`
	pickerClosed    = `!document.querySelector('#emoji-picker').matches(':popover-open')`
	pickerEmoji     = `[...document.querySelectorAll('#emoji-picker-emoji button')].map(e => e.value)`
	composerFocused = `document.activeElement === ` + composer
)

// pickEmoji opens the picker, searches for a word and clicks on an emoji.
func (b *tab) pickEmoji(word, emoji string) {
	b.Helper()
	b.click(".emoji-button--popover")
	b.waitUntil("the picker is open, and the search has the focus",
		pickerOpen+` && document.activeElement.name === 'q'`)
	b.typeText(word)
	b.waitUntil(word+" finds "+emoji, sprintf(`%s.length < 20 && %s.includes(%q)`, pickerEmoji, pickerEmoji, emoji))
	b.click(sprintf(`#emoji-picker-emoji [value="%s"]`, emoji))
	b.waitUntil("the picker is closed, and the composer has the focus", pickerClosed+` && `+composerFocused)
}

func TestEmojiPicker(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.waitUntil("no emoji are loaded before the picker opens",
		`document.querySelectorAll('#emoji-picker button').length === 0`)

	ana.fill("#composer-text", "half a ")
	ana.pickEmoji("fiesta", "🎉")
	ana.typeText(" more")
	ana.waitUntil("the emoji is after the text, and the caret after the emoji", composer+`.value === 'half a 🎉 more'`)
	eval[bool](ana, composer+`.setSelectionRange(0, 4) || true`)
	ana.pickEmoji("guiño", "😉")
	ana.typeText("-")
	ana.waitUntil("the emoji replaces the selected text", composer+`.value === '😉- a 🎉 more'`)
	ana.pressKeys("a", chromedp.ModifierCtrl)
	ana.pressKeys("\b")
	ana.waitUntil("the composer is empty", composerReady)
	ana.pickEmoji("party popper", "🎉")
	ana.pickEmoji("corazón rojo", "❤️")
	ana.typeText("!")
	ana.waitUntil("two emoji", composer+`.value === '🎉❤️!'`)
	ana.pressKeys("\r")
	ana.waitForMessages("🎉❤️!")
	ana.waitUntil("the message has left the queue, so that the button stays where it is", composerReady)

	ana.click(".emoji-button--popover")
	ana.waitUntil("the emoji used last comes first",
		pickerOpen+` && `+pickerEmoji+`[0] === '❤️' && `+pickerEmoji+`[1] === '🎉'`)
	ana.click(`.tab:has([name=group][value="1"])`)
	ana.waitUntil("the emoji of another group are shown", pickerEmoji+`[0] === '👋'`)
	call(ana, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}},
	})
	ana.waitUntil("the chosen group is marked in forced colours",
		`((chosen, other) => matchMedia('(forced-colors: active)').matches && chosen !== other)(
			...['1', '2'].map(n => getComputedStyle(document.querySelector('.tab:has([name=group][value="' + n + '"])')).backgroundColor))`)
	call(ana, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	ana.click(`.tab:has([name=tone][value="3"])`)
	ana.waitUntil("the emoji have another skin tone", pickerEmoji+`[0] === '👋🏽'`)
	ana.click(`#emoji-picker-emoji [value="👍🏽"]`)
	ana.waitUntil("it is in the composer", composer+`.value === '👍🏽'`)

	second := ana.anotherTab()
	second.open("/messages?room=1")
	second.waitForStream()
	second.pickEmoji("thumbs down", "👎🏽")
}

func TestEmojiPickerByKeyboard(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.click("#composer-text")
	ana.tabTo(".emoji-button--popover")
	ana.pressKeys("\r")
	ana.waitUntil("the picker is open", pickerOpen+` && document.activeElement.name === 'q'`)
	ana.tabTo("[name=group]")
	ana.run(chromedp.KeyEvent("\u0303")) // arrow right
	ana.waitUntil("the next group is chosen", `document.activeElement.value === '1' && document.activeElement.checked`)
	ana.waitUntil("its emoji are there", pickerEmoji+`[0] === '👋'`)
	ana.pressKeys("\t\t")
	ana.waitUntil("Tab leads to the first emoji", `document.activeElement.value === '👋'`)
	ana.run(chromedp.KeyEvent("\u001b"))
	ana.waitUntil("Escape closes the picker, and the focus is back on the button",
		pickerClosed+` && document.activeElement.matches('.emoji-button')`)

	ana.pressKeys("\r")
	ana.waitUntil("the picker is open again", pickerOpen)
	ana.tabTo("[name=q]")
	ana.typeText("pizza")
	ana.waitUntil("the search found it", pickerEmoji+`[0] === '🍕'`)
	ana.pressKeys("\r")
	ana.waitUntil("Enter picks the first emoji", composer+`.value === '🍕' && `+composerFocused)
	ana.pressKeys("\r")
	ana.waitForMessages("🍕")

	ana.tabTo(".emoji-button--popover")
	ana.pressKeys("\r")
	ana.waitUntil("the picker is open", pickerOpen+` && document.activeElement.name === 'q'`)
	for _, step := range []struct {
		key  string
		rows string // the position of the emoji that has the focus then, in its list
	}{
		{kb.ArrowDown, "0"}, {kb.ArrowDown, "0"}, {kb.ArrowDown, "8"}, {kb.ArrowRight, "9"}, {kb.ArrowLeft, "8"},
		{kb.ArrowUp, "0"},
	} {
		ana.run(chromedp.KeyEvent(step.key))
		ana.waitUntil("the focus moves to emoji "+step.rows,
			`[...document.activeElement.parentElement.children].indexOf(document.activeElement) === `+step.rows)
	}
	ana.run(chromedp.KeyEvent(kb.ArrowUp))
	ana.waitUntil("the focus is back in the search", `document.activeElement.name === 'q'`)
	ana.typeText("nothing of the kind")
	ana.pressKeys("\r")
	ana.waitUntil("Enter picks nothing where nothing is found", pickerOpenEmpty+` && `+composer+`.value === ''`)
}

func TestShortcodes(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	ana.sendMessage(":tada::heart:")
	bob.waitForMessages("🎉❤️")
	bob.waitUntil("a message of a few emoji is large", `document.querySelector('.message__body--emoji')`)
	ana.sendMessage("well :smlie: `:tada:` http://a:8080:")
	bob.waitForMessages("🎉❤️", "well :smlie: :tada: http://a:8080:")
	bob.waitUntil("Bob gets no suggestion", `!document.querySelector('.emoji-suggestion')`)
	ana.waitUntil("Ana gets a suggestion", `document.querySelector('.emoji-suggestions').innerText.includes(':smile:')`)
	ana.typeText("I mean ")
	ana.click(".emoji-suggestion")
	ana.waitUntil("the suggested emoji is in the composer",
		composer+`.value === 'I mean 😄' && `+composerFocused+` && !document.querySelector('.emoji-suggestion')`)
	ana.pressKeys("\r")
	bob.waitForMessages("🎉❤️", "well :smlie: :tada: http://a:8080:", "I mean 😄")
	bob.sendMessage("🎉🎉🎉🎉")
	bob.waitUntil("many emoji are not large", `document.querySelectorAll('.message__body--emoji').length === 1`)
}

func TestEmojiPickerWithoutScripts(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newBrowser()
	ana.disableScripts()
	ana.register("Ana")
	ana.waitForPath("/chat")
	ana.open("/messages?room=1")
	ana.fill("#composer-text", "half a ")
	ana.click(".emoji-button")
	ana.waitUntil("the page of emoji is open", `document.querySelector('#emoji-picker-emoji [value="😀"]')`)
	ana.fill(".emoji-picker__search [name=q]", "fiesta")
	ana.click(".emoji-picker__search .search-form__submit")
	ana.waitUntil("the search found it", pickerEmoji+`.length < 20 && `+pickerEmoji+`.includes('🎉')`)
	ana.click(`[value="🎉"]`)
	ana.waitUntil("the emoji is after the text", composer+`?.value === 'half a 🎉'`)
	ana.click(".send-button")
	ana.waitForPath("/messages?room=1")
	ana.waitUntil("the message is sent", frameMessageTexts+`.at(-1) === 'half a 🎉'`)
	ana.fill("#composer-text", ":smlie:")
	ana.click(".send-button")
	ana.waitForPath("/messages?room=1&typo=smlie")
	ana.click(".emoji-suggestion")
	ana.waitUntil("the suggested emoji is in the composer", composer+`?.value === '😄'`)
}

func TestEmojiPickerOnPhone(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.api().mustPost("/settings", map[string][]string{"locale": {"es"}, "theme": {"dark"}})
	ana.setSize(320, 568)
	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.click(".emoji-button--popover")
	ana.waitUntil("the picker is open, in Spanish",
		pickerOpen+` && document.querySelector('#emoji-picker h2').innerText === 'Caritas'`)
	ana.waitUntil("it shows the search, the groups and the skin tones", isVisible("#emoji-picker [name=q]")+` && `+
		isVisible("#emoji-picker .tab:has([name=group])")+` && `+isVisible("#emoji-picker .tab:has([name=tone])"))
	ana.waitUntil("the whole picker is on the screen",
		`(r => r.left >= 0 && r.top >= 0 && r.right <= 320 &&
		r.bottom <= document.querySelector('.emoji-button')
			.getBoundingClientRect().top)(document.querySelector('#emoji-picker').getBoundingClientRect())`)
	ana.checkFits("the picker", 320)
	ana.click(`#emoji-picker-emoji [value="😂"]`)
	ana.waitUntil("it is in the composer", composer+`.value === '😂' && `+pickerClosed)
	ana.open("/emoji?room=1")
	ana.checkFits("the page of emoji", 320)
}

func TestEmojiPickerIsAccessible(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newBrowser()
	ana.disableCSP()
	ana.register("Ana")
	ana.waitForPath("/chat")
	ana.waitForStream()
	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.sendMessage("well :smlie:")
	ana.click(".emoji-button--popover")
	ana.waitUntil("the picker is open", pickerOpen)
	ana.checkAccessibility("the picker")
	ana.fill("#emoji-picker [name=q]", "there is none")
	ana.waitUntil("nothing is found", `document.querySelector('#emoji-picker-emoji .emoji-picker__empty')`)
	ana.checkAccessibility("the picker without a find")
	ana.open("/emoji?room=1&group=1")
	ana.checkAccessibility("the page of emoji")
}

func TestEmojiPickerLoadFailure(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.allowErrors(serverDownErrors)
	ana.open("/messages?room=1")
	ana.waitForStream()
	s.stop()
	ana.click(".emoji-button--popover")
	ana.waitUntil("the picker shows the error", isVisible("#emoji-picker a"))
	s.start()
	ana.waitForStream()
	ana.click("#emoji-picker a")
	ana.waitUntil("the picker is filled", pickerOpen)
}
