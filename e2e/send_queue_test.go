package e2e

import (
	"net/url"
	"strings"
	"testing"
)

// queuedTexts is a script for the texts in the send queue, separated by bars.
const queuedTexts = `[...document.querySelectorAll('#send-queue .pending-text__body')].map(e => e.innerText).join('|')`

// queueEmpty is a script that is true if no page of the browser has a message that was neither sent nor cancelled.
const queueEmpty = `(all => document.querySelector('#send-queue') &&
	!Object.keys(all).some(id => id.startsWith('message-') && !all['gone-' + id]))(
	Object.assign({}, ...Object.keys(localStorage).filter(k => k.includes('-slot-')).map(k => JSON.parse(localStorage[k]))))`

// connectionStatus is a script for what the page says about the connection.
const connectionStatus = `document.querySelector('#connection-status').textContent.trim()`

// localStorageText is a script for everything in the local storage of the browser.
const localStorageText = `Object.values(localStorage).join()`

// cancelQueued clicks on Cancel beside the nth of the queued messages, after their animation has ended.
func (b *tab) cancelQueued(n int) {
	b.Helper()
	b.waitUntil("the queue is not animated any more",
		`document.querySelector('#send-queue .pending-text')?.getAnimations().length === 0`)
	b.click(sprintf("#send-queue li:nth-child(%d of :has(.pending-text__row)) .button", n))
}

// typeAndEnter types a text and presses Enter, without waiting for anything.
func (b *tab) typeAndEnter(text string) {
	b.Helper()
	b.fill("#composer-text", text)
	b.pressKeys("\r")
}

func TestSendOffline(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	ana.allowErrors(serverDownErrors)
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	ana.sendMessage("before the tunnel")

	ana.setOffline(true)
	ana.waitUntil("there is no connection",
		connectionStatus+` === 'You are offline. Messages will be sent when you reconnect.'`)
	ana.typeAndEnter("in the tunnel")
	ana.typeAndEnter("still in it")
	ana.typeAndEnter("this one not")
	ana.waitUntil("they are queued", queuedTexts+` === 'in the tunnel|still in it|this one not'`)
	ana.cancelQueued(3)
	ana.waitUntil("one message is cancelled",
		queuedTexts+` === 'in the tunnel|still in it' && `+composer+`.value === 'this one not'`)
	ana.closeTab()

	ana = ana.anotherTab()
	ana.open("/messages?with=2")
	ana.waitForStream()
	bob.waitForMessages("before the tunnel", "in the tunnel", "still in it")
	ana.waitForMessages("before the tunnel", "in the tunnel", "still in it")
	ana.waitUntil("the queue is empty, and the cancelled text is a draft",
		sprintf(`%s === '' && %s.value === 'this one not'`,
			queuedTexts, composer))
	ana.open("/messages?with=2")
	ana.waitForStream()
	bob.waitForMessages("before the tunnel", "in the tunnel", "still in it")
}

func TestQueueIsSentOnReconnect(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	ana.allowErrors(serverDownErrors)
	bob.allowErrors(serverDownErrors)
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	ana.setOffline(true)
	ana.typeAndEnter("by itself")
	ana.waitUntil("it is queued", queuedTexts+` === 'by itself'`)
	ana.setOffline(false)
	ana.waitUntil("the connection is back", connectionStatus+` === 'Connected again.'`)
	bob.waitForMessages("by itself")
	ana.waitForMessages("by itself")
	ana.waitUntil("the status is cleared", connectionStatus+` === ''`)

	s.stop()
	ana.waitUntil("the page says that the server does not respond",
		connectionStatus+` === "Can't connect to Charla. Retrying…"`)
	ana.typeAndEnter("after the restart")
	ana.waitUntil("it is queued", queuedTexts+` === 'after the restart'`)
	s.start()
	ana.waitUntil("the connection is back", connectionStatus+` === 'Connected again.'`)
	bob.waitForMessages("by itself", "after the restart")
	ana.waitUntil("the queue is empty", composerReady)
}

func TestLostResponseSendsOnce(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	slow := s.newSlowProxy(t)
	ana := slow.newUser(s, "Ana")
	ana.allowErrors(serverDownErrors)
	bob := s.newUser("Bob")
	bob.open("/messages?room=1")
	bob.waitForStream()

	slow.dropResponses()
	ana.typeAndEnter("only once")
	bob.waitForMessages("only once")
	ana.waitUntil("it is still queued", queuedTexts+` === 'only once'`)
	slow.setDelay(0)
	ana.waitUntil("the message is sent", composerReady)
	ana.sendMessage("and another")
	bob.waitForMessages("only once", "and another")
	ana.waitForMessages("only once", "and another")
}

// TestCancelAfterDelivery cancels a message that has arrived although its response was lost, and sends it again. It
// must be stored once.
func TestCancelAfterDelivery(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	slow := s.newSlowProxy(t)
	ana := slow.newUser(s, "Ana")
	ana.allowErrors(serverDownErrors)
	bob := s.newUser("Bob")
	bob.open("/messages?room=1")
	bob.waitForStream()

	slow.dropResponses()
	ana.typeAndEnter("said once")
	bob.waitForMessages("said once")
	ana.waitUntil("it seems to be queued", queuedTexts+` === 'said once'`)
	ana.cancelQueued(1)
	ana.waitUntil("it is in the composer", composer+`.value === 'said once'`)
	slow.setDelay(0)
	ana.click("#composer-text")
	ana.pressKeys("\r")
	ana.waitUntil("the message is sent", composerReady)
	ana.sendMessage("and another")
	bob.waitForMessages("said once", "and another")
}

