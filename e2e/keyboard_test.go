package e2e

import "testing"

func TestKeyboardOnly(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	bob := s.newAPIUser("Bob")
	bob.postMessages("with=1", "Hello Ana")
	ana.waitUntil("Bob's conversation is in the list", `document.querySelector('#with-2')`)

	ana.tabTo(".skip-link")
	ana.tabTo(".search-form input")
	ana.typeText("bob")
	ana.waitUntil("the search finds Bob", `document.querySelector('#search-results a bdi')?.innerText.startsWith('Bob')`)
	ana.tabTo("#search-results a")
	ana.tabTo("#with-2")
	ana.pressKeys("\r")
	ana.waitForConversation("with=2")
	ana.tabTo("#scroller")
	ana.tabTo("#composer-text")
	ana.typeText("Hello Bob")
	ana.tabTo(".send-button")
	ana.pressKeys("\r")
	ana.waitForMessages("Hello Ana", "Hello Bob")
}
