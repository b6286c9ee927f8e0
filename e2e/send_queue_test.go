package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
)

// queuedTexts is a script for the texts of the messages that wait for the open conversation, separated by bars.
const queuedTexts = `[...document.querySelectorAll('#scroller .waiting-message > .message__body')].map(e => e.innerText).join('|')`

// queueEmpty is a script that is true if no page of the browser has a message that was neither sent nor cancelled, and
// none is shown.
const queueEmpty = `(all => document.querySelector('#send-queue') && !document.querySelector('.waiting-message') &&
	!Object.keys(all).some(id => id.startsWith('message-') && !all['gone-' + id]))(
	Object.assign({}, ...Object.keys(localStorage).filter(k => k.includes('-slot-')).map(k => JSON.parse(localStorage[k]))))`

// connectionStatus is a script for what the page says about the connection.
const connectionStatus = `document.querySelector('#connection-status').innerText.trim()`

// localStorageText is a script for everything in the local storage of the browser.
const localStorageText = `Object.values(localStorage).join()`

// localStorageEmpty is a script that is true if every entry of the local storage of the browser is empty.
const localStorageEmpty = `Object.values(localStorage).every(entry => entry === '{}')`

// cancelQueued cancels the nth of the queued messages, as soon as it is marked as waiting.
func (b *tab) cancelQueued(n int) {
	b.Helper()
	nth := sprintf(".waiting-messages > li:nth-child(%d of :has(.waiting-message)) ", n)
	b.click(nth + "summary")
	b.click(nth + "[type=button]")
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
		`document.querySelector('.waiting-message__mark')?.innerText === 'Pendiente de envío'`)
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
	ana.waitUntil("the three messages to Bob are not shown here", queuedTexts+` === ''`)
	ana.click("#with-2")
	ana.waitForConversation("with=2")
	ana.cancelQueued(2)
	ana.waitUntil("two are queued", `document.querySelectorAll('.waiting-message').length === 2`)
	ana.waitForComposerText("to nobody")
	ana.click("#room-1")
	ana.waitForConversation("room=1")
	ana.waitForComposerText("to all")
	slow.setDelay(0)
	ana.waitUntil("the page says why one message was refused",
		`document.querySelector('.send-queue__error').innerText.startsWith('Bob: A message can have')`)
	ana.waitUntil("the queue is empty, and no longer shown", queueEmpty)
	ana.waitForComposerText("to all")
	ana.click("#composer-text")
	ana.pressKeys("\r")
	ana.waitForMessages("to all")

	ana.click("#with-2")
	ana.waitForConversation("with=2")
	ana.waitForMessages("to Bob", "to nobody")
	ana.waitForComposerText(strings.Repeat("long ", 1000))
	ana.waitUntil("the text that was cancelled too late is not offered", otherDrafts+` === ''`)
	bob.waitForMessages("to Bob", "to nobody")
}

// TestTwoTabsQueueWhileServerIsAway sends messages in two tabs in random turns while nothing reaches the server, closes
// both pages, and opens one again. Every message must arrive once, those of each tab in their order.
func TestTwoTabsQueueWhileServerIsAway(t *testing.T) {
	t.Parallel()
	const rounds, perTab = 20, 20
	s := startServer(t)
	proxy := s.newSlowProxy(t)
	ana := s.newBrowser()
	ana.addr = proxy.addr
	ana.allowErrors(serverDownErrors)
	ana.register("Ana")
	ana.waitForPath("/chat")
	ana.open("/messages?room=1")
	tabs := []*tab{ana, ana.anotherTab()}
	tabs[1].addr = proxy.addr
	tabs[1].allowErrors(serverDownErrors)
	for round := range rounds {
		tabs[1].open("/messages?room=1")
		tabs[1].waitUntil("the page is ready", composerReady)
		proxy.setAway(true)
		for i, b := range tabs {
			eval[bool](b, sprintf(sendInTurns, round, i, perTab))
		}
		for _, b := range tabs {
			b.waitUntil("the tab has sent everything", `window.sent === `+fmt.Sprint(perTab))
		}
		if round == 0 {
			tabs[0].waitUntil("the tab shows what waits in both", `document.querySelectorAll('.waiting-message').length === 40`)
		}
		tabs[0].closePage()
		tabs[1].closePage()
		proxy.setAway(false)
		tabs[0].open("/messages?room=1")
		tabs[0].waitUntil("the queue is empty", queueEmpty)
	}
	checkTwoTabs(t, ana.api().messageBodies("room=1"), rounds, perTab)
}

