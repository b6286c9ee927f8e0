package e2e

import "testing"

// messageTexts is a script for the texts of all messages on the page, from top to bottom.
const messageTexts = `[...document.querySelectorAll('.messages > .message')]
	.map(e => e.querySelector('.message__body').innerText.trim())`

// openConversationWith waits until a user is online and opens the conversation with them.
func (b *tab) openConversationWith(other *tab) {
	b.Helper()
	link := sprintf(`[...document.querySelectorAll('#online-list a')]
		.find(e => e.querySelector('bdi').textContent === %s)`,
		asJSON(other.name))
	b.waitUntil(other.name+" is online", link)
	b.click("#" + eval[string](b, link+".id"))
	b.waitUntil("the conversation with "+other.name+" is open",
		sprintf(`document.querySelector('#conversation-name bdi')?.textContent === %s`, asJSON(other.name)))
	b.waitForStream()
}

// sendMessage types a message, presses Enter, and waits until it is sent.
func (b *tab) sendMessage(text string) {
	b.Helper()
	b.waitUntil("the composer is ready", composerReady)
	b.fill("#composer-text", text)
	b.pressKeys("\r")
	b.waitUntil("“"+text+"” is sent", composerReady)
}

// waitForMessages waits until the page shows exactly these messages, in this order. It fails the test if an id is on
// the page twice, as with a message that was inserted twice.
func (b *tab) waitForMessages(want ...string) {
	b.Helper()
	b.waitUntil("the messages are "+asJSON(want), sprintf(`JSON.stringify(%s) === %s`, messageTexts,
		asJSON(asJSON(want))))
	if !b.isTrue(`new Set([...document.querySelectorAll('[id]')]
		.map(e => e.id)).size === document.querySelectorAll('[id]').length`) {
		b.Errorf("%s: an id is on the page twice", b.name)
	}
}

func TestConversation(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.waitUntil("nobody else is online", onlineNames+` === 'Ana'`)
	bob := s.newUser("Bob")
	ana.waitUntil("Bob is online", onlineNames+` === 'Ana,Bob'`)
	bob.waitUntil("Ana is online", onlineNames+` === 'Ana,Bob'`)

	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	ana.sendMessage("Hello Bob")
	bob.waitForMessages("Hello Bob")
	bob.sendMessage("Hello Ana")
	ana.waitForMessages("Hello Bob", "Hello Ana")
	bob.waitForMessages("Hello Bob", "Hello Ana")

	bob.closeTab()
	ana.waitUntil("Bob is offline after the grace period", onlineNames+` === 'Ana'`)
	ana.waitUntil("Bob is away", `document.querySelector('.conversation__state').innerText === 'Offline'`)
}

func TestOneMessageIsOneElement(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	said := numberedTexts("word", 12)
	for i, text := range said {
		[]*tab{ana, bob}[i%2].sendMessage(text)
	}
	ana.waitForMessages(said...)
	bob.waitForMessages(said...)

	second := ana.anotherTab()
	second.open("/messages?with=2")
	second.waitForStream()
	second.waitForMessages(said...)
	second.sendMessage("from elsewhere")
	said = append(said, "from elsewhere")
	ana.waitForMessages(said...)
	second.waitForMessages(said...)
}

// messageSelector returns the selector of the message with seq n. In a direct conversation that is the nth message.
func messageSelector(n int) string { return sprintf("#m-%d", n) }
