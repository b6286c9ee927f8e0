package e2e

import "testing"

// reactionsOf is a script for the reactions to the nth message: emoji and count, separated by commas.
func reactionsOf(n int) string {
	return sprintf(`[...document.querySelectorAll('%s .reaction')].map(e => e.innerText.replace(/\s+/g, ' ').trim())
		.join()`,
		messageSelector(n))
}

func TestReactionsInAllTabs(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	second := bob.anotherTab()
	second.open("/messages?with=1")
	second.waitForStream()
	ana.sendMessage("We won")
	everybody := []*tab{ana, bob, second}
	sees := func(want string) {
		t.Helper()
		for _, b := range everybody {
			b.waitUntil("the reactions are "+want, reactionsOf(1)+` === `+asJSON(want))
		}
	}
	second.waitUntil("the message arrived", sprintf(`%s.length === 1`, messageTexts))
	bob.openMenu(1)
	bob.click(`#message-menu .emoji-option[value="🎉"]`)
	bob.waitUntil("the menu is closed", menuClosed)
	sees("🎉 1")
	edge := `getComputedStyle(document.querySelector('#m-1 .reaction')).borderColor`
	if eval[string](bob, edge) == eval[string](ana, edge) {
		t.Error("Bob's own reaction looks like another's")
	}
	ana.waitUntil("the title names who reacted", `document.querySelector('#m-1 .reaction').title === 'Bob'`)
	ana.click("#m-1 .reaction")
	sees("🎉 2")
	bob.openMenu(1)
	bob.waitUntil("the menu marks his own reaction",
		`document.querySelector('#message-menu .emoji-option[value="🎉"]').ariaPressed === 'true' &&
		document.querySelector('.message-actions__reactors').innerText.includes('Bob, Ana')`)
	bob.click(`#message-menu .emoji-option[value="❤️"]`)
	bob.waitUntil("the menu is closed", menuClosed)
	sees("🎉 2,❤️ 1")
	second.click("#m-1 .reaction")
	sees("🎉 1,❤️ 1")
	ana.click("#m-1 .reaction")
	sees("❤️ 1")
	bob.reactWith(1, "corazón rojo", "❤️")
	sees("")
	bob.reactWith(1, "pizza", "🍕")
	sees("🍕 1")
	second.reactWith(1, "thumbs up", "👍")
	sees("🍕 1,👍 1")
}

// reactWith opens the picker in the menu of the nth message, searches for a word and clicks on an emoji.
func (b *tab) reactWith(n int, word, emoji string) {
	b.Helper()
	b.openMenu(n)
	b.click("#message-menu a.emoji-option")
	b.waitUntil("the picker is in the menu, and the search has the focus",
		`document.querySelector('#message-menu:popover-open #message-menu-emoji') &&
		document.activeElement.matches('#message-menu [name=q]')`)
	b.typeText(word)
	b.waitUntil(word+" finds "+emoji,
		sprintf(`(all => all.length < 20 &&
		all.some(e => e.value === %q))([...document.querySelectorAll('#message-menu-emoji button')])`, emoji))
	b.click(sprintf(`#message-menu-emoji [value="%s"]`, emoji))
	b.waitUntil("the menu is closed, and the focus is back on the button", menuClosed+` && `+menuButtonFocused(n))
}
