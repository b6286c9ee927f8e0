package e2e

import (
	"net/url"
	"testing"
)

// listedNames is a script for the names in a list of people or rooms.
func listedNames(list string) string {
	return sprintf(`[...document.querySelectorAll('%s .list-row > bdi')].map(e => e.firstChild.textContent.trim()).join()`, list)
}

func TestRoomLifecycle(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	ana.click(`.sidebar__link[href="/rooms"]`)
	ana.waitForPath("/rooms")
	ana.fill("#name", "Kitchen")
	ana.selectOption("#access", "I")
	ana.pressKeys("\r")
	ana.click(`form[action="/rooms"] .button`)
	ana.waitForPath("/messages?room=2")
	ana.waitForStream()
	ana.click(".conversation__state a")
	ana.waitForPath("/rooms/2")
	ana.waitForStream()
	ana.fill("input[name=invite]", "bob")
	ana.waitUntil("Bob is found", listedNames("#invite-results")+` === 'Bob'`)
	ana.click("#invite-results button")
	ana.waitUntil("Bob is a member", listedNames("#member-list")+` === 'Ana,Bob'`)

	bob.waitUntil("the room appeared in the sidebar", `document.querySelector('#room-2')`)
	bob.click("#room-2")
	bob.waitForConversation("room=2")
	ana.click(".room-summary .button")
	ana.waitForConversation("room=2")
	ana.sendMessage("What shall we cook?")
	bob.waitForMessages("What shall we cook?")
	bob.sendMessage("Arepas")
	ana.waitForMessages("What shall we cook?", "Arepas")

	second := ana.anotherTab()
	second.open("/rooms/2")
	second.waitForStream()
	second.fill(".page input[name=q]", "bo")
	second.waitUntil("only Bob is left", listedNames("#member-list")+` === 'Bob'`)
	second.click("#member-list .list-entry summary")
	second.click("#member-list .list-entry button")
	bob.waitForPath("/chat")
	bob.waitUntil("the page says that Bob is not a member any more",
		`document.querySelector('#page-notice').innerText === 'You are no longer a member of that room.'`)
	bob.waitUntil("the room is gone from the list",
		`!document.querySelector('#room-2') && document.querySelector('#room-1')`)
	waitUntil(t, "Bob has only a stream of his own state", func() (bool, string) {
		open := bob.openStreams()
		return len(open) == 1 && open[0] == "/events", sprintf("%q", open)
	})
	ana.sendMessage("Arepas it is")
	ana.waitForMessages("What shall we cook?", "Arepas", "Arepas it is")
	bob.allowErrors("status of 404")
	bob.open("/messages?room=2")
	bob.waitUntil("the room does not exist for Bob", `document.body.innerText.includes("This doesn't exist")`)
	s.newAPIUser("Carla").postMessages("with=2", "psst")
	bob.open("/chat")
	bob.waitUntil("Carla's message is unread", `document.querySelector('#with-3 .unread-badge')`)
}

func TestRemovalNoticeOnPhone(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newAPIUser("Ana")
	room := ana.createRoom("Kitchen", "invited")
	bob := s.newUser("Bob")
	bob.setSize(360, 740)
	ana.mustPost("/rooms/"+room+"/members", url.Values{"user": {"2"}})
	bob.open("/messages?room=" + room)
	bob.waitForStream()
	ana.mustPost("/rooms/"+room+"/members/2/remove", nil)
	bob.waitForPath("/chat")
	bob.waitUntil("the sidebar and the notice are visible",
		isVisible("#conversation-list")+" && "+isVisible("#page-notice"))
}

func TestRoomsWithoutScripts(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	bob := s.newAPIUser("Bob") // the admin
	garden := bob.createRoom("Garden", "open")
	ana := s.newBrowser()
	ana.disableScripts()
	ana.register("Ana")
	ana.waitForPath("/chat")
	ana.click(`.sidebar__link[href="/rooms"]`)
	ana.waitForPath("/rooms")
	ana.click("#room-list .list-entry button")
	ana.waitForPath("/messages?room=" + garden)
	ana.fill("#composer-text", "Hello from Ana")
	ana.click(".send-button")
	ana.waitUntil("the message is shown", frameMessageTexts+`.at(-1) === 'Hello from Ana'`)

	ana.open("/rooms")
	ana.fill("#name", "Kitchen")
	ana.click(`form[action="/rooms"] .button`)
	ana.waitForPath("/messages?room=3")
	ana.click(".conversation__state a")
	ana.waitForPath("/rooms/3")
	ana.fill("input[name=invite]", "bob")
	ana.pressKeys("\r")
	ana.waitForPath("/rooms/3?invite=bob")
	ana.click("#invite-results button")
	ana.waitForPath("/rooms/3")
	ana.waitUntil("Bob is a member", listedNames("#member-list")+` === 'Ana,Bob'`)
	ana.click("#member-list .list-entry summary")
	ana.click("#member-list .list-entry button")
	ana.waitUntil("Bob is not a member any more", listedNames("#member-list")+` === 'Ana'`)

	ana.open("/messages?room=" + garden)
	ana.waitUntil("the newest messages are shown", frameMessageTexts+`.at(-1) === 'Hello from Ana'`)
	bob.mustPost("/rooms/"+garden+"/members/2/remove", nil)
	bob.postMessages("room="+garden, "she is gone")
	ana.waitUntil("the frame says that she was removed, and shows nothing newer",
		`(t => t.includes('You are no longer a member of that room.') &&
		!t.includes('she is gone'))(document.querySelector('iframe').contentDocument.body.innerText)`)

	bob.mustPost("/people/2/disable", nil)
	ana.open("/chat")
	ana.waitForPath("/login?next=%2Fchat")
}
