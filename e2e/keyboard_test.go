package e2e

import (
	"testing"
)

func TestKeyboardAlone(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	bob := s.program("Bob")
	bob.write("with=1", "Hello Ana")
	ana.until("Bob's conversation is in the list", `document.querySelector('#with-2')`)

	ana.tabTo(".skip")
	ana.tabTo(".search input")
	ana.typ("bob")
	ana.until("the search brings Bob", `document.querySelector('#found a bdi')?.innerText === 'Bob'`)
	ana.tabTo("#found a")
	ana.tabTo("#with-2")
	ana.press("\r")
	ana.opened("with=2")
	ana.tabTo("#scroll")
	ana.tabTo("#text")
	ana.typ("Hello Bob")
	ana.tabTo(".send")
	ana.press("\r")
	ana.reads("Hello Ana", "Hello Bob")
}

// tabTo presses Tab until an element has the focus, and wants to see that it has.
func (b *tab) tabTo(selector string) {
	b.Helper()
	for range 30 {
		if b.is(say(`document.activeElement.matches('%s')`, selector)) {
			if !b.is(`(e => { for (; e && e !== document.body; e = e.parentElement) { const s = getComputedStyle(e); if (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || e.matches('.composer__box') && s.boxShadow !== 'none') return true } })(document.activeElement)`) {
				b.Errorf("nothing shows that %s has the focus", selector)
			}
			return
		}
		b.press("\t")
	}
	b.Fatalf("Tab does not lead to %s", selector)
}
