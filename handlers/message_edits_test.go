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
		st.waitForPresence()

		edited := ana.editMessage(m, "second <b>\nhttps://example.org")
		equal(t, "the text", edited.Body, "second <b>\nhttps://example.org")
		shows(t, edited.HTML, "a[href='https://example.org']")
		contains(t, edited.HTML, "&lt;b&gt;")
		equal(t, "its seq", edited.Seq, m.Seq)
		equal(t, "the time it was posted", edited.PostedAt, m.PostedAt)
		if at, err := time.Parse(time.RFC3339, edited.EditedAt); err != nil || time.Since(at).Abs() > time.Minute {
			t.Fatalf("edited_at %q: %v", edited.EditedAt, err)
		}
		e := st.waitForElement(fmt.Sprintf("hx-partial[hx-target='#m-%d'][hx-swap=outerMorph]", m.Seq), "second",
			"(edited)")
		equal(t, "the event's id", e.id, "3")
		equal(t, "the message for others", fmt.Sprint(berta.readMessage(m)), fmt.Sprint(edited))
		berta.get("/messages?"+ana.peerQuery()).shows("#messages li", "(edited)", "second <b>").hides("#messages li", "first")

		berta.putMessage(m, "mine").isError(403, "forbidden", "")
		carla.putMessage(m, "mine").isError(404, "not_found", "")
		for _, body := range []string{"", " \n", "a\xffb", "a\x00b", strings.Repeat("ñ", 4001)} {
			ana.putMessage(m, body).isError(422, "invalid", "body")
		}
		ana.do(http.MethodPut, m.path(), strings.NewReader(`{"body":5}`), inJSON, asJSON).is(422)
		ana.do(http.MethodPut, m.path(), strings.NewReader(`{"body":"second <b>\nhttps://example.org"}`), inJSON, asJSON).
			is(200)
		equal(t, "with a shortcode", ana.editMessage(ana.sendMessage("room=1", "hi"), "hi :tada:").Body, "hi 🎉")
		again := ana.editMessage(m, edited.Body+" \n")
		equal(t, "after the same text", fmt.Sprint(again), fmt.Sprint(edited))
		equal(t, "last seq", s.lastSeq(m.Room), 3)
	})
}

func TestEditingAltText(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, berta, carla := s.newUser("Ana"), s.newUser("Berta"), s.newUser("Carla")
		f, g := ana.upload("hills.png", picture(40, 30)), ana.upload("notes.txt", "notes")
		loose := ana.upload("another.png", picture(30, 40))
		m := ana.sendWithFiles(berta.peerQuery(), "look", f, g)
		page := berta.listen("/events?" + ana.peerQuery())
		program := berta.newProgram(t).listen("/events?"+ana.peerQuery(), asEventStream)
		alt := "alt-" + formatID(f.ID)
		ana.get(m.path()).is(200).shows("[name=" + alt + "][aria-label='Description of hills.png']").
			hides("[name=alt-" + formatID(g.ID) + "]")
		berta.get(m.path()).is(200).hides("[name=" + alt + "]")

		ana.post(m.path()+"/edit", []string{"body", "look", alt, " Hills\n at \"dusk\" "}).
			redirectsTo("/messages?room=" + formatID(m.Room))
		page.waitForElement(fmt.Sprintf(`hx-partial[hx-target='#m-%d'] img[alt='Hills at "dusk"']`, m.Seq))
		contains(t, program.waitForNamed("edited").data, `"alt":"Hills at \"dusk\""`)
		ana.get(m.path()).is(200).shows("textarea", `Hills at "dusk"`)
		json := func(body string) *answer {
			return ana.do(http.MethodPut, m.path(), strings.NewReader(body), inJSON, asJSON)
		}
		seq := s.lastSeq(m.Room)
		json(`{"body":"look","files":[{"id":` + formatID(f.ID) + `,"alt":"Hills at \"dusk\""}]}`).is(200)
		equal(t, "last seq after an edit that changes nothing", s.lastSeq(m.Room), seq)
		both := decode[message](
			json(
				`{"body":"","files":[{"id":` + formatID(f.ID) + `,"alt":"Dawn"},{"id":` + formatID(
					g.ID) + `,"alt":"A list"}]}`,
			).is(200),
		)
		equal(t, "both", both.Body+"|"+both.Files[0].Alt+"|"+both.Files[1].Alt, "|Dawn|A list")
		json(`{"files":[{"id":` + formatID(f.ID) + `,"alt":"Dawn"}],"body":"again"}`).is(200)
		json(`{"files":[{"id":`+formatID(f.ID)+`,"alt":"Noon"}]}`).is(200).has(`"alt":"Noon"`, `"body":"again"`)
		json(`{"files":[{"id":` + formatID(f.ID) + `,"alt":"Dawn"}]}`).is(200)
		ana.editMessage(m, "again")
		berta.get(m.path(), asJSON).is(200).has(`"alt":"Dawn"`, `"alt":"A list"`, `"body":"again"`)
		// fields left out stay
		ana.post(m.path()+"/edit", []string{"body", "again", alt, ""}, asHTMX).is(200).shows("img[alt='hills.png']")

		berta.post(m.path()+"/edit", []string{"body", "again", alt, "mine"}, asJSON).isError(403, "forbidden", "")
		carla.post(m.path()+"/edit", []string{"body", "again", alt, "mine"}, asJSON).isError(404, "not_found", "")
		for _, other := range []string{formatID(loose.ID), formatID(berta.upload("hers.txt", "hers").ID), "99999", "-1", "x"} {
			ana.post(m.path()+"/edit", []string{"body", "gone?", "alt-" + other, "x"}, asJSON).
				isError(404, "not_found", "")
		}
		long := strings.Repeat("x", 501)
		ana.post(m.path()+"/edit", []string{"body", "kept", alt, long}, asJSON).isError(422, "invalid", "alt")
		ana.post(m.path()+"/edit", []string{"body", "kept", alt, long}).is(422).has("at most 500 characters").
			shows("textarea", long, "kept").shows("details[open]")
		equal(t, "files with a description", s.count(`SELECT COUNT(*) FROM files WHERE alt <> ''`), 1)
		berta.get(m.path(), asJSON).is(200).has(`"body":"again"`)
	})
}

