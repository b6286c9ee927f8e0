package e2e

import "testing"

// onlineNames is a script for the sorted names in the list of people who are online.
const onlineNames = `[...document.querySelectorAll('#online-list bdi')].map(e => e.textContent).sort().join()`

func TestPresenceCountsPeople(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	second := bob.anotherTab()
	second.open("/messages?room=1")
	second.waitForStream()
	ana.waitUntil("Bob counts once",
		onlineNames+` === 'Ana,Bob' && document.querySelector('#online-count').textContent === '2'`)

	bob.closeTab()
	carla := s.newUser("Carla")
	carla.closeTab()
	ana.waitUntil("Carla came online and went offline", onlineNames+` === 'Ana,Bob'`)
	second.closeTab()
	ana.waitUntil("Bob is offline after closing his last tab",
		onlineNames+` === 'Ana' && document.querySelector('#online-count').textContent === '1'`)
}
