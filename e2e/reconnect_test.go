package e2e

import (
	"slices"
	"testing"
)

func TestMissedMessagesArriveAfterReconnect(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	cable := s.newFlakyProxy(t)
	ana := s.newUser("Ana")
	bob := s.newBrowser()
	bob.addr = cable.addr
	bob.register("Bob")
	bob.waitForStream()
	bob.allowErrors(serverDownErrors)
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	ana.sendMessage("before")
	bob.waitForMessages("before")
	all := []string{"before"}

	cable.cut()
	bob.waitForNoStream()
	missed := numberedTexts("while the cable is cut", 50)
	ana.api().postMessages("with=2", missed...)
	all = append(all, missed...)
	ana.waitForMessages(all...)
	cable.restore()
	bob.waitForMessages(all...)
	ana.sendMessage("after")
	all = append(all, "after")
	bob.waitForMessages(all...)

	for _, text := range numberedTexts("while it is shaken", 20) {
		ana.api().postMessages("with=2", text)
		all = append(all, text)
		cable.reset()
	}
	bob.waitForMessages(all...)
	ana.waitForMessages(all...)

	bob.setOffline(true) // which does not close open connections
	cable.cut()
	bob.waitForNoStream()
	missed = numberedTexts("while the browser is offline", 50)
	ana.api().postMessages("with=2", missed...)
	all = append(all, missed...)
	cable.restore()
	bob.setOffline(false)
	bob.waitForMessages(all...)
	bob.sendMessage("I am back")
	all = append(all, "I am back")
	bob.waitForMessages(all...)
	ana.waitForMessages(all...)
}

func TestServerRestart(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	for _, b := range []*tab{ana, bob} {
		b.allowErrors(serverDownErrors)
	}
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	var all []string
	for _, end := range []struct {
		how string
		do  func()
	}{{"SIGTERM", s.stop}, {"kill -9", s.kill}} {
		ana.sendMessage("before " + end.how)
		all = append(all, "before "+end.how)
		bob.waitForMessages(all...)
		bob.fill("#composer-text", "unsent")

		end.do()
		ana.waitForNoStream()
		bob.waitForNoStream()
		s.start()
		all = append(all, "between, "+end.how)
		ana.api().postMessages("with=2", "between, "+end.how)
		ana.waitForStream()
		bob.waitForStream()
		bob.waitUntil("the unsent text is still in the composer",
			`document.querySelector('#composer-text').value === 'unsent'`)
		bob.pressKeys("\r")
		all = append(all, "unsent")
		ana.waitForMessages(all...)
		bob.waitForMessages(all...)
		ana.waitUntil("both are online again", onlineNames+` === 'Ana,Bob'`)
	}
	ana.waitForMessages(slices.Clone(all)...)
}
