package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"testing"
)

// sends posts a form that must be taken, and returns the answer.
func (p program) sends(path string, form url.Values) []byte {
	p.Helper()
	answer, body := p.send(path, form)
	if answer.StatusCode >= http.StatusBadRequest {
		p.Fatalf("POST %s: %s %s", path, answer.Status, body)
	}
	return body
}

// makes makes a room and returns its id.
func (p program) makes(name, access string) string {
	p.Helper()
	var room struct{ ID int64 }
	if err := json.Unmarshal(p.sends("/rooms", url.Values{"name": {name}, "access": {access}}), &room); err != nil {
		p.Fatal(err)
	}
	return strconv.FormatInt(room.ID, 10)
}

// names are those in a list of people or rooms.
func names(list string) string {
	return say(`[...document.querySelectorAll('%s .row bdi')].map(e => e.textContent).join()`, list)
}

func TestARoomFromItsMakingToARemoval(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana, bob := s.newcomer("Ana"), s.newcomer("Bob")
	ana.click(".sidebar__link")
	ana.at("/rooms")
	ana.fill("#name", "Kitchen")
	ana.choose("#access", "B")
	ana.press("\r")
	ana.click(`form[action="/rooms"] .button`)
	ana.at("/messages?room=2")
	ana.live()
	ana.click(".conv__state a")
	ana.at("/rooms/2")
	ana.live()
	ana.fill("input[name=invite]", "bob")
	ana.until("Bob is found", names("#outsiders")+` === 'Bob'`)
	ana.click("#outsiders button")
	ana.until("Bob is in", names("#members")+` === 'Ana,Bob'`)

	bob.until("the room came by itself", `document.querySelector('#room-2')`)
	bob.click("#room-2")
	bob.opened("room=2")
	ana.click(".facts .button")
	ana.opened("room=2")
	ana.write("What shall we cook?")
	bob.reads("What shall we cook?")
	bob.write("Arepas")
	ana.reads("What shall we cook?", "Arepas")

	second := ana.another()
	second.open("/rooms/2")
	second.live()
	second.fill("input[name=q]:not([aria-label^='Find people'])", "bo")
	second.until("only Bob is left", names("#members")+` === 'Bob'`)
	second.click("#members .entry summary")
	second.click("#members .entry button")
	bob.at("/chat")
	bob.until("it is said kindly", `document.querySelector('#notice').innerText === 'You are no longer in that room.'`)
	bob.until("the room is gone from the list", `!document.querySelector('#room-2') && document.querySelector('#room-1')`)
	until(t, "Bob has a stream of his own state alone", func() (bool, string) {
		open := bob.streams()
		return len(open) == 1 && open[0] == "/events", say("%q", open)
	})
	ana.write("Arepas it is")
	ana.reads("What shall we cook?", "Arepas", "Arepas it is")
	bob.tolerate("status of 404")
	bob.open("/messages?room=2")
	bob.until("there is nothing", `document.body.innerText.includes('There is nothing here')`)
	s.program("Carla").write("with=2", "psst")
	bob.open("/chat")
	bob.until("Carla's words came", `document.querySelector('#with-3 .pill')`)
}

func TestRemovedOnAPhone(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.program("Ana")
	room := ana.makes("Kitchen", "invited")
	bob := s.newcomer("Bob")
	bob.size(360, 740)
	ana.sends("/rooms/"+room+"/members", url.Values{"user": {"2"}})
	bob.open("/messages?room=" + room)
	bob.live()
	ana.sends("/rooms/"+room+"/members/2/remove", nil)
	bob.at("/chat")
	bob.until("both the list and the news can be seen", shown("#mine")+" && "+shown("#notice"))
}

func TestRoomsWithoutScripts(t *testing.T) {
	t.Parallel()
	s := serve(t)
	bob := s.program("Bob") // the admin
	garden := bob.makes("Garden", "open")
	ana := s.stranger()
	ana.withoutScripts()
	ana.register("Ana")
	ana.at("/chat")
	ana.click(".sidebar__link")
	ana.at("/rooms")
	ana.click("#rooms .entry button")
	ana.at("/messages?room=" + garden)
	ana.fill("#text", "Hello from Ana")
	ana.click(".send")
	ana.until("it is there", liveLines+`.at(-1) === 'Hello from Ana'`)

	ana.open("/rooms")
	ana.fill("#name", "Kitchen")
	ana.click(`form[action="/rooms"] .button`)
	ana.at("/messages?room=3")
	ana.click(".conv__state a")
	ana.at("/rooms/3")
	ana.fill("input[name=invite]", "bob")
	ana.press("\r")
	ana.at("/rooms/3?invite=bob")
	ana.click("#outsiders button")
	ana.at("/rooms/3")
	ana.until("Bob is in", names("#members")+` === 'Ana,Bob'`)
	ana.click("#members .entry summary")
	ana.click("#members .entry button")
	ana.until("Bob is out", names("#members")+` === 'Ana'`)

	ana.open("/messages?room=" + garden)
	ana.until("the newest lines are there", liveLines+`.at(-1) === 'Hello from Ana'`)
	bob.sends("/rooms/"+garden+"/members/2/remove", nil)
	bob.write("room="+garden, "she is gone")
	ana.until("the list says so, and no more", `(t => t.includes('You are no longer in that room.') && !t.includes('she is gone'))(document.querySelector('iframe').contentDocument.body.innerText)`)

	bob.sends("/people/2/disable", nil)
	ana.open("/chat")
	ana.at("/login?next=%2Fchat")
}
