package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"charla/live/natstest"
)

func TestEditing(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, berta, carla := s.newUser("Ana"), s.newUser("Berta"), s.newUser("Carla")
		m := ana.sendMessage(berta.peerQuery(), "first")
		ana.sendMessage(berta.peerQuery(), "after it")
		st := berta.listen("/events?" + ana.peerQuery())
		st.waitFor("online-count")

		edited := ana.editMessage(m, "second <b>\nhttps://example.org")
		equal(t, "the text", edited.Body, "second <b>\nhttps://example.org")
		contains(t, edited.HTML, "&lt;b&gt;", `<a href="https://example.org"`)
		equal(t, "its place", edited.Seq, m.Seq)
		equal(t, "when it was posted", edited.PostedAt, m.PostedAt)
		if at, err := time.Parse(time.RFC3339, edited.EditedAt); err != nil || time.Since(at).Abs() > time.Minute {
			t.Fatalf("edited_at %q: %v", edited.EditedAt, err)
		}
		equal(t, "the number", st.waitFor(`hx-target="#m-`+formatID(m.Seq)+`" hx-swap="outerMorph"`, "second", "(edited)").id, "3")
		equal(t, "as others read it", fmt.Sprint(decode[message](berta.get(m.path(), asJSON))), fmt.Sprint(edited))
		berta.get("/messages?"+ana.peerQuery()).has("(edited)", "second &lt;b&gt;").lacks("first")

		berta.putMessage(m, "mine").isError(403, "forbidden", "")
		carla.putMessage(m, "mine").isError(404, "not_found", "")
		for _, body := range []string{"", " \n", "a\xffb", "a\x00b", strings.Repeat("ñ", 4001)} {
			ana.putMessage(m, body).isError(422, "invalid", "body")
		}
		ana.do(http.MethodPut, m.path(), strings.NewReader(`{"body":5}`), inJSON, asJSON).is(422)
		ana.do(http.MethodPut, m.path(), strings.NewReader(`{"body":"second <b>\nhttps://example.org"}`), inJSON, asJSON).is(200)
		equal(t, "with a shortcode", ana.editMessage(ana.sendMessage("room=1", "hi"), "hi :tada:").Body, "hi 🎉")
		again := ana.editMessage(m, edited.Body+" \n")
		equal(t, "the same text", fmt.Sprint(again), fmt.Sprint(edited))
		equal(t, "numbers taken", s.lastSeq(m.Room), 3)
	})
}

func TestEditingAltText(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, berta, carla := s.newUser("Ana"), s.newUser("Berta"), s.newUser("Carla")
		f, g, loose := ana.upload("hills.png", picture(40, 30)), ana.upload("notes.txt", "notes"), ana.upload("another.png", picture(30, 40))
		m := ana.sendWithFiles(berta.peerQuery(), "look", f, g)
		page, program := berta.listen("/events?"+ana.peerQuery()), berta.newProgram(t).listen("/events?"+ana.peerQuery(), "Accept: text/event-stream, application/json")
		alt := "alt-" + formatID(f.ID)
		ana.get(m.path()).is(200).has(`name="`+alt+`"`, `aria-label="What hills.png shows"`).lacks("alt-" + formatID(g.ID))
		berta.get(m.path()).is(200).lacks(alt)

		ana.post(m.path()+"/edit", []string{"body", "look", alt, " Hills\n at \"dusk\" "}).redirectsTo("/messages?room=" + formatID(m.Room))
		page.waitFor(`hx-target="#m-`+formatID(m.Seq)+`"`, `alt="Hills at &#34;dusk&#34;"`, "(edited)")
		contains(t, program.waitForNamed("edited").data, `"alt":"Hills at \"dusk\""`)
		ana.get(m.path()).is(200).has("\nHills at &#34;dusk&#34;</textarea>")
		json := func(body string) *answer {
			return ana.do(http.MethodPut, m.path(), strings.NewReader(body), inJSON, asJSON)
		}
		seq := s.lastSeq(m.Room)
		json(`{"body":"look","files":[{"id":` + formatID(f.ID) + `,"alt":"Hills at \"dusk\""}]}`).is(200)
		equal(t, "numbers for what is the same", s.lastSeq(m.Room), seq)
		both := decode[message](json(`{"body":"","files":[{"id":` + formatID(f.ID) + `,"alt":"Dawn"},{"id":` + formatID(g.ID) + `,"alt":"A list"}]}`).is(200))
		equal(t, "both", both.Body+"|"+both.Files[0].Alt+"|"+both.Files[1].Alt, "|Dawn|A list")
		json(`{"files":[{"id":` + formatID(f.ID) + `,"alt":"Dawn"}],"body":"again"}`).is(200)
		json(`{"files":[{"id":`+formatID(f.ID)+`,"alt":"Noon"}]}`).is(200).has(`"alt":"Noon"`, `"body":"again"`)
		json(`{"files":[{"id":` + formatID(f.ID) + `,"alt":"Dawn"}]}`).is(200)
		ana.editMessage(m, "again")
		berta.get(m.path(), asJSON).is(200).has(`"alt":"Dawn"`, `"alt":"A list"`, `"body":"again"`) // what is not told stays
		ana.post(m.path()+"/edit", []string{"body", "again", alt, ""}, asHTMX).is(200).has(`alt="hills.png"`)

		berta.post(m.path()+"/edit", []string{"body", "again", alt, "mine"}, asJSON).isError(403, "forbidden", "")
		carla.post(m.path()+"/edit", []string{"body", "again", alt, "mine"}, asJSON).isError(404, "not_found", "")
		for _, other := range []string{formatID(loose.ID), formatID(berta.upload("hers.txt", "hers").ID), "99999", "-1", "x"} {
			ana.post(m.path()+"/edit", []string{"body", "gone?", "alt-" + other, "x"}, asJSON).isError(404, "not_found", "")
		}
		long := strings.Repeat("x", 501)
		ana.post(m.path()+"/edit", []string{"body", "kept", alt, long}, asJSON).isError(422, "invalid", "alt")
		ana.post(m.path()+"/edit", []string{"body", "kept", alt, long}).is(422).has("at most 500 characters", "\n"+long+"</textarea>", "\nkept</textarea>", "<details open")
		equal(t, "other files described", s.count(`SELECT COUNT(*) FROM files WHERE alt <> ''`), 1)
		berta.get(m.path(), asJSON).is(200).has(`"body":"again"`)
	})
}

