package handlers_test

import (
	"testing"
	"time"
)

func TestFaviconShowsUnread(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	ana.get("/chat").is(200).shows("link#favicon[rel=icon][href^='/static/icon.']")
	stream := ana.listen("/events")
	stream.waitForElement("[hx-target='#favicon'] [href^='/static/icon.']")
	m := berta.sendMessage(ana.peerQuery(), "hello")
	stream.waitForElement("[hx-target='#favicon'] [href^='/static/icon-unread.']")
	ana.get("/chat").is(200).shows("link#favicon[rel=icon][href^='/static/icon-unread.']")
	berta.sendMessage(ana.peerQuery(), "hello again")
	again := stream.waitForElement("title", "(2) Charla")
	hides(t, again.data, "[hx-target='#favicon']") // the page has this icon
	lacks(t, again.data, "/sound?")                // she has no sound
	ana.post("/read", []string{"with", formatID(berta.user.ID), "seq", formatID(m.Seq + 1)}).is(204)
	stream.waitForElement("[hx-target='#favicon'] [href^='/static/icon.']")
}

func TestMessageSound(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	ana.get("/settings").is(200).shows("option[value=''][selected]", "No sound")
	ana.post("/settings", []string{"locale", "", "theme", "", "sound", "1"}).is(303)
	ana.get("/settings").is(200).shows("option[value='1'][selected]", "Soft chime")
	ana.get("/settings", asJSON).is(200).has(`"locale":"","theme":"","sound":true`)
	berta.sendMessage("room=1", "before")
	stream := ana.listen("/events?room=1")
	lacks(t, stream.waitForElement("title").data, "/sound?") // messages from before the stream make no sound

	m := berta.sendMessage(ana.peerQuery(), "hello")
	sound := "/sound?with=" + formatID(berta.user.ID) + "&seq=" + formatID(m.Seq)
	stream.waitForElement("[hx-get^='" + sound + "'][hx-trigger*='delay:700ms']")
	ana.sendMessage("room=1", "my own words")
	lacks(t, stream.waitFor("my own words").data, "/sound?")

	berta.get("/sound?room=1&seq=1").is(204) // she has no sound
	ana.get(sound).is(200).isFragment().shows("audio[src^='/static/chime.'][autoplay]")
	ana.get(sound).is(204) // another page of the same browser
	elsewhere := s.newSession(ana.user)
	elsewhere.get(sound).is(200).shows("audio")
	elsewhere.get(sound, asJSON).is(204)
	ana.post("/read", []string{"with", formatID(berta.user.ID), "seq", formatID(m.Seq)}).is(204)
	s.newSession(ana.user).get(sound).is(204) // she has read it
	s.newSession(ana.user).get("/sound?room=99&seq=1").is(404)
}

func TestSoundThrottle(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	ana.post("/settings", []string{"sound", "1"}).is(303)
	m := berta.sendMessage(ana.peerQuery(), "hello")
	sound, start := "/sound?"+berta.peerQuery()+"&seq="+formatID(m.Seq), time.Now()
	ana.get(sound).is(200)
	eventually(t, "the next sound", func() bool { return ana.get(sound).status == 200 })
	if took := time.Since(start); took < 2*time.Second {
		t.Errorf("the next sound came after %v", took)
	}
}