func TestEditingByForms(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	m := ana.sendMessage(berta.peerQuery(), "</textarea><script>")
	page := ana.get(m.path()).is(200)
	page.shows("form[action='"+m.path()+"/edit']").shows("form[action='"+m.path()+"/delete']").
		shows("textarea", "</textarea><script>").has("Back to conversation")
	berta.get(m.path()).is(200).shows("form[action='" + m.path() + "/reactions']").
		hides("[action$='/edit']").hides("[action$='/delete']").hides("textarea")

	ana.post(m.path()+"/edit", []string{"body", "by a form"}).redirectsTo("/messages?room=" + formatID(m.Room))
	ana.get("/messages?room="+formatID(m.Room)).is(200).has("by a form", "(edited)")
	long := strings.Repeat("x", 4001)
	ana.post(m.path()+"/edit", []string{"body", long}).is(422).isPage().shows("textarea", long).shows("details[open]").
		has("Send it in parts.", "by a form")
	ana.post(m.path()+"/edit", []string{"body", long}, asHTMX).is(422).isFragment().has("Send it in parts.").lacks(long)
	berta.post(m.path()+"/edit", []string{"body", "x"}).is(403).has("Only the author")

	ana.post(m.path()+"/delete", nil).redirectsTo("/messages?room=" + formatID(m.Room))
	ana.post(m.path()+"/delete", nil).redirectsTo("/messages?room=" + formatID(m.Room))
	ana.get(m.path()).is(200).has("This message was deleted.").lacks("by a form").
		hides("form.message-actions__form").hides("textarea")
	ana.post(m.path()+"/edit", []string{"body", "too late"}).is(409).
		shows("textarea", "too late").has("This message was deleted.")
	ana.post(m.path()+"/edit", []string{"body", "too late"}, asHTMX).is(409).isFragment().
		has("This message was deleted.")
	ana.post(m.path()+"/reactions", []string{"emoji", "👍"}, asHTMX).is(409)
	equal(t, "last seq", s.lastSeq(m.Room), m.Seq+2)
}

