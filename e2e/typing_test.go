package e2e

import (
	"testing"
	"time"
)

// typingText is a script for the typing line, without the marks that isolate names.
const typingText = `document.querySelector('#typing').innerText.replace(/[\u2068\u2069]/g, '').trim()`

// typingShownWithin is the time after a key in which the typing line must appear, and typingGoneWithin the time after
// the last key in which it must disappear.
const (
	typingShownWithin = 300 * time.Millisecond
	typingGoneWithin  = 5 * time.Second
)

func TestTypingIndicator(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob, carla := s.newUser("Ana"), s.newUser("Bob"), s.newUser("Carla")
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	carla.click("#room-1")
	carla.waitForConversation("room=1")

	began := eval[float64](ana, `performance.timeOrigin + performance.now()`)
	eval[bool](ana,
		`new MutationObserver(() => { window.shown ??= performance.timeOrigin + performance.now() })
			.observe(document.querySelector('#typing'), {childList: true, subtree: true, characterData: true}) ||
		true`)
	bob.fill("#composer-text", "H")
	pressed := eval[float64](bob, `performance.timeOrigin + performance.now()`)
	ana.waitUntil("Bob is writing", typingText+` === 'Bob is typing…'`)
	if took := eval[float64](ana, `window.shown`) - pressed; took > float64(typingShownWithin/time.Millisecond) {
		t.Errorf("it was shown %.0f ms after the key", took)
	} else if eval[float64](ana, `window.shown`) < began {
		t.Error("it was shown before the key")
	}
	if bob.isTrue(typingText) || carla.isTrue(typingText) {
		t.Error("the typing line appears for Bob himself, or for somebody who is not in the conversation")
	}
	last := time.Now()
	ana.waitUntil("Bob has stopped", typingText+` === ''`)
	if took := time.Since(last); took > typingGoneWithin {
		t.Errorf("it was sent %v after the last key", took)
	}

	bob.typeText("ello")
	ana.waitUntil("Bob is writing again", typingText+` === 'Bob is typing…'`)
	bob.pressKeys("\r")
	ana.waitForMessages("Hello")
	ana.waitUntil("Bob stops writing when the message arrives", typingText+` === ''`)
}

func TestSeveralTyping(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.open("/messages?room=1")
	ana.waitForStream()
	var others []*tab
	for _, name := range []string{"Bob", "Carla", "Dora", "Eva"} {
		b := s.newUser(name)
		b.open("/messages?room=1")
		b.waitForStream()
		others = append(others, b)
	}
	for i, want := range []string{"Bob is typing…", "Bob and Carla are typing…", "Bob, Carla and Dora are typing…",
		"Bob, Carla and 2 more are typing…"} {
		for _, b := range others[:i+1] {
			b.fill("#composer-text", "…")
		}
		ana.waitUntil(want, typingText+` === `+asJSON(want))
	}
	others[0].waitUntil("Bob sees who else is writing", typingText+` === 'Carla, Dora and Eva are typing…'`)
}
