package e2e

import (
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestEditAndDelete(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	ana.sendMessage("Hello Bbo")
	ana.sendMessage("How are you?")
	bob.waitForMessages("Hello Bbo", "How are you?")
	bob.openMenu(1)
	bob.waitUntil("the menu offers Bob reactions only",
		`document.querySelector('#message-menu .emoji-option') && !document.querySelector('#message-menu details')`)
	bob.pressKeys("\x1b")
	bob.waitUntil("Escape closes the menu", menuClosed)

	ana.openMenu(1)
	ana.click("#message-menu details:nth-of-type(1) summary")
	ana.allowErrors("status of 422")
	eval[bool](ana,
		`(e => { e.value = 'x'.repeat(4001); return true })(document.querySelector('#message-menu textarea'))`)
	ana.click("#message-menu details:nth-of-type(1) .button")
	ana.waitUntil("the error is shown, and the text stays",
		`document.querySelector('#message-actions-error').innerText.includes('4,000') &&
		document.querySelector('#message-menu textarea').value.length === 4001`)
	eval[bool](ana, `(e => { e.select(); return true })(document.querySelector('#message-menu textarea'))`)
	ana.fill("#message-menu textarea", "")
	eval[bool](ana, `(e => { e.select(); return true })(document.querySelector('#message-menu textarea'))`)
	ana.typeText("Hello Bob")
	ana.click("#message-menu details:nth-of-type(1) .button")
	ana.waitUntil("the menu is closed, and the focus is back on the button", menuClosed+` && `+menuButtonFocused(1))
	for _, b := range []*tab{ana, bob} {
		b.waitForMessages("Hello Bob", "How are you?")
		b.waitUntil("the message is marked as edited",
			`document.querySelector('#m-1 .message__edited relative-time')?.shadowRoot.textContent.match(/\d:\d\d/)`)
	}
	ana.openMenu(2)
	ana.click("#message-menu details:nth-of-type(2) summary")
	ana.click("#message-menu .button--danger")
	for _, b := range []*tab{ana, bob} {
		b.waitForMessages("Hello Bob", "This message was deleted.")
		b.waitUntil("the menu is closed", menuClosed)
	}
	ana.waitUntil("the focus is on the time of the deleted message",
		`document.activeElement.matches('#m-2 .message__time')`)
	bob.sendMessage("What was that?")
	ana.waitForMessages("Hello Bob", "This message was deleted.", "What was that?")
	bob.open("/messages?with=1")
	bob.waitForMessages("Hello Bob", "This message was deleted.", "What was that?")
}

func TestEditsArriveAfterReconnect(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	cable := s.newFlakyProxy(t)
	ana := s.newAPIUser("Ana")
	bob := s.newBrowser()
	bob.addr = cable.addr
	bob.register("Bob")
	bob.waitForStream()
	bob.allowErrors(serverDownErrors)
	ana.postMessages("with=2", "one", "two", "three")
	bob.open("/messages?with=1")
	bob.waitForStream()
	bob.waitForMessages("one", "two", "three")
	cable.cut()
	bob.waitForNoStream()
	ana.mustPost("/messages/1/edit", url.Values{"body": {"one, edited"}})
	ana.mustPost("/messages/2/delete", nil)
	ana.mustPost("/messages/3/reactions", url.Values{"emoji": {"👍"}})
	ana.postMessages("with=2", "four")
	ana.mustPost("/messages/4/edit", url.Values{"body": {"four, edited"}})
	cable.restore()
	bob.waitForMessages("one, edited", "This message was deleted.", "three", "four, edited")
	bob.waitUntil("the reaction arrived", reactionsOf(3)+` === '👍 1'`)
	ana.mustPost("/messages/1/edit", url.Values{"body": {"one, twice"}})
	bob.waitForMessages("one, twice", "This message was deleted.", "three", "four, edited")
}

func TestEditsOfOlderMessages(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newAPIUser("Ana")
	bob := s.newUser("Bob")
	ana.postMessages("with=2", numberedTexts("line", 60)...)
	bob.open("/messages?with=1")
	bob.waitForStream()
	bob.waitUntil("the newest messages are shown", sprintf(`%s.length >= 50`, messageTexts))
	eval[bool](bob, `(e => { e.scrollTop = -e.scrollHeight; return true })(document.querySelector('#scroller'))`)
	bob.waitUntil("all messages are shown", sprintf(`%s.length === 60`, messageTexts))
	bob.waitUntil("the page asked for changes",
		`performance.getEntriesByType('resource').some(e => e.name.includes('changed_after'))`)
	ana.mustPost("/messages/2/edit", url.Values{"body": {"an old line, edited"}})
	ana.mustPost("/messages/3/delete", nil)
	bob.waitUntil("the old messages changed",
		messageTexts+`[1] === 'an old line, edited' && `+messageTexts+`[2] === 'This message was deleted.'`)
	bob.openMenu(1)
	bob.click(`#message-menu .emoji-option[value="👍"]`)
	bob.waitUntil("an old message gets a reaction", reactionsOf(1)+` === '👍 1' && `+messageTexts+`.length === 60`)
}

func TestEditWithoutScripts(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	bob := s.newAPIUser("Bob")
	ana := s.newBrowser()
	ana.disableScripts()
	ana.register("Ana")
	ana.waitForPath("/chat")
	bob.postMessages("with=2", "Hello Ana")
	ana.open("/messages?with=1")
	ana.fill("#composer-text", "Hello Bbo")
	ana.click(".send-button")
	ana.waitUntil("the message is shown", frameMessageTexts+`.at(-1) === 'Hello Bbo'`)
	ana.clickInFrame("#m-2 .message__actions-link")
	ana.waitForPath("/messages/2")
	ana.click("details:nth-of-type(1) summary")
	eval[bool](ana, `(e => { e.select(); return true })(document.querySelector('.message-actions textarea'))`)
	ana.fill(".message-actions textarea", "!")
	ana.click("details:nth-of-type(1) .button")
	ana.waitForPath("/messages?room=2")
	ana.waitUntil("the edited text is shown", frameMessageTexts+`.at(-1).includes('!')`)

	ana.clickInFrame("#m-1 .message__actions-link")
	ana.waitForPath("/messages/1")
	ana.click(`.emoji-option[value="👍"]`)
	ana.waitForPath("/messages?room=2")
	ana.waitUntil("the reaction is there",
		`document.querySelector('iframe').contentDocument.querySelector('#m-1 .reaction')`)
	bob.mustPost("/messages/1/reactions", url.Values{"emoji": {"👍"}})
	ana.clickInFrame("#m-1 .reaction")
	ana.waitUntil("her reaction is removed, his stays",
		`(e => e && e.title === 'Bob')(document.querySelector('iframe')
			.contentDocument.querySelector('#m-1 .reaction'))`)

	ana.clickInFrame("#m-1 .message__actions-link")
	ana.waitForPath("/messages/1")
	ana.click("a.emoji-option")
	ana.waitForPath("/emoji?message=1")
	ana.fill(".emoji-picker__search [name=q]", "pizza")
	ana.click(".emoji-picker__search .search-form__submit")
	ana.click(`[value="🍕"]`)
	ana.waitForPath("/messages?room=2")
	ana.waitUntil("the reaction with another emoji is shown",
		`document.querySelector('iframe').contentDocument.querySelector('#m-1 .reaction[value="🍕"]')`)

	bob.mustPost("/messages/1/delete", nil)
	ana.open("/messages?with=1")
	ana.waitUntil("the deleted message is gone from the next page",
		frameMessageTexts+`[0] === 'This message was deleted.'`)
	ana.clickInFrame("#m-2 .message__actions-link")
	ana.waitForPath("/messages/2")
	ana.click("details:nth-of-type(2) summary")
	ana.click(".button--danger")
	ana.waitForPath("/messages?room=2")
	ana.waitUntil("both messages are deleted", frameMessageTexts+`.every(t => t === 'This message was deleted.')`)
}

func TestEditTextSurvivesClosingMenu(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	s.newAPIUser("Bob")
	ana.open("/messages?with=2")
	ana.waitForStream()
	ana.sendMessage("Hello")
	rewritten := `document.querySelector('#message-menu textarea')?.value`
	inTheText := `document.activeElement.matches('#message-menu details[open] textarea')`
	ana.openMenu(1)
	ana.click("#message-menu details:nth-of-type(1) summary")
	ana.waitUntil("the text field has the focus", inTheText)
	ana.typeText(", Bob")
	ana.click(".conversation__name")
	ana.waitUntil("a click outside closes the menu", menuClosed)
	ana.openMenu(1)
	ana.waitUntil("the unsaved text is still there", rewritten+` === 'Hello, Bob' && `+inTheText)
	ana.pressKeys("\r", chromedp.ModifierShift)
	ana.typeText("How are you?")
	ana.pressKeys("\r")
	ana.waitForMessages("Hello, Bob\nHow are you?")
	ana.waitUntil("the menu is closed", menuClosed)
	ana.api().mustPost("/messages/1/edit", url.Values{"body": {"Hi"}})
	ana.waitForMessages("Hi")
	ana.openMenu(1)
	ana.waitUntil("the form begins with the current text",
		rewritten+` === 'Hi' && !document.querySelector('#message-menu details[open]')`)
	ana.click("#message-menu details:nth-of-type(1) summary")
	ana.typeText("!!")
	ana.click("#message-menu details:nth-of-type(1) .message-actions__cancel")
	ana.waitUntil("the menu is closed", menuClosed)
	ana.openMenu(1)
	ana.waitUntil("the cancelled text is gone",
		rewritten+` === 'Hi' && !document.querySelector('#message-menu details[open]')`)
}
