package handlers_test

import (
	"strings"
	"testing"

	"charla/live/natstest"
)

func TestTypingReachesAllNodes(t *testing.T) {
	all := startNodes(t, 2, natstest.New(t).URL())
	ana, berta := all[0].newUser("Ana"), all[0].newUser("Berta")
	var streams []*eventStream
	for _, s := range all {
		st := berta.onNode(s).listen("/events?" + ana.peerQuery())
		st.readUntil("the cursor", isBareID)
		streams = append(streams, st)
	}
	ana.onNode(all[1]).post("/drafts", []string{"with", formatID(berta.user.ID), "body", "H", "key", "k"}, asHTMX).
		is(204)
	for _, st := range streams {
		st.waitForElement("[hx-target='#typing']", "is typing…")
	}
	ana.onNode(all[0]).postJSON("/messages", map[string]any{"with": berta.user.ID, "body": "Hello", "key": "k"}).is(201)
	for _, st := range streams {
		st.waitForElement("hx-upsert", "Hello")
		st.readUntil("nobody is typing", func(e event) bool {
			return strings.Contains(e.data, `hx-target="#typing"></hx-partial>`)
		})
	}
}

func TestDraftIsOnThePage(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	write := func(base, body, key string) []string {
		return []string{"with", formatID(berta.user.ID), "base", base, "body", body, "key", key}
	}
	ana.post("/drafts", write("", "half a\r\nthought", "k")).redirectsTo("/messages?" + berta.peerQuery())
	page := ana.get("/messages?"+berta.peerQuery()).is(200).shows("textarea", "half a\nthought").
		shows("[data-text^='half a'][data-saved^='half a']").shows("[name=base][value^='half a']")
	equal(t, "key", page.composerKey(), "k")
	berta.get("/messages?" + ana.peerQuery()).is(200).lacks("half a")

	other := write("", "another", "k2")
	page = ana.post("/drafts", other).is(409).isPage().shows("textarea", "another").has("half a\nthought")
	equal(t, "key", page.composerKey(), "k2")
	ana.post("/drafts", write("another", "another", "k2"), asHTMX).is(204)
	ana.post("/drafts", write("not this", "a third", "k3")).is(409).shows("textarea", "a third").has("another")
	ana.post("/drafts", write("", "a fourth", "k3"), asJSON).is(200).has(`"replaced":"a third"`)
	ana.post("/drafts", write("", strings.Repeat("x", 4001), "k3"), asJSON).isError(422, "invalid", "body")
	ana.post("/drafts", write("", strings.Repeat("x", 4001), "k3")).is(422).shows("textarea", "xxx")
	ana.post("/messages", write("", "sent", "k3")).redirectsTo("/messages?" + berta.peerQuery())
	ana.get("/messages?" + berta.peerQuery()).is(200).shows("[data-text='']")
	equal(t, "drafts", s.count(`SELECT COUNT(*) FROM drafts`), 0)
}
