package e2e

import (
	"slices"
	"testing"
)

// gone waits until the page has lost its stream.
func (b *tab) gone() {
	b.Helper()
	until(b.T, b.name+" has no stream", func() (bool, string) { return len(b.streams()) == 0, say("%q", b.streams()) })
}

func TestMessagesWhileOneIsCutOff(t *testing.T) {
	t.Parallel()
	s := serve(t)
	cable := s.cable(t)
	ana := s.newcomer("Ana")
	bob := s.stranger()
	bob.addr = cable.addr
	bob.register("Bob")
	bob.live()
	bob.tolerate(noServer)
	ana.meets(bob)
	bob.meets(ana)
	ana.write("before")
	bob.reads("before")
	all := []string{"before"}

	cable.cut()
	bob.gone()
	missed := numbered("while the cable is cut", 50)
	ana.program().write("with=2", missed...)
	all = append(all, missed...)
	ana.reads(all...)
	cable.mend()
	bob.reads(all...)
	ana.write("after")
	all = append(all, "after")
	bob.reads(all...)

	for _, text := range numbered("while it is shaken", 20) {
		ana.program().write("with=2", text)
		all = append(all, text)
		cable.shake()
	}
	bob.reads(all...)
	ana.reads(all...)

	bob.offline(true) // which leaves alone what is under way
	cable.cut()
	bob.gone()
	missed = numbered("while the browser is offline", 50)
	ana.program().write("with=2", missed...)
	all = append(all, missed...)
	cable.mend()
	bob.offline(false)
	bob.reads(all...)
	bob.write("I am back")
	all = append(all, "I am back")
	bob.reads(all...)
	ana.reads(all...)
}

func TestTheServerRestarts(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana, bob := s.newcomer("Ana"), s.newcomer("Bob")
	for _, b := range []*tab{ana, bob} {
		b.tolerate(noServer)
	}
	ana.meets(bob)
	bob.meets(ana)
	var all []string
	for _, end := range []struct {
		how string
		do  func()
	}{{"SIGTERM", s.stop}, {"kill -9", s.kill}} {
		ana.write("before " + end.how)
		all = append(all, "before "+end.how)
		bob.reads(all...)
		bob.fill("#text", "unsent")

		end.do()
		ana.gone()
		bob.gone()
		s.start()
		all = append(all, "between, "+end.how)
		ana.program().write("with=2", "between, "+end.how)
		ana.live()
		bob.live()
		bob.until("the unsent text is still in the box", `document.querySelector('#text').value === 'unsent'`)
		bob.press("\r")
		all = append(all, "unsent")
		ana.reads(all...)
		bob.reads(all...)
		ana.until("both are here again", here+` === 'Ana,Bob'`)
	}
	ana.reads(slices.Clone(all)...)
}
