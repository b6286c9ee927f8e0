package e2e

import "testing"

func TestUnreadCounts(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	second := ana.anotherTab()
	second.open("/chat")
	second.waitForStream()
	bob := s.newAPIUser("Bob")

	ana.open("/messages?room=1")
	ana.waitForStream()
	bob.postMessages("with=1", "psst", "are you there?")
	for _, b := range []*tab{ana, second} {
		b.waitUntil("two messages are unread",
			`document.querySelector('#with-2 .unread-badge')?.innerText.startsWith('2')`)
	}
	ana.waitUntil("the title says so", `document.title.startsWith('(2) General')`)
	second.waitUntil("the title says so", `document.title === '(2) Charla'`)

	ana.click("#with-2")
	ana.waitForConversation("with=2")
	for _, b := range []*tab{ana, second} {
		b.waitUntil("all messages are read",
			`!document.querySelector('.unread-badge') && !document.title.startsWith('(')`)
	}

	bob.postMessages("with=1", "one more")
	ana.waitForMessages("psst", "are you there?", "one more")
	second.waitUntil("messages on the screen are read",
		`!document.querySelector('.unread-badge') && !document.title.startsWith('(')`)
	second.open("/chat")
	second.waitUntil("the message stays read",
		`document.querySelector('#with-2') && !document.querySelector('.unread-badge')`)

	bob.postMessages("room=1", "everybody?")
	second.waitUntil("unread messages of General are counted too",
		`document.querySelector('#room-1 .unread-badge')?.innerText.startsWith('1')`)
}
