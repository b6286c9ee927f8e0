package handlers_test

import (
	"testing"
	"time"
)

func TestTheIconTellsOfWhatIsUnread(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	ana.get("/chat").is(200).has(`<link id="icon" rel="icon" href="/static/icon.`)
	stream := ana.listen("/events")
	stream.brings(`hx-target="#icon"`, "/static/icon.")
	m := berta.say(ana.with(), "hello")
	stream.brings(`hx-target="#icon"`, "/static/icon-unread.")
	ana.get("/chat").is(200).has(`<link id="icon" rel="icon" href="/static/icon-unread.`)
	berta.say(ana.with(), "hello again")
	lacks(t, stream.brings("(2) Charla").data, `hx-target="#icon"`, "/sound?") // it is there, and sound was not asked for
	ana.post("/read", []string{"with", text(berta.user.ID), "seq", text(m.Seq + 1)}).is(204)
	stream.brings(`hx-target="#icon"`, "/static/icon.")
}

func TestASoundTellsOfWhatCameUnseen(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	ana.get("/settings").is(200).has(`<option value="" selected>No sound`)
	ana.post("/settings", []string{"locale", "", "theme", "", "sound", "1"}).is(303)
	ana.get("/settings").is(200).has(`<option value="1" selected>A soft sound`)
	ana.get("/settings", asJSON).is(200).has(`"locale":"","theme":"","sound":true`)
	berta.say("room=1", "before")
	stream := ana.listen("/events?room=1")
	lacks(t, stream.brings("<title>").data, "/sound?") // what waited is no news

	m := berta.say(ana.with(), "hello")
	call := "/sound?with=" + text(berta.user.ID) + "&seq=" + text(m.Seq)
	stream.brings(`hx-get="/sound?with=`+text(berta.user.ID)+"&amp;seq="+text(m.Seq), `delay:700ms`)
	ana.say("room=1", "my own words")
	lacks(t, stream.brings("my own words").data, "/sound?")

	berta.get("/sound?room=1&seq=1").is(204) // she wants none
	ana.get(call).is(200).has("<audio", "/static/chime.", "autoplay").lacks("<html")
	ana.get(call).is(204) // another page of the same browser
	elsewhere := s.signIn(ana.user)
	elsewhere.get(call).is(200).has("<audio")
	elsewhere.get(call, asJSON).is(204)
	ana.post("/read", []string{"with", text(berta.user.ID), "seq", text(m.Seq)}).is(204)
	s.signIn(ana.user).get(call).is(204) // it was on screen
	s.signIn(ana.user).get("/sound?room=99&seq=1").is(404)
}

func TestOneSoundAtATime(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	ana.post("/settings", []string{"sound", "1"}).is(303)
	m := berta.say(ana.with(), "hello")
	call, start := "/sound?"+berta.with()+"&seq="+text(m.Seq), time.Now()
	ana.get(call).is(200)
	eventually(t, "the next sound", func() bool { return ana.get(call).status == 200 })
	if took := time.Since(start); took < 2*time.Second {
		t.Errorf("the next sound came after %v", took)
	}
}
