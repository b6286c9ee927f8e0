package e2e

import (
	"slices"
	"testing"
)

// here is everybody in the list of those who are here now.
const here = `[...document.querySelectorAll('#here bdi')].map(e => e.textContent).sort().join()`

// lines are the texts of all messages on the page, from top to bottom.
const lines = `[...document.querySelectorAll('#older > .message, #messages > .message')].map(e => e.querySelector('.message__body').innerText.trim())`

// live waits until the stream of the page has brought something: the cursor and the state come at connect.
func (b *tab) live() {
	b.Helper()
	b.until("the stream is open", say(`[...document.querySelectorAll('#here bdi')].some(e => e.textContent === %s)`, asJSON(b.name)))
}

// talkTo opens the conversation with somebody who is here.
func (b *tab) talkTo(other *tab) {
	b.Helper()
	link := say(`[...document.querySelectorAll('#here a')].find(e => e.querySelector('bdi').textContent === %s)`, asJSON(other.name))
	b.until(other.name+" is here", link)
	b.click("#" + ask[string](b, link+".id"))
	b.until("the conversation with "+other.name+" is open", say(`document.querySelector('#conv-name')?.textContent === %s`, asJSON(other.name)))
}
// write types a message and presses Enter; it is sent when the box is empty again.
func (b *tab) write(text string) {
	b.Helper()
	b.fill("#text", text)
	b.press("\r")
	b.until("“"+text+"” is sent", `document.querySelector('#text').value === '' && !document.querySelector('#text').disabled`)
}

// reads waits until the page shows exactly these messages, in this order.
func (b *tab) reads(want ...string) {
	b.Helper()
	b.until("the messages are "+asJSON(want), say(`JSON.stringify(%s) === JSON.stringify(%s)`, lines, asJSON(want)))
	if got := ask[[]string](b, lines); !slices.Equal(got, want) {
		b.Errorf("%s: then the messages became %q", b.name, got)
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

	ana.talkTo(bob)
	bob.talkTo(ana)
	ana.write("Hello Bob")
	bob.reads("Hello Bob")
	bob.write("Hello Ana")
	ana.reads("Hello Bob", "Hello Ana")
	bob.reads("Hello Bob", "Hello Ana")

	bob.close()
	ana.until("Bob left after the grace", here+` === 'Ana'`)
	ana.until("Bob is away", `document.querySelector('.conv__state').innerText === 'away'`)
}