func TestSendQueueOnPhoneInSpanish(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	bob := s.newUser("Bob")
	ana := s.newBrowser()
	ana.disableCSP()
	ana.allowErrors(serverDownErrors)
	ana.register("Ana")
	ana.waitForPath("/chat")
	ana.waitForStream()
	ana.api().mustPost("/settings", url.Values{"locale": {"es"}, "theme": {""}})
	ana.setSize(320, 640)
	ana.open("/messages?with=1")
	ana.waitForStream()
	bob.openConversationWith(ana)
	bob.fill("#composer-text", "Hola")
	ana.waitUntil("Bob is writing", typingText+` === 'Bob está escribiendo…'`)
	ana.checkAccessibility("somebody is writing")
	ana.setOffline(true)
	ana.typeAndEnter(strings.Repeat("una palabra muy larga ", 20) + strings.Repeat("larguísima", 10))
	ana.waitUntil("it is queued",
		`document.querySelector('.pending-text__label')?.innerText === 'Bob · Se enviará cuando haya conexión:'`)
	ana.waitUntil("the page shows the reason",
		connectionStatus+` === 'No tienes conexión. Los mensajes se enviarán cuando la recuperes.'`)
	ana.fill("#composer-text", "y otra")
	ana.waitUntil("the typing line is hidden",
		`getComputedStyle(document.querySelector('#typing')).visibility === 'hidden'`)
	ana.checkFits("a message that waits", 320)
	ana.checkAccessibility("a message that waits")
}

func TestQueueIsSentFromAnyPage(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	ana.allowErrors(serverDownErrors)
	bob.allowErrors(serverDownErrors)
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	bob.sendMessage("are you there?")
	ana.waitForMessages("are you there?")
	s.stop()
	ana.typeAndEnter("I am")
	ana.typeAndEnter("somewhere")
	ana.waitUntil("they are queued", queuedTexts+` === 'I am|somewhere'`)
	ana.closeTab()
	s.start()

	ana = ana.anotherTab()
	ana.open("/chat")
	ana.waitForStream()
	bob.waitForMessages("are you there?", "I am", "somewhere")
	ana.waitUntil("the queue is empty", queueEmpty)
}

func TestQueueAcrossConversations(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	slow := s.newSlowProxy(t)
	ana := s.newBrowser()
	ana.addr = slow.addr
	ana.allowErrors(serverDownErrors, "status of 422")
	ana.register("Ana")
	ana.waitForPath("/chat")
	bob := s.newUser("Bob")
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	slow.dropResponses()
	ana.typeAndEnter("to Bob")
	ana.typeAndEnter("to nobody")
	ana.typeAndEnter(strings.Repeat("long ", 1000))
	bob.waitForMessages("to Bob", "to nobody")
	ana.click("#room-1")
	ana.waitForConversation("room=1")
	ana.fill("#composer-text", "to all")
	ana.waitUntil("three are queued", `document.querySelectorAll('#send-queue .pending-text__row').length === 3`)
	ana.cancelQueued(2)
	ana.waitUntil("two are queued", `document.querySelectorAll('#send-queue .pending-text__row').length === 2`)
	slow.setDelay(0)
	ana.waitUntil("the page says why one message was refused",
		`document.querySelector('.send-queue__error').innerText.startsWith('Bob: A message can have')`)
	ana.waitUntil("the queue is empty", queueEmpty)
	ana.waitForComposerText("to all")
	ana.click("#composer-text")
	ana.pressKeys("\r")
	ana.waitForMessages("to all")

	ana.click("#with-2")
	ana.waitForConversation("with=2")
	ana.waitForMessages("to Bob", "to nobody")
	ana.waitUntil("the text that was cancelled too late and the refused text are offered", sprintf(`%s === %s`,
		otherDrafts, asJSON("to nobody|"+strings.Repeat("long ", 1000))))
	ana.click(".composer-area .pending-text .button")
	ana.waitForComposerText("to nobody")
	ana.waitForStoredDraft("with=2", "to nobody")
	bob.waitForMessages("to Bob", "to nobody")
}

func TestTwoTabsShareSendQueue(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	ana.allowErrors(serverDownErrors)
	bob.allowErrors(serverDownErrors)
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	second := ana.anotherTab()
	second.allowErrors(serverDownErrors)
	second.open("/messages?room=1")
	second.waitForStream()

	s.stop()
	ana.typeAndEnter("from the first")
	second.waitUntil("the other tab shows the queued text", queuedTexts+` === 'from the first'`)
	second.typeAndEnter("from the second")
	second.typeAndEnter("not this one")
	ana.waitUntil("the first tab shows all queued texts",
		queuedTexts+` === 'from the first|from the second|not this one'`)
	ana.cancelQueued(3)
	second.waitUntil("the message is cancelled in both tabs", queuedTexts+` === 'from the first|from the second'`)
	second.closeTab()
	ana.closeTab()
	s.start()

	ana = ana.anotherTab()
	ana.open("/settings")
	bob.waitForMessages("from the first")
	ana.waitUntil("the queue is empty", queueEmpty)
	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.waitForMessages("from the second")
	ana.waitForComposerText("not this one")
	if texts := eval[string](ana, localStorageText); strings.Contains(texts, "from the") {
		t.Errorf("sent texts are still in the local storage: %s", texts)
	}
}
