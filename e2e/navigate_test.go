package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// opened waits until a conversation is open and its stream is the only one.
func (b *tab) opened(place string) {
	b.Helper()
	b.at("/messages?" + place)
	until(b.T, b.name+" has the stream of "+place+" alone", func() (bool, string) {
		open := b.streams()
		return len(open) == 1 && len(open[0]) > len("/events?"+place) && open[0][:len("/events?"+place)] == "/events?"+place, say("%q", open)
	})
}

func TestSwitchingLeavesOneStream(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	bob, carla := s.program("Bob"), s.program("Carla")
	bob.write("with=1", "Bob was here")
	carla.write("with=1", "Carla was here")
	rows := []string{"#with-2", "#with-3", "#room-1"}
	fromBob := []string{"Bob was here"}
	for i, text := range numbered("while Ana switches", 10) {
		ana.click(rows[i%3])
		bob.write("with=1", text)
		fromBob = append(fromBob, text)
	}
	ana.click("#with-2")
	ana.opened("with=2")
	ana.reads(fromBob...)
	bob.write("with=1", "the last word")
	ana.reads(append(fromBob, "the last word")...)
}

func TestBackAndForward(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	bob := s.program("Bob")
	bob.write("with=1", "Hello Ana")
	bob.write("room=1", "Hello everybody")
	ana.click("#with-2")
	ana.opened("with=2")
	ana.reads("Hello Ana")
	ana.click("#room-1")
	ana.opened("room=1")
	ana.reads("Hello everybody")

	bob.write("with=1", "Are you there?")
	ana.run(chromedp.NavigateBack())
	ana.opened("with=2")
	ana.reads("Hello Ana", "Are you there?")
	ana.write("Yes")
	ana.run(chromedp.NavigateForward())
	ana.opened("room=1")
	ana.reads("Hello everybody")
	ana.run(chromedp.NavigateBack(), chromedp.NavigateBack())
	ana.at("/chat")
	ana.live()
	ana.until("nothing is open", `document.querySelector('.conv--empty') && !document.querySelector('#composer')`)
}

func TestDeepLinkReturnsAfterLogIn(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.program("Ana")
	b := s.stranger()
	b.open("/messages?room=1")
	b.until("the form asks who it is", `location.pathname === '/login'`)
	b.tolerate("status of 401")
	b.fill("#email", email("Ana"))
	b.fill("#password", "not this one")
	b.press("\r")
	b.until("the wrong password is refused", `document.querySelector('#form-err').innerText && document.querySelector('#email').value`)
	b.fill("#password", password)
	b.press("\r")
	b.opened("room=1")
}

func TestLogOutReachesEveryTab(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	second := ana.another()
	second.open("/messages?room=1")
	second.live()
	ana.open("/settings")
	ana.click(`form[action="/logout"] button`)
	ana.at("/login")
	second.until("the session is over", `location.pathname === '/login'`)
	second.open("/messages?room=1")
	second.until("it asks to log in", `location.pathname === '/login'`)
}