func TestEditingByForms(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	m := ana.sendMessage(berta.peerQuery(), "</textarea><script>")
	page := ana.get(m.path()).is(200)
	page.has(`action="`+m.path()+`/edit"`, `action="`+m.path()+`/delete"`, "\n&lt;/textarea&gt;&lt;script&gt;</textarea>", "Back to the conversation")
	berta.get(m.path()).is(200).has(`action="`+m.path()+`/reactions"`).lacks("/edit", "/delete", "<textarea")

	ana.post(m.path()+"/edit", []string{"body", "by a form"}).redirectsTo("/messages?room=" + formatID(m.Room))
	ana.get("/messages?room="+formatID(m.Room)).is(200).has("by a form", "(edited)")
	long := strings.Repeat("x", 4001)
	ana.post(m.path()+"/edit", []string{"body", long}).is(422).has("<!doctype html>", "\n"+long+"</textarea>", "Send it in parts.", "by a form", "open")
	ana.post(m.path()+"/edit", []string{"body", long}, asHTMX).is(422).has("Send it in parts.").lacks("<html", long)
	berta.post(m.path()+"/edit", []string{"body", "x"}).is(403).has("its author alone")

	ana.post(m.path()+"/delete", nil).redirectsTo("/messages?room=" + formatID(m.Room))
	ana.post(m.path()+"/delete", nil).redirectsTo("/messages?room=" + formatID(m.Room))
	ana.get(m.path()).is(200).has("This message was deleted.").lacks("by a form", "<form class=\"message-actions", "<textarea")
	ana.post(m.path()+"/edit", []string{"body", "too late"}).is(409).has("\ntoo late</textarea>", "This message was deleted.")
	ana.post(m.path()+"/edit", []string{"body", "too late"}, asHTMX).is(409).has("This message was deleted.").lacks("<html")
	ana.post(m.path()+"/reactions", []string{"emoji", "👍"}, asHTMX).is(409)
	equal(t, "numbers taken", s.lastSeq(m.Room), m.Seq+2)
}

func TestDeleting(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, berta, carla := s.newUser("Ana"), s.newUser("Berta"), s.newUser("Carla")
		m := ana.sendMessage(berta.peerQuery(), "a secret that slipped")
		berta.react(m, "😮").is(200)
		ana.sendMessage(berta.peerQuery(), "something else")
		st := berta.listen("/events?" + ana.peerQuery())
		contains(t, st.waitFor("<title>").data, "<title>(2) ")

		berta.deleteMessage(m).isError(403, "forbidden", "")
		carla.deleteMessage(m).isError(404, "not_found", "")
		ana.deleteMessage(m).is(204)
		e := st.waitFor(`hx-target="#m-`+formatID(m.Seq)+`" hx-swap="outerHTML"`, "This message was deleted.")
		lacks(t, e.data, "slipped", "😮", "<button")
		st.waitFor("<title>(1) ") // it is unread no more
		ana.deleteMessage(m).is(204)
		equal(t, "numbers taken", s.lastSeq(m.Room), 4)

		left := decode[message](berta.get(m.path(), asJSON))
		if left.DeletedAt == "" || left.Body != "" || left.HTML != "" || left.Reactions == nil || len(left.Reactions) > 0 {
			t.Errorf("what is left: %+v", left)
		}
		berta.get(m.path(), asJSON).lacks(`"body"`, `"html"`)
		equal(t, "the secret in the database", s.count(`SELECT COUNT(*) FROM messages WHERE body LIKE '%secret%' OR html LIKE '%secret%'`), 0)
		equal(t, "reactions in the database", s.count(`SELECT COUNT(*) FROM reactions`), 0)
		ana.putMessage(m, "x").isError(409, "conflict", "")
		berta.react(m, "👍").isError(409, "conflict", "")
		page := berta.get("/messages?"+ana.peerQuery()).has("This message was deleted.", "Unread from here").body
		if strings.Index(page, "Unread from here") < strings.Index(page, "This message was deleted.") {
			t.Error("a deleted message counts as the first unread one")
		}
	})
}