func TestDeleting(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, berta, carla := s.newUser("Ana"), s.newUser("Berta"), s.newUser("Carla")
		m := ana.sendMessage(berta.peerQuery(), "a secret that slipped")
		berta.react(m, "😮").is(200)
		ana.sendMessage(berta.peerQuery(), "something else")
		st := berta.listen("/events?" + ana.peerQuery())
		st.waitForElement("title", "(2) ")

		berta.deleteMessage(m).isError(403, "forbidden", "")
		carla.deleteMessage(m).isError(404, "not_found", "")
		ana.deleteMessage(m).is(204)
		e := st.waitForElement(fmt.Sprintf("hx-partial[hx-target='#m-%d'][hx-swap=outerHTML]", m.Seq),
			"This message was deleted.")
		lacks(t, e.data, "slipped", "😮")
		hides(t, e.data, "button")
		st.waitForElement("title", "(1) ") // a deleted message is no longer unread
		ana.deleteMessage(m).is(204)
		equal(t, "last seq", s.lastSeq(m.Room), 4)

		left := decode[message](berta.get(m.path(), asJSON))
		if left.DeletedAt == "" || left.Body != "" || left.HTML != "" || left.Reactions == nil ||
			len(left.Reactions) > 0 {
			t.Errorf("the deleted message: %+v", left)
		}
		berta.get(m.path(), asJSON).lacks(`"body"`, `"html"`)
		equal(t, "rows with the deleted text", s.count(`SELECT COUNT(*) FROM messages
			WHERE body LIKE '%secret%' OR html LIKE '%secret%'`), 0)
		equal(t, "reactions", s.count(`SELECT COUNT(*) FROM reactions`), 0)
		ana.putMessage(m, "x").isError(409, "conflict", "")
		berta.react(m, "👍").isError(409, "conflict", "")
		page := berta.get("/messages?"+ana.peerQuery()).has("This message was deleted.", "New messages").body
		if strings.Index(page, "New messages") < strings.Index(page, "This message was deleted.") {
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
		st.waitForElement("li[data-version='2']", "👍")
		st.waitForElement("li[data-version='3']", "hello, Berta", "👍")
		st.waitForElement("li[data-version='4']", "hello, Berta", "👍", "🎉")
		equal(t, "the event's id", st.waitForElement("li[data-version='5']", "This message was deleted.").id, "5")
	}
}

// A page of older messages may be rendered before an edit and inserted after the stream delivered it. So the page asks
// what changed in between.
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
	changes := selectAll(t, page.doc, "[hx-get*=changed_after]")
	equal(t, "requests for changes", len(changes), 1)
	ask := attr(changes[0], "hx-get")
	equal(t, "the request", ask, "/messages?"+ana.peerQuery()+"&before=11&changed_after=60")
	berta.get(ask, asHTMX).is(http.StatusNoContent)

	ana.editMessage(said[3], "edited meanwhile")
	ana.editMessage(said[20], "of another window")
	ana.deleteMessage(said[5]).is(204)
	a := berta.get(ask, asHTMX).is(200).isFragment().lacks("of another window").hides("li", "line 1\n")
	a.has(`changed_after=63`).shows("[hx-target='#m-4'][hx-swap=outerMorph]", "edited meanwhile").
		shows("[hx-target='#m-6']")
	page.applyAnswer(a.body)
	fresh := parsePage(t, berta.get("/messages?"+ana.peerQuery()+"&before=11").body)
	equal(t, "the message", outer(byID(page.doc, "m-4")), outer(byID(fresh.doc, "m-4")))
	berta.get(strings.Replace(ask, "=60", "=63", 1), asHTMX).is(http.StatusNoContent)
	s.newUser("Carla").get("/messages?room="+formatID(said[0].Room)+"&before=11&changed_after=60", asHTMX).is(404)
	berta.get(ask).is(200).isPage().has("edited meanwhile")
}

// The list without scripts can only grow at its end, so it does not show edits.
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
	var received strings.Builder
	eachByte(response.Body, func(c byte) {
		received.WriteByte(c)
		if strings.HasSuffix(received.String(), "after</div>") {
			cancel()
		}
	})
	contains(t, received.String(), "before", "after</div>")
	lacks(t, received.String(), "edited", "hx-partial")
	berta.get("/messages?"+ana.peerQuery()).is(200).has("edited", "after")
}

func TestChangesShareThePostRateLimit(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, func(c *serverOptions) { c.RateScale = 0.0001 })
	ana := s.newUser("Ana")
	m := ana.sendMessage("room=1", "hello")
	for range 199 {
		ana.react(m, "👍").is(200)
	}
	ana.react(m, "👍").isError(429, "too_many", "")
	ana.putMessage(m, "my words").isError(429, "too_many", "")
	ana.deleteMessage(m).isError(429, "too_many", "")
	ana.post(m.path()+"/edit", []string{"body", "my words"}).is(429).has("Too many requests").
		shows("form[action='"+m.path()+"/edit'] textarea", "my words")
}
