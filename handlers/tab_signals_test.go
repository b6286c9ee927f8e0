package handlers_test

import (
	"testing"
	"time"
)

func TestFaviconShowsUnread(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	ana.get("/chat").is(200).has(`<link id="favicon" rel="icon" href="/static/icon.`)
	stream := ana.listen("/events")
	stream.waitFor(`hx-target="#favicon"`, "/static/icon.")
	m := berta.sendMessage(ana.peerQuery(), "hello")
	stream.waitFor(`hx-target="#favicon"`, "/static/icon-unread.")
	ana.get("/chat").is(200).has(`<link id="favicon" rel="icon" href="/static/icon-unread.`)
	berta.sendMessage(ana.peerQuery(), "hello again")
	lacks(t, stream.waitFor("(2) Charla").data, `hx-target="#favicon"`, "/sound?") // it is there, and sound was not asked for
	ana.post("/read", []string{"with", formatID(berta.user.ID), "seq", formatID(m.Seq + 1)}).is(204)
	stream.waitFor(`hx-target="#favicon"`, "/static/icon.")
}

func TestMessageSound(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	ana.get("/settings").is(200).has(`<option value="" selected>No sound`)
	ana.post("/settings", []string{"locale", "", "theme", "", "sound", "1"}).is(303)
	ana.get("/settings").is(200).has(`<option value="1" selected>A soft sound`)
	ana.get("/settings", asJSON).is(200).has(`"locale":"","theme":"","sound":true`)
	berta.sendMessage("room=1", "before")
	stream := ana.listen("/events?room=1")
	lacks(t, stream.waitFor("<title>").data, "/sound?") // what waited is no news

	m := berta.sendMessage(ana.peerQuery(), "hello")
	call := "/sound?with=" + formatID(berta.user.ID) + "&seq=" + formatID(m.Seq)
	stream.waitFor(`hx-get="/sound?with=`+formatID(berta.user.ID)+"&amp;seq="+formatID(m.Seq), `delay:700ms`)
	ana.sendMessage("room=1", "my own words")
	lacks(t, stream.waitFor("my own words").data, "/sound?")

	berta.get("/sound?room=1&seq=1").is(204) // she wants none
	ana.get(call).is(200).has("<audio", "/static/chime.", "autoplay").lacks("<html")
	ana.get(call).is(204) // another page of the same browser
	elsewhere := s.newSession(ana.user)
	elsewhere.get(call).is(200).has("<audio")
	elsewhere.get(call, asJSON).is(204)
	ana.post("/read", []string{"with", formatID(berta.user.ID), "seq", formatID(m.Seq)}).is(204)
	s.newSession(ana.user).get(call).is(204) // it was on screen
	s.newSession(ana.user).get("/sound?room=99&seq=1").is(404)
}

func TestSoundThrottle(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	ana.post("/settings", []string{"sound", "1"}).is(303)
	m := berta.sendMessage(ana.peerQuery(), "hello")
	call, start := "/sound?"+berta.peerQuery()+"&seq="+formatID(m.Seq), time.Now()
	ana.get(call).is(200)
	eventually(t, "the next sound", func() bool { return ana.get(call).status == 200 })
	if took := time.Since(start); took < 2*time.Second {
		t.Errorf("the next sound came after %v", took)
	}
}
