package e2e

import (
	"net/url"
	"strings"
	"testing"
)

// waiting are the texts that wait to be sent.
const waiting = `[...document.querySelectorAll('#outbox .waiting__body')].map(e => e.innerText).join('|')`

// nothingWaits tells that whatever was sent has arrived, or was taken back.
const nothingWaits = `document.querySelector('#outbox') && !document.querySelector('#outbox[data-waits]')`

// news is what the page says of the connection.
const news = `document.querySelector('#connection').textContent.trim()`

// kept is what the browser itself keeps of anybody's text.
const kept = `Object.values(localStorage).join()`

// takesBack presses Cancel beside one of the texts that wait, once they stand still.
func (b *tab) takesBack(which string) {
	b.Helper()
	b.until("what waits stands still", `document.querySelector('#outbox .waiting')?.getAnimations().length === 0`)
	b.click("#outbox li" + which + " .button")
}

// sends types a text and presses Enter, and does not wait for anything.
func (b *tab) sends(text string) {
	b.Helper()
	b.fill("#text", text)
	b.press("\r")
}

func TestWrittenOffline(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana, bob := s.newcomer("Ana"), s.newcomer("Bob")
	ana.tolerate(noServer)
	ana.meets(bob)
	bob.meets(ana)
	ana.write("before the tunnel")

	ana.offline(true)
	ana.until("there is no connection", news+` === 'You are offline. What you send waits here.'`)
	ana.sends("in the tunnel")
	ana.sends("still in it")
	ana.sends("this one not")
	ana.until("they wait", waiting+` === 'in the tunnel|still in it|this one not'`)
	ana.takesBack(":last-of-type")
	ana.until("one is taken back", waiting+` === 'in the tunnel|still in it' && `+box+`.value === 'this one not'`)
	ana.leave()

	ana = ana.another()
	ana.open("/messages?with=2")
	ana.live()
	bob.reads("before the tunnel", "in the tunnel", "still in it")
	ana.reads("before the tunnel", "in the tunnel", "still in it")
	ana.until("nothing waits, and the rest is a draft", say(`%s === '' && %s.value === 'this one not'`, waiting, box))
	ana.open("/messages?with=2")
	ana.live()
	bob.reads("before the tunnel", "in the tunnel", "still in it")
}

func TestTheConnectionComesBack(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana, bob := s.newcomer("Ana"), s.newcomer("Bob")
	ana.tolerate(noServer)
	bob.tolerate(noServer)
	ana.meets(bob)
	bob.meets(ana)
	ana.offline(true)
	ana.sends("by itself")
	ana.until("it waits", waiting+` === 'by itself'`)
	ana.offline(false)
	ana.until("the connection is back", news+` === 'The connection is back.'`)
	bob.reads("by itself")
	ana.reads("by itself")
	ana.until("no more is said of it", news+` === ''`)

	s.stop()
	ana.until("it says that the server is away", news+` === 'Charla does not answer. Trying again…'`)
	ana.sends("after the restart")
	ana.until("it waits", waiting+` === 'after the restart'`)
	s.start()
	ana.until("the server is back", news+` === 'The connection is back.'`)
	bob.reads("by itself", "after the restart")
	ana.until("nothing waits", ready)
}

func TestAnAnswerIsLost(t *testing.T) {
	t.Parallel()
	s := serve(t)
	slow := s.slowly(t)
	ana := slow.newcomer(s, "Ana")
	ana.tolerate(noServer)
	bob := s.newcomer("Bob")
	bob.open("/messages?room=1")
	bob.live()

	slow.loseAnswers()
	ana.sends("only once")
	bob.reads("only once")
	ana.until("it still waits", waiting+` === 'only once'`)
	slow.hold(0)
	ana.until("it has arrived", ready)
	ana.write("and another")
	bob.reads("only once", "and another")
	ana.reads("only once", "and another")
}

