package e2e

import "testing"

// here is everybody in the list of those who are here now.
const here = `[...document.querySelectorAll('#here bdi')].map(e => e.textContent).sort().join()`

// lines are the texts of all messages on the page, from top to bottom.
const lines = `[...document.querySelectorAll('.messages > .message')].map(e => e.querySelector('.message__body').innerText.trim())`

// meets waits until somebody shows in the list of those who are here, and opens the conversation with them.
func (b *tab) meets(other *tab) {
	b.Helper()
	link := say(`[...document.querySelectorAll('#here a')].find(e => e.querySelector('bdi').textContent === %s)`, asJSON(other.name))
	b.until(other.name+" is here", link)
	b.click("#" + ask[string](b, link+".id"))
	b.until("the conversation with "+other.name+" is open", say(`document.querySelector('#conv-name bdi')?.textContent === %s`, asJSON(other.name)))
	b.live()
}

// box is where messages are written. It is ready when it is empty and nothing waits to be sent.
const (
	box   = `document.querySelector('#text')`
	ready = box + `.value === '' && !document.querySelector('#outbox[data-waits]')`
)

// write types a message and presses Enter; it is sent when it has arrived.
func (b *tab) write(text string) {
	b.Helper()
	b.until("the box is ready", ready)
	b.fill("#text", text)
	b.press("\r")
	b.until("“"+text+"” is sent", ready)
}

// reads waits until the page shows exactly these messages, in this order. A line that came twice has the same id twice.
func (b *tab) reads(want ...string) {
	b.Helper()
	b.until("the messages are "+asJSON(want), say(`JSON.stringify(%s) === %s`, lines, asJSON(asJSON(want))))
	if !b.is(`new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size === document.querySelectorAll('[id]').length`) {
		b.Errorf("%s: an id stands twice on the page", b.name)
	}
}

func TestTwoPeopleTalk(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	ana.until("nobody else is here", here+` === 'Ana'`)
	bob := s.newcomer("Bob")
	ana.until("Bob came", here+` === 'Ana,Bob'`)
	bob.until("Ana is here", here+` === 'Ana,Bob'`)

	ana.meets(bob)
	bob.meets(ana)
	ana.write("Hello Bob")
	bob.reads("Hello Bob")
	bob.write("Hello Ana")
	ana.reads("Hello Bob", "Hello Ana")
	bob.reads("Hello Bob", "Hello Ana")

	bob.leave()
	ana.until("Bob left after the grace", here+` === 'Ana'`)
	ana.until("Bob is away", `document.querySelector('.conv__state').innerText === 'away'`)
}

func TestPresenceCountsPeople(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana, bob := s.newcomer("Ana"), s.newcomer("Bob")
	second := bob.another()
	second.open("/messages?room=1")
	second.live()
	ana.until("Bob counts once", here+` === 'Ana,Bob' && document.querySelector('#here-count').textContent === '2'`)

	bob.leave()
	carla := s.newcomer("Carla")
	carla.leave()
	ana.until("Carla came and went", here+` === 'Ana,Bob'`)
	second.leave()
	ana.until("Bob went with his last tab", here+` === 'Ana' && document.querySelector('#here-count').textContent === '1'`)
}
