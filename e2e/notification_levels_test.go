package e2e

import "testing"

// TestNotificationLevel sets the level and a mute of a conversation by keyboard at the width of a small phone, while
// another tab shows the list of conversations. A muted conversation has a badge, and the title does not count it.
func TestNotificationLevel(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newAPIUser("Bob")
	bob.postMessages("with=1", "before")
	list := ana.anotherTab()
	list.open("/chat")
	list.waitForStream()
	ana.open("/messages?with=2")
	ana.waitForStream()
	ana.setSize(320, 740)
	ana.checkFits("a conversation", 320)
	eval[bool](ana, `(document.querySelector('.back-link--list').focus(), true)`)
	ana.tabTo("#notification-level > summary")
	ana.pressKeys("\r")
	ana.waitUntil("all messages notify", `document.querySelector('#notify-level-all[aria-pressed=true]').checkVisibility()`)
	ana.checkFits("the levels", 320)
	ana.tabTo("#notify-level-mentions")
	ana.pressKeys("\r")
	ana.waitUntil("only mentions notify, and the focus stays",
		`document.activeElement.matches('#notify-level-mentions[aria-pressed=true]') && document.activeElement.checkVisibility()`)
	ana.tabTo("#notify-mute-8h")
	ana.pressKeys("\r")
	ana.waitUntil("the end of the mute is shown",
		`document.querySelector('#notification-level summary').textContent.includes('Muted until') &&
		document.querySelector('#notify-mute-off').checkVisibility()`)
	list.waitUntil("the row is dimmed", `document.querySelector('#with-2.list-row--muted')`)
	ana.open("/chat")
	bob.postMessages("with=1", "quiet")
	list.waitUntil("the badge counts", `document.querySelector('#with-2 .unread-badge')?.innerText.startsWith('1')`)
	list.waitUntil("the title does not", `document.title === 'Charla'`)
}