// TestTakenBackAlthoughItArrived: whoever takes back what only seems to wait, and sends it again, has said it once.
func TestTakenBackAlthoughItArrived(t *testing.T) {
	t.Parallel()
	s := serve(t)
	slow := s.slowly(t)
	ana := slow.newcomer(s, "Ana")
	ana.tolerate(noServer)
	bob := s.newcomer("Bob")
	bob.open("/messages?room=1")
	bob.live()

	slow.loseAnswers()
	ana.sends("said once")
	bob.reads("said once")
	ana.until("it seems to wait", waiting+` === 'said once'`)
	ana.takesBack("")
	ana.until("it is in the box", box+`.value === 'said once'`)
	slow.hold(0)
	ana.click("#text")
	ana.press("\r")
	ana.until("it has arrived", ready)
	ana.write("and another")
	bob.reads("said once", "and another")
}

func TestTypingOnWhileAMessageIsUnderWay(t *testing.T) {
	t.Parallel()
	s := serve(t)
	slow := s.slowly(t)
	ana := slow.newcomer(s, "Ana")
	slow.hold(500)
	all := numbered("quick thought", 4)
	for _, text := range all {
		ana.fill("#text", text[:7])
		ana.typ(text[7:])
		ana.press("\r")
	}
	ana.typ("and on")
	ana.until("the box holds what was typed since", box+`.value === 'and on' && document.activeElement === `+box)
	slow.hold(0)
	ana.until("all is sent", say(`%s === ''`, waiting))
	ana.until("the box still does", box+`.value === 'and on'`)
	ana.reads(all...)
}

func TestTwoTabsOfOneConversation(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	ana.open("/messages?room=1")
	ana.live()
	ana.fill("#text", "half")
	ana.kept("room=1", "half")
	second := ana.another()
	second.tolerate("status of 409")
	second.open("/messages?room=1")
	second.live()
	second.holds("half")
	ana.click("#text")
	ana.press("\r")
	ana.reads("half")
	second.fill("#text", " of it")
	second.press("\r")
	ana.reads("half", "half of it")
	second.reads("half", "half of it")
	second.until("nothing waits", ready)
}

func TestNobodyElseReadsWhatWasWritten(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.program("Bob")
	ana := s.newcomer("Ana")
	ana.open("/messages?with=1")
	ana.live()
	ana.fill("#text", "between us")
	ana.kept("with=1", "between us")
	ana.until("the browser keeps it", kept+`.includes('between us')`)
	ana.open("/settings")
	ana.click(`form[action="/logout"] button`)
	ana.at("/login")
	if left := ask[string](ana, kept); left != "" {
		t.Errorf("after the log-out the browser keeps %q", left)
	}
	carla := ana
	carla.register("Carla")
	carla.at("/chat")
	carla.open("/messages?with=1")
	carla.live()
	carla.holds("")
}

func TestWaitingOnAPhoneInSpanish(t *testing.T) {
	t.Parallel()
	s := serve(t)
	bob := s.newcomer("Bob")
	ana := s.stranger()
	ana.withoutPolicy()
	ana.tolerate(noServer)
	ana.register("Ana")
	ana.at("/chat")
	ana.live()
	ana.program().sends("/settings", url.Values{"locale": {"es"}, "theme": {""}})
	ana.size(320, 640)
	ana.open("/messages?with=1")
	ana.live()
	bob.meets(ana)
	bob.fill("#text", "Hola")
	ana.until("Bob is writing", writers+` === 'Bob está escribiendo…'`)
	ana.accessible("somebody is writing")
	ana.offline(true)
	ana.sends(strings.Repeat("una palabra muy larga ", 20) + strings.Repeat("larguísima", 10))
	ana.until("it waits", `document.querySelector('.waiting__why')?.innerText === 'Bob · Se enviará cuando haya conexión:'`)
	ana.until("it says why", news+` === 'Estás sin conexión. Lo que envíes esperará aquí.'`)
	ana.fill("#text", "y otra")
	ana.until("nobody is said to be writing", `getComputedStyle(document.querySelector('#typing')).visibility === 'hidden'`)
	ana.fits("a message that waits", 320)
	ana.accessible("a message that waits")
}

