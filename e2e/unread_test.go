package e2e

import "testing"

func TestUnread(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	second := ana.another()
	second.open("/chat")
	second.live()
	bob := s.program("Bob")

	ana.open("/messages?room=1")
	ana.live()
	bob.write("with=1", "psst", "are you there?")
	for _, b := range []*tab{ana, second} {
		b.until("two are unread", `document.querySelector('#with-2 .pill')?.innerText.startsWith('2')`)
	}
	ana.until("the title says so", `document.title.startsWith('(2) General')`)
	second.until("the title says so", `document.title === '(2) Charla'`)

	ana.click("#with-2")
	ana.opened("with=2")
	for _, b := range []*tab{ana, second} {
		b.until("all is read", `!document.querySelector('.pill') && !document.title.startsWith('(')`)
	}

	bob.write("with=1", "one more")
	ana.reads("psst", "are you there?", "one more")
	second.until("what Ana sees is read", `!document.querySelector('.pill') && !document.title.startsWith('(')`)
	second.open("/chat")
	second.until("and stays read", `document.querySelector('#with-2') && !document.querySelector('.pill')`)

	bob.write("room=1", "everybody?")
	second.until("the channel counts as well", `document.querySelector('#room-1 .pill')?.innerText.startsWith('1')`)
}
