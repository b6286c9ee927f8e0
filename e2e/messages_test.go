package e2e

import "testing"

// messageTexts are the texts of all messages on the page, from top to bottom.
const messageTexts = `[...document.querySelectorAll('.messages > .message')].map(e => e.querySelector('.message__body').innerText.trim())`

// openConversationWith waits until somebody shows in the list of those who are here, and opens the conversation with them.
func (b *tab) openConversationWith(other *tab) {
	b.Helper()
	link := sprintf(`[...document.querySelectorAll('#online-list a')].find(e => e.querySelector('bdi').textContent === %s)`, asJSON(other.name))
	b.waitUntil(other.name+" is here", link)
	b.click("#" + eval[string](b, link+".id"))
	b.waitUntil("the conversation with "+other.name+" is open", sprintf(`document.querySelector('#conversation-name bdi')?.textContent === %s`, asJSON(other.name)))
	b.waitForStream()
}

// postMessages types a message and presses Enter; it is sent when it has arrived.
func (b *tab) sendMessage(text string) {
	b.Helper()
	b.waitUntil("the box is ready", composerReady)
	b.fill("#composer-text", text)
	b.pressKeys("\r")
	b.waitUntil("“"+text+"” is sent", composerReady)
}

// waitForMessages waits until the page shows exactly these messages, in this order. A line that came twice has the same id twice.
func (b *tab) waitForMessages(want ...string) {
	b.Helper()
	b.waitUntil("the messages are "+asJSON(want), sprintf(`JSON.stringify(%s) === %s`, messageTexts, asJSON(asJSON(want))))
	if !b.isTrue(`new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size === document.querySelectorAll('[id]').length`) {
		b.Errorf("%s: an id stands twice on the page", b.name)
	}
}

func TestConversation(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.waitUntil("nobody else is here", onlineNames+` === 'Ana'`)
	bob := s.newUser("Bob")
	ana.waitUntil("Bob came", onlineNames+` === 'Ana,Bob'`)
	bob.waitUntil("Ana is here", onlineNames+` === 'Ana,Bob'`)

	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	ana.sendMessage("Hello Bob")
	bob.waitForMessages("Hello Bob")
	bob.sendMessage("Hello Ana")
	ana.waitForMessages("Hello Bob", "Hello Ana")
	bob.waitForMessages("Hello Bob", "Hello Ana")

	bob.closeTab()
	ana.waitUntil("Bob left after the grace", onlineNames+` === 'Ana'`)
	ana.waitUntil("Bob is away", `document.querySelector('.conversation__state').innerText === 'away'`)
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

// messageSelector is the selector of the nth message of a conversation that has nothing but messages.
func messageSelector(n int) string { return sprintf("#m-%d", n) }