func TestSentFromWhateverIsOpen(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana, bob := s.newcomer("Ana"), s.newcomer("Bob")
	ana.tolerate(noServer)
	bob.tolerate(noServer)
	ana.meets(bob)
	bob.meets(ana)
	bob.write("are you there?")
	ana.reads("are you there?")
	s.stop()
	ana.sends("I am")
	ana.sends("somewhere")
	ana.until("they wait", waiting+` === 'I am|somewhere'`)
	ana.leave()
	s.start()

	ana = ana.another()
	ana.open("/chat")
	ana.live()
	bob.reads("are you there?", "I am", "somewhere")
	ana.until("nothing waits", nothingWaits)
}

func TestASwitchOfTheConversationSendsAndTakesBackAllTheSame(t *testing.T) {
	t.Parallel()
	s := serve(t)
	slow := s.slowly(t)
	ana := s.stranger()
	ana.addr = slow.addr
	ana.tolerate(noServer, "status of 422")
	ana.register("Ana")
	ana.at("/chat")
	bob := s.newcomer("Bob")
	ana.meets(bob)
	bob.meets(ana)
	slow.loseAnswers()
	ana.sends("to Bob")
	ana.sends("to nobody")
	ana.sends(strings.Repeat("long ", 1000))
	bob.reads("to Bob")
	ana.click("#room-1")
	ana.opened("room=1")
	ana.fill("#text", "to all")
	ana.until("three wait", `document.querySelectorAll('#outbox li').length === 3`)
	ana.takesBack(":nth-of-type(2)")
	ana.until("two wait", `document.querySelectorAll('#outbox li').length === 2`)
	slow.hold(0)
	ana.until("it says why one was refused", `document.querySelector('.outbox__why').innerText.startsWith('Bob: A message has')`)
	ana.until("nothing waits", nothingWaits)
	ana.holds("to all")
	ana.click("#text")
	ana.press("\r")
	ana.reads("to all")

	ana.click("#with-2")
	ana.opened("with=2")
	ana.reads("to Bob")
	ana.until("what was taken back and what was refused is in its box", box+`.value === `+asJSON(strings.Repeat("long ", 1000)+"\nto nobody"))
	bob.reads("to Bob")
}

func TestTwoTabsShareWhatWaits(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana, bob := s.newcomer("Ana"), s.newcomer("Bob")
	ana.tolerate(noServer)
	bob.tolerate(noServer)
	ana.meets(bob)
	bob.meets(ana)
	second := ana.another()
	second.tolerate(noServer)
	second.open("/messages?room=1")
	second.live()

	s.stop()
	ana.sends("from the first")
	second.until("the other tab shows it", waiting+` === 'from the first'`)
	second.sends("from the second")
	second.sends("not this one")
	ana.until("the first shows all", waiting+` === 'from the first|from the second|not this one'`)
	ana.takesBack(":last-of-type")
	second.until("it is taken back in both", waiting+` === 'from the first|from the second'`)
	second.leave()
	ana.leave()
	s.start()

	ana = ana.another()
	ana.open("/settings")
	bob.reads("from the first")
	ana.until("nothing waits", nothingWaits)
	ana.open("/messages?room=1")
	ana.live()
	ana.reads("from the second")
	ana.holds("not this one")
	if texts := ask[string](ana, kept); strings.Contains(texts, "from the") {
		t.Errorf("what was sent is still kept: %s", texts)
	}
}

func TestLoggingOutForgetsWhatWaits(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.program("Bob")
	slow := s.slowly(t)
	ana := s.stranger()
	ana.addr = slow.addr
	ana.tolerate(noServer)
	ana.register("Ana")
	ana.at("/chat")
	ana.open("/messages?with=1")
	ana.live()
	slow.loseAnswers()
	ana.sends("between us")
	ana.until("it waits", waiting+` === 'between us'`)
	ana.open("/settings")
	ana.until("it waits here too", waiting+` === 'between us'`)
	ana.click(`form[action="/logout"] button`)
	ana.at("/login")
	if left := ask[string](ana, kept); strings.Contains(left, "between us") {
		t.Errorf("after the log-out the browser keeps %q", left)
	}
}