func TestChangesReachAllNodes(t *testing.T) {
	all := startNodes(t, 2, natstest.New(t).URL())
	ana, berta := all[0].newUser("Ana"), all[0].newUser("Berta")
	m := ana.sendMessage(berta.peerQuery(), "hello")
	var streams []*eventStream
	for _, s := range all {
		st := berta.onNode(s).listen("/events?" + ana.peerQuery())
		st.readUntil("the cursor", isBareID)
		streams = append(streams, st)
	}
	berta.onNode(all[1]).react(m, "👍").is(200)
	ana.onNode(all[0]).editMessage(m, "hello, Berta")
	berta.onNode(all[0]).react(m, "🎉").is(200)
	ana.onNode(all[1]).deleteMessage(m).is(204)
	for _, st := range streams {
		st.waitFor(`data-version="2"`, "👍")
		st.waitFor(`data-version="3"`, "hello, Berta", "👍")
		st.waitFor(`data-version="4"`, "hello, Berta", "👍", "🎉")
		equal(t, "the number", st.waitFor(`data-version="5"`, "This message was deleted.").id, "5")
	}
}

// An older window that was rendered just before an edit, and put on the page just after it, missed the stream's word.
func TestOlderPageFetchesChanges(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	var said []message
	for i := range 60 {
		said = append(said, ana.sendMessage(berta.peerQuery(), fmt.Sprint("line ", i)))
	}
	window := berta.get("/messages?" + ana.peerQuery() + "&before=11").is(200)
	page := parsePage(t, window.body)
	var ask string
	for n := range page.doc.Descendants() {
		if url := attr(n, "hx-get"); strings.Contains(url, "changed_after") {
			ask = url
		}
	}
	equal(t, "it asks", ask, "/messages?"+ana.peerQuery()+"&before=11&changed_after=60")
	berta.get(ask, asHTMX).is(http.StatusNoContent)

	ana.editMessage(said[3], "edited meanwhile")
	ana.editMessage(said[20], "of another window")
	ana.deleteMessage(said[5]).is(204)
	a := berta.get(ask, asHTMX).is(200).lacks("<html", "of another window", "line 1<")
	a.has(`changed_after=63`, `hx-target="#m-4" hx-swap="outerMorph"`, "edited meanwhile", `hx-target="#m-6"`)
	page.applyAnswer(a.body)
	equal(t, "the line", outer(byID(page.doc, "m-4")), outer(byID(parsePage(t, berta.get("/messages?"+ana.peerQuery()+"&before=11").body).doc, "m-4")))
	berta.get(strings.Replace(ask, "=60", "=63", 1), asHTMX).is(http.StatusNoContent)
	s.newUser("Carla").get("/messages?room="+formatID(said[0].Room)+"&before=11&changed_after=60", asHTMX).is(404)
	berta.get(ask).is(200).has("<!doctype html>", "edited meanwhile") // a browser gets the page
}

// The list that grows at its end has no place for what changed before.
func TestNoscriptMessagesShowNoEdits(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	m := ana.sendMessage(berta.peerQuery(), "before")
	response, cancel := berta.openStream("/messages/live?" + ana.peerQuery())
	defer cancel()
	defer response.Body.Close()
	ana.editMessage(m, "edited")
	ana.sendMessage(berta.peerQuery(), "after")
	var told strings.Builder
	eachByte(response.Body, func(c byte) {
		told.WriteByte(c)
		if strings.HasSuffix(told.String(), "after</div>") {
			cancel()
		}
	})
	contains(t, told.String(), "before", "after</div>")
	lacks(t, told.String(), "edited", "hx-partial")
	berta.get("/messages?"+ana.peerQuery()).is(200).has("edited", "after")
}

func TestChangesShareThePostRateLimit(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, func(c *siteOptions) { c.RateScale = 0.0001 })
	ana := s.newUser("Ana")
	m := ana.sendMessage("room=1", "hello")
	for range 199 {
		ana.react(m, "👍").is(200)
	}
	ana.react(m, "👍").isError(429, "too_many", "")
	ana.putMessage(m, "my words").isError(429, "too_many", "")
	ana.deleteMessage(m).isError(429, "too_many", "")
	ana.post(m.path()+"/edit", []string{"body", "my words"}).is(429).has("\nmy words</textarea>", "too often", m.path()+"/edit")
}
