package e2e

import "testing"

// recordAnnouncements is a script that records the ids of the elements that are added to the message log, which a
// screen reader announces.
const recordAnnouncements = `(() => {
	globalThis.announced = []
	new MutationObserver(all => all.flatMap(r => [...r.addedNodes]).forEach(n => n.id && announced.push(n.id)))
		.observe(document.querySelector('[role=log]'), {childList: true, subtree: true})
	return true
})()`

// TestScreenReaderAnnouncesEachMessageOnce includes own messages, which arrive in the response and in the stream.
// Changes of messages and typing indicators are not announced.
func TestScreenReaderAnnouncesEachMessageOnce(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	for _, b := range []*tab{ana, bob} {
		b.waitUntil("announcements are recorded", recordAnnouncements)
	}
	ana.sendMessage("Hello Bob")
	bob.waitForMessages("Hello Bob")
	bob.sendMessage("Hello Ana")
	ana.waitForMessages("Hello Bob", "Hello Ana")
	bob.fill("#composer-text", "hm")
	ana.waitUntil("Bob is writing",
		`document.querySelector('#typing').innerText &&
		!document.querySelector('#typing').closest('[aria-live], [role=status], [role=alert], [role=log]')`)
	ana.api().mustPost("/messages/1/reactions", map[string][]string{"emoji": {"🎉"}})
	bob.api().mustPost("/messages/2/edit", map[string][]string{"body": {"Hello, Ana"}})
	for _, b := range []*tab{ana, bob} {
		b.waitForMessages("Hello Bob", "Hello, Ana")
		b.waitUntil("the reaction is there", reactionsOf(1)+` === '🎉 1'`)
		b.waitUntil("each message was announced once", `announced.filter(id => id.startsWith('m-')).join() === 'm-1,m-2'`)
	}
}
