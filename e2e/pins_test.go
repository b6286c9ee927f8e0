package e2e

import "testing"

// TestPinsAndSavedMessages pins and saves a message by keyboard, follows the link to the pinned messages, and undoes
// both there, at the width of a small phone.
func TestPinsAndSavedMessages(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	bob.setSize(320, 740)
	ana.sendMessage("The door code is 1234")
	bob.waitForMessages("The door code is 1234")
	choose := func(action string) {
		t.Helper()
		eval[bool](bob, `(document.querySelector('#m-1 .message__menu-button').focus(), true)`)
		bob.pressKeys("\r")
		bob.waitUntil("the menu is open", menuOpen)
		bob.tabTo(`#message-menu form[action$="/` + action + `"] button`)
		bob.pressKeys("\r")
		bob.waitUntil("the menu is closed, and the focus is back on the button", menuClosed+` && `+menuButtonFocused(1))
	}
	choose("pin")
	for _, b := range []*tab{ana, bob} {
		b.waitUntil("the message is marked", `document.querySelector('#m-1 .message__pinned').innerText.trim() === 'Pinned'`)
	}
	choose("save")
	bob.checkFits("a conversation with a pin", 320)
	eval[bool](bob, `(document.querySelector('.back-link--list').focus(), true)`)
	bob.tabTo(".pins-link")
	bob.pressKeys("\r")
	bob.waitForPath("/pins?with=1")
	bob.waitUntil("the message is listed", `document.querySelector('.search-hit__text').innerText.trim() === 'The door code is 1234'`)
	bob.checkFits("the pins", 320)
	bob.tabTo(`form[action$="/unpin"] button`)
	bob.pressKeys("\r")
	bob.waitUntil("nothing is pinned", `!document.querySelector('.search-hit') && document.querySelector('.page .field__hint')`)
	ana.waitUntil("the mark is gone", `document.querySelector('#m-1') && !document.querySelector('#m-1 .message__pinned')`)

	bob.open("/saved")
	bob.waitUntil("the message is listed", `document.querySelector('.search-hit__room').innerText.trim() === 'Ana'`)
	bob.checkFits("saved messages", 320)
	bob.click(`form[action$="/unsave"] button`)
	bob.waitUntil("nothing is saved", `location.pathname === '/saved' && !document.querySelector('.search-hit')`)
}