// closePage closes the page and keeps the tab, which is quicker than opening a new one.
func (b *tab) closePage() {
	b.Helper()
	call(b, page.Navigate, page.NavigateParams{URL: "about:blank"})
}

// sendInTurns is a script that types and sends numbered texts, with short pauses of random length, so that two tabs that
// run it take random turns. It goes on after it has returned, and counts in window.sent. It is quicker than keys.
const sendInTurns = `((round, tab, count) => {
	const box = document.querySelector('#composer-text')
	window.sent = 0
	const next = () => {
		box.value = 'r' + round + ' t' + tab + ' n' + window.sent
		box.dispatchEvent(new Event('input', {bubbles: true}))
		box.form.requestSubmit()
		if (++window.sent < count) setTimeout(next, Math.random() * 10)
	}
	next()
	return true
})(%d, %d, %d)`

// checkTwoTabs checks that each round has every message of both tabs once, and those of each tab in their order.
func checkTwoTabs(t *testing.T, bodies []string, rounds, perTab int) {
	t.Helper()
	if len(bodies) != rounds*2*perTab {
		t.Errorf("%d messages arrived, want %d", len(bodies), rounds*2*perTab)
	}
	next := map[string]int{}
	for _, body := range bodies {
		var round, tab, n int
		if _, err := fmt.Sscanf(body, "r%d t%d n%d", &round, &tab, &n); err != nil {
			t.Fatalf("message %q: %v", body, err)
		}
		key := fmt.Sprint(round, "/", tab)
		if n != next[key] {
			t.Errorf("tab %d of round %d: message %d comes where %d belongs", tab, round, n, next[key])
		}
		next[key] = n + 1
	}
}

// TestOtherTabsQueueIsVisible shows what waits in another tab, and cancels it there. The entry of one of the pages is
// removed from the local storage meanwhile: the page still shows what waits in the other tab, and nothing is lost.
func TestOtherTabsQueueIsVisible(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	ana.allowErrors(serverDownErrors)
	bob.allowErrors(serverDownErrors)
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	second := ana.anotherTab()
	second.allowErrors(serverDownErrors)
	second.open("/messages?with=2")
	second.waitForStream()

	s.stop()
	ana.typeAndEnter("from the first")
	second.waitUntil("the other tab shows the queued text", queuedTexts+` === 'from the first'`)
	eval[bool](ana, `(localStorage.removeItem(document.body.dataset.store), true)`)
	second.typeAndEnter("from the second")
	second.typeText("not this one") // the focus is still in the composer
	second.pressKeys("\r")
	ana.waitUntil("a page without an entry shows the other tab's texts", queuedTexts+` === 'from the second|not this one'`)
	ana.typeAndEnter("and one more")
	const sorted = queuedTexts + `.split('|').sort().join('|')`
	for _, b := range []*tab{ana, second} {
		b.waitUntil("both tabs show all queued texts",
			sorted+` === 'and one more|from the first|from the second|not this one'`)
	}
	ana.cancelQueued(1 + eval[int](ana, queuedTexts+`.split('|').indexOf('not this one')`))
	for _, b := range []*tab{ana, second} {
		b.waitUntil("one message less is queued in both tabs", sorted+` === 'and one more|from the first|from the second'`)
	}
	ana.waitForComposerText("not this one")
	second.closeTab()
	ana.closeTab()
	s.start()

	ana = ana.anotherTab()
	ana.open("/settings")
	ana.waitUntil("the queue is empty", queueEmpty)
	ana.open("/messages?with=2")
	ana.waitForStream()
	ana.waitUntil("all others are sent once",
		`JSON.stringify(`+messageTexts+`.sort()) === '["and one more","from the first","from the second"]'`)
}
