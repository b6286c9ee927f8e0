package e2e

import (
	"testing"
	"time"
)

// writers is what a page says of those who are writing, without the marks that keep names apart.
const writers = `document.querySelector('#typing').innerText.replace(/[\u2068\u2069]/g, '').trim()`

// fast is how soon somebody is shown as writing, and done how long after the last key they no longer are.
const (
	fast = 300 * time.Millisecond
	done = 5 * time.Second
)

func TestWhoIsWriting(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana, bob, carla := s.newcomer("Ana"), s.newcomer("Bob"), s.newcomer("Carla")
	ana.meets(bob)
	bob.meets(ana)
	carla.click("#room-1")
	carla.opened("room=1")

	began := ask[float64](ana, `performance.timeOrigin + performance.now()`)
	ask[bool](ana, `new MutationObserver(() => { window.shown ??= performance.timeOrigin + performance.now() }).observe(document.querySelector('#typing'), {childList: true, subtree: true, characterData: true}) || true`)
	bob.fill("#text", "H")
	pressed := ask[float64](bob, `performance.timeOrigin + performance.now()`)
	ana.until("Bob is writing", writers+` === 'Bob is writing…'`)
	if took := ask[float64](ana, `window.shown`) - pressed; took > float64(fast/time.Millisecond) {
		t.Errorf("it was shown %.0f ms after the key", took)
	} else if ask[float64](ana, `window.shown`) < began {
		t.Error("it was shown before the key")
	}
	if bob.is(writers) || carla.is(writers) {
		t.Error("somebody else is told, or Bob himself")
	}
	last := time.Now()
	ana.until("Bob has stopped", writers+` === ''`)
	if took := time.Since(last); took > done {
		t.Errorf("it went %v after the last key", took)
	}

	bob.typ("ello")
	ana.until("Bob is writing again", writers+` === 'Bob is writing…'`)
	bob.press("\r")
	ana.reads("Hello")
	ana.until("with the message he is not", writers+` === ''`)
}

func TestSeveralAreWriting(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	ana.open("/messages?room=1")
	ana.live()
	var others []*tab
	for _, name := range []string{"Bob", "Carla", "Dora", "Eva"} {
		b := s.newcomer(name)
		b.open("/messages?room=1")
		b.live()
		others = append(others, b)
	}
	for i, want := range []string{"Bob is writing…", "Bob and Carla are writing…", "Bob, Carla and Dora are writing…", "Bob, Carla and 2 more are writing…"} {
		for _, b := range others[:i+1] {
			b.fill("#text", "…")
		}
		ana.until(want, writers+` === `+asJSON(want))
	}
	others[0].until("Bob reads of the others", writers+` === 'Carla, Dora and Eva are writing…'`)
}
