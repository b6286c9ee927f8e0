package handlers_test

import (
	"strings"
	"testing"

	"charla/live/natstest"
)

func TestWhoIsWritingIsToldOnAllNodes(t *testing.T) {
	all := nodes(t, 2, natstest.New(t).URL())
	ana, berta := all[0].person("Ana"), all[0].person("Berta")
	var streams []*stream
	for _, s := range all {
		st := berta.at(s).listen("/events?" + ana.with())
		st.until("the cursor", isCursor)
		streams = append(streams, st)
	}
	ana.at(all[1]).post("/typing", []string{"with", text(berta.user.ID), "body", "H", "key", "k"}, asHTMX).is(204)
	for _, st := range streams {
		st.brings(`hx-target="#typing"`, "is writing…")
	}
	ana.at(all[0]).postJSON("/messages", map[string]any{"with": berta.user.ID, "body": "Hello", "key": "k"}).is(201)
	for _, st := range streams {
		st.brings(`<hx-upsert`, "Hello")
		st.until("nobody is writing", func(e event) bool { return strings.Contains(e.data, `hx-target="#typing"></hx-partial>`) })
	}
}

func TestADraftGoesWithThePage(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	write := func(base, body, key string) []string {
		return []string{"with", text(berta.user.ID), "base", base, "body", body, "key", key}
	}
	ana.post("/typing", write("", "half a\r\nthought", "k")).to("/messages?" + berta.with())
	page := ana.get("/messages?"+berta.with()).is(200).has("half a\nthought</textarea>", `data-text="half a`, `name="base" value="half a`)
	equal(t, "key", page.key(), "k")
	berta.get("/messages?" + ana.with()).is(200).lacks("half a")

	other := write("", "another", "k2")
	ana.post("/typing", other).is(409).has("<!doctype html>", "half a\nthought", "another</textarea>", `value="k2"`)
	ana.post("/typing", write("another", "another", "k2"), asHTMX).is(204)
	ana.post("/typing", write("not this", "a third", "k3"), asHTMX).is(200).has(`data-other="another"`, `data-kept="a third"`).lacks("<html")
	ana.post("/typing", write("", "a fourth", "k3"), asJSON).is(200).has(`"replaced":"a third"`)
	ana.post("/typing", write("", strings.Repeat("x", 4001), "k3"), asJSON).failed(422, "invalid", "body")
	ana.post("/typing", write("", strings.Repeat("x", 4001), "k3")).is(422).has("xxx</textarea>")
	ana.post("/messages", write("", "sent", "k3")).to("/messages?" + berta.with())
	ana.get("/messages?" + berta.with()).is(200).has(`data-text=""`)
	equal(t, "drafts", s.count(`SELECT COUNT(*) FROM drafts`), 0)
}

func TestLoggingOutForgetsWhatTheBrowserKeeps(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta, carla := s.person("Ana"), s.person("Berta"), s.person("Carla")
	ana.say(berta.with(), "hello")
	ana.post("/typing", []string{"with", text(carla.user.ID), "body", "never sent"}, asJSON).is(204)
	store := `data-store="charla-` + text(ana.user.ID)
	ana.clone().post("/logout", nil, asHTMX).is(200).lacks("<html", "never sent").
		has(store+"-room-1", store+"-outbox", store+"-with-"+text(berta.user.ID), store+"-with-"+text(carla.user.ID), "x-init=", `hx-get="/login"`)
	s.guest().post("/logout", nil, asHTMX).is(200).lacks("data-store")
}
