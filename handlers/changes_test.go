package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
	"charla/handlers"
	"charla/live/natstest"
)

// onBoth runs a story on both databases, beside other tests.
func onBoth(t *testing.T, story func(*testing.T, *site)) {
	t.Parallel()
	onEach(t, story)
}

// onEach runs a story on one database and then on the other, with no other test beside it.
func onEach(t *testing.T, story func(*testing.T, *site)) {
	t.Run("SQLite", func(t *testing.T) { story(t, open(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { story(t, openPostgres(t, dbtest.Postgres(t))) })
}

// seq is the number of a room's last change.
func (s *site) seq(room int64) int64 {
	return s.count(`SELECT last_seq FROM rooms WHERE id = $1`, room)
}

func TestEditing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		ana, berta, carla := s.person("Ana"), s.person("Berta"), s.person("Carla")
		m := ana.say(berta.with(), "first")
		ana.say(berta.with(), "after it")
		st := berta.listen("/events?" + ana.with())
		st.brings("here-count")

		edited := ana.edit(m, "second <b>\nhttps://example.org")
		equal(t, "the text", edited.Body, "second <b>\nhttps://example.org")
		contains(t, edited.HTML, "&lt;b&gt;", `<a href="https://example.org"`)
		equal(t, "its place", edited.Seq, m.Seq)
		equal(t, "when it was posted", edited.PostedAt, m.PostedAt)
		if at, err := time.Parse(time.RFC3339, edited.EditedAt); err != nil || time.Since(at).Abs() > time.Minute {
			t.Fatalf("edited_at %q: %v", edited.EditedAt, err)
		}
		equal(t, "the number", st.brings(`hx-target="#m-`+text(m.Seq)+`" hx-swap="outerMorph"`, "second", "(edited)").id, "3")
		equal(t, "as others read it", fmt.Sprint(decode[message](berta.get(m.path(), asJSON))), fmt.Sprint(edited))
		berta.get("/messages?"+ana.with()).has("(edited)", "second &lt;b&gt;").lacks("first")

		berta.put(m, "mine").failed(403, "forbidden", "")
		carla.put(m, "mine").failed(404, "not_found", "")
		for _, body := range []string{"", " \n", "a\xffb", "a\x00b", strings.Repeat("ñ", 4001)} {
			ana.put(m, body).failed(422, "invalid", "body")
		}
		ana.do(http.MethodPut, m.path(), strings.NewReader(`{"body":5}`), inJSON, asJSON).is(422)
		ana.do(http.MethodPut, m.path(), strings.NewReader(`{"body":"second <b>\nhttps://example.org"}`), inJSON, asJSON).is(200)
		equal(t, "with a shortcode", ana.edit(ana.say("room=1", "hi"), "hi :tada:").Body, "hi 🎉")
		again := ana.edit(m, edited.Body+" \n")
		equal(t, "the same text", fmt.Sprint(again), fmt.Sprint(edited))
		equal(t, "numbers taken", s.seq(m.Room), 3)
	})
}

func TestDescribingWhatWasSent(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		ana, berta, carla := s.person("Ana"), s.person("Berta"), s.person("Carla")
		f, g, loose := ana.upload("hills.png", picture(40, 30)), ana.upload("notes.txt", "notes"), ana.upload("another.png", picture(30, 40))
		m := ana.says(berta.with(), "look", f, g)
		page, program := berta.listen("/events?"+ana.with()), berta.program(t).listen("/events?"+ana.with(), "Accept: text/event-stream, application/json")
		alt := "alt-" + text(f.ID)
		ana.get(m.path()).is(200).has(`name="`+alt+`"`, `aria-label="What hills.png shows"`).lacks("alt-" + text(g.ID))
		berta.get(m.path()).is(200).lacks(alt)

		ana.post(m.path()+"/edit", []string{"body", "look", alt, " Hills\n at \"dusk\" "}).to("/messages?room=" + text(m.Room))
		page.brings(`hx-target="#m-`+text(m.Seq)+`"`, `alt="Hills at &#34;dusk&#34;"`, "(edited)")
		contains(t, program.named("edited").data, `"alt":"Hills at \"dusk\""`)
		ana.get(m.path()).is(200).has("\nHills at &#34;dusk&#34;</textarea>")
		json := func(body string) *answer {
			return ana.do(http.MethodPut, m.path(), strings.NewReader(body), inJSON, asJSON)
		}
		seq := s.seq(m.Room)
		json(`{"body":"look","files":[{"id":` + text(f.ID) + `,"alt":"Hills at \"dusk\""}]}`).is(200)
		equal(t, "numbers for what is the same", s.seq(m.Room), seq)
		both := decode[message](json(`{"body":"","files":[{"id":` + text(f.ID) + `,"alt":"Dawn"},{"id":` + text(g.ID) + `,"alt":"A list"}]}`).is(200))
		equal(t, "both", both.Body+"|"+both.Files[0].Alt+"|"+both.Files[1].Alt, "|Dawn|A list")
		json(`{"files":[{"id":` + text(f.ID) + `,"alt":"Dawn"}],"body":"again"}`).is(200)
		json(`{"files":[{"id":`+text(f.ID)+`,"alt":"Noon"}]}`).is(200).has(`"alt":"Noon"`, `"body":"again"`)
		json(`{"files":[{"id":` + text(f.ID) + `,"alt":"Dawn"}]}`).is(200)
		ana.edit(m, "again")
		berta.get(m.path(), asJSON).is(200).has(`"alt":"Dawn"`, `"alt":"A list"`, `"body":"again"`) // what is not told stays
		ana.post(m.path()+"/edit", []string{"body", "again", alt, ""}, asHTMX).is(200).has(`alt="hills.png"`)

		berta.post(m.path()+"/edit", []string{"body", "again", alt, "mine"}, asJSON).failed(403, "forbidden", "")
		carla.post(m.path()+"/edit", []string{"body", "again", alt, "mine"}, asJSON).failed(404, "not_found", "")
		for _, other := range []string{text(loose.ID), text(berta.upload("hers.txt", "hers").ID), "99999", "-1", "x"} {
			ana.post(m.path()+"/edit", []string{"body", "gone?", "alt-" + other, "x"}, asJSON).failed(404, "not_found", "")
		}
		long := strings.Repeat("x", 501)
		ana.post(m.path()+"/edit", []string{"body", "kept", alt, long}, asJSON).failed(422, "invalid", "alt")
		ana.post(m.path()+"/edit", []string{"body", "kept", alt, long}).is(422).has("at most 500 characters", "\n"+long+"</textarea>", "\nkept</textarea>", "<details open")
		equal(t, "other files described", s.count(`SELECT COUNT(*) FROM files WHERE alt <> ''`), 1)
		berta.get(m.path(), asJSON).is(200).has(`"body":"again"`)
	})
}

func TestEditingByForms(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	m := ana.say(berta.with(), "</textarea><script>")
	page := ana.get(m.path()).is(200)
	page.has(`action="`+m.path()+`/edit"`, `action="`+m.path()+`/delete"`, "\n&lt;/textarea&gt;&lt;script&gt;</textarea>", "Back to the conversation")
	berta.get(m.path()).is(200).has(`action="`+m.path()+`/reactions"`).lacks("/edit", "/delete", "<textarea")

	ana.post(m.path()+"/edit", []string{"body", "by a form"}).to("/messages?room=" + text(m.Room))
	ana.get("/messages?room="+text(m.Room)).is(200).has("by a form", "(edited)")
	long := strings.Repeat("x", 4001)
	ana.post(m.path()+"/edit", []string{"body", long}).is(422).has("<!doctype html>", "\n"+long+"</textarea>", "Send it in parts.", "by a form", "open")
	ana.post(m.path()+"/edit", []string{"body", long}, asHTMX).is(422).has("Send it in parts.").lacks("<html", long)
	berta.post(m.path()+"/edit", []string{"body", "x"}).is(403).has("its author alone")

	ana.post(m.path()+"/delete", nil).to("/messages?room=" + text(m.Room))
	ana.post(m.path()+"/delete", nil).to("/messages?room=" + text(m.Room))
	ana.get(m.path()).is(200).has("This message was deleted.").lacks("by a form", "<form class=\"deeds", "<textarea")
	ana.post(m.path()+"/edit", []string{"body", "too late"}).is(409).has("\ntoo late</textarea>", "This message was deleted.")
	ana.post(m.path()+"/edit", []string{"body", "too late"}, asHTMX).is(409).has("This message was deleted.").lacks("<html")
	ana.post(m.path()+"/reactions", []string{"emoji", "👍"}, asHTMX).is(409)
	equal(t, "numbers taken", s.seq(m.Room), m.Seq+2)
}

func TestDeleting(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		ana, berta, carla := s.person("Ana"), s.person("Berta"), s.person("Carla")
		m := ana.say(berta.with(), "a secret that slipped")
		berta.react(m, "😮").is(200)
		ana.say(berta.with(), "something else")
		st := berta.listen("/events?" + ana.with())
		contains(t, st.brings("<title>").data, "<title>(2) ")

		berta.remove(m).failed(403, "forbidden", "")
		carla.remove(m).failed(404, "not_found", "")
		ana.remove(m).is(204)
		e := st.brings(`hx-target="#m-`+text(m.Seq)+`" hx-swap="outerHTML"`, "This message was deleted.")
		lacks(t, e.data, "slipped", "😮", "<button")
		st.brings("<title>(1) ") // it is unread no more
		ana.remove(m).is(204)
		equal(t, "numbers taken", s.seq(m.Room), 4)

		left := decode[message](berta.get(m.path(), asJSON))
		if left.DeletedAt == "" || left.Body != "" || left.HTML != "" || left.Reactions == nil || len(left.Reactions) > 0 {
			t.Errorf("what is left: %+v", left)
		}
		berta.get(m.path(), asJSON).lacks(`"body"`, `"html"`)
		equal(t, "the secret in the database", s.count(`SELECT COUNT(*) FROM messages WHERE body LIKE '%secret%' OR html LIKE '%secret%'`), 0)
		equal(t, "reactions in the database", s.count(`SELECT COUNT(*) FROM reactions`), 0)
		ana.put(m, "x").failed(409, "conflict", "")
		berta.react(m, "👍").failed(409, "conflict", "")
		page := berta.get("/messages?"+ana.with()).has("This message was deleted.", "Unread from here").body
		if strings.Index(page, "Unread from here") < strings.Index(page, "This message was deleted.") {
			t.Error("a deleted message counts as the first unread one")
		}
	})
}

func TestReacting(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		ana, berta, carla := s.person("Ana"), s.person("Berta"), s.person("Carla")
		m := ana.say(berta.with(), "we won")
		st := berta.listen("/events?" + ana.with())
		st.brings("here-count")
		as := func(b *browser) string {
			t.Helper()
			return decode[message](b.get(m.path(), asJSON).is(200)).reactions()
		}

		berta.react(m, "🎉").is(200).lacks("mine")
		contains(t, st.brings(`hx-target="#m-`+text(m.Seq)+`"`, `data-by="`+text(berta.user.ID)+`"`, `title="Berta"`).data, "🎉")
		ana.react(m, "🎉").is(200)
		ana.react(m, "👨‍👩‍👧‍👦").is(200)
		st.brings(`data-by="` + text(berta.user.ID) + " " + text(ana.user.ID) + `"`)
		equal(t, "to Ana", as(ana), "🎉 Berta Ana, mine; 👨‍👩‍👧‍👦 Ana, mine")
		equal(t, "to Berta", as(berta), "🎉 Berta Ana, mine; 👨‍👩‍👧‍👦 Ana")
		equal(t, "in the list", decode[history](berta.get("/messages?"+ana.with(), asJSON)).Messages[0].reactions(), as(berta))
		berta.react(m, "🎉").is(200)
		equal(t, "taken back", as(berta), "🎉 Ana; 👨‍👩‍👧‍👦 Ana")
		equal(t, "numbers taken", s.seq(m.Room), 5)

		carla.react(m, "🎉").failed(404, "not_found", "")
		for _, no := range []string{"", "x", "ok", "🎉🎉", "1", "ñ", " ", "\n", "é", "ab", "<b>", "\xff", "👍 ", "🎉x", "❤" + strings.Repeat("\u0301", 20), "\u200d", "مرحبا", "中"} {
			ana.react(m, no).failed(422, "invalid", "emoji")
		}
		for _, yes := range []string{"❤️", "1️⃣", "🇨🇴", "👍🏽", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "‼️", "☕", "™️", "🧑🏽‍🚀"} {
			berta.react(m, yes).is(200)
		}
		ana.react(m, "❤").is(200)
		contains(t, as(ana), "❤️ Berta Ana, mine") // one kind, whether or not it asks for colour
		ana.react(m, "❤\uFE0F").is(200)
		contains(t, as(ana), "❤️ Berta;")
		for i := range chat.MaxKinds - 11 {
			berta.react(m, string(rune(0x1F400+i))).is(200)
		}
		berta.react(m, "🐙").failed(422, "invalid", "emoji")
		ana.react(m, "❤️").is(200) // of a kind that is there
		ana.react(m, "❤️").is(200)
		berta.react(m, "❤️").is(200)
		berta.react(m, "🐙").is(200)
		equal(t, "kinds", s.count(`SELECT COUNT(DISTINCT emoji) FROM reactions`), chat.MaxKinds)
		ana.edit(m, "we won, twice")
		equal(t, "after an edit", strings.Count(as(ana), ";")+1, chat.MaxKinds)
	})
}

// Who got no answer may say again what shall be, as often as they like: it is done once.
func TestReactionsAsTheyShallBe(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		ana, berta := s.person("Ana"), s.person("Berta")
		m := ana.say(berta.with(), "we won")
		say := func(emoji, mine string) message {
			t.Helper()
			return decode[message](berta.post(m.path()+"/reactions", []string{"emoji", emoji, "mine", mine}, asJSON).is(200))
		}
		equal(t, "not there, taken back", say("🎉", "false").Changed, m.Seq)
		first := say("🎉", "true")
		equal(t, "there", first.reactions(), "🎉 Berta")
		equal(t, "its number", first.Changed, m.Seq+1)
		equal(t, "there again", fmt.Sprint(say("🎉", "1")), fmt.Sprint(first))
		again := berta.do(http.MethodPost, m.path()+"/reactions", strings.NewReader(`{"emoji":"🎉","mine":true}`), inJSON, asJSON).is(200)
		equal(t, "there in JSON", fmt.Sprint(decode[message](again)), fmt.Sprint(first))
		equal(t, "Ana's is another", decode[message](ana.post(m.path()+"/reactions", []string{"emoji", "🎉", "mine", "true"}, asJSON)).reactions(), "🎉 Berta Ana")
		equal(t, "gone", say("🎉", "false").reactions(), "🎉 Ana")
		equal(t, "gone again", say("🎉", "0").Changed, m.Seq+3)
		equal(t, "numbers taken", s.seq(m.Room), m.Seq+3)

		berta.react(m, "🎉").is(200)
		equal(t, "as it is without", decode[message](berta.react(m, "🎉").is(200)).reactions(), "🎉 Ana")
		for _, no := range []string{"", "yes", "2", "null"} {
			berta.post(m.path()+"/reactions", []string{"emoji", "🎉", "mine", no}, asJSON).failed(422, "invalid", "mine")
		}
		berta.post(m.path()+"/reactions", []string{"emoji", "🎉", "mine", "true"}).to("/messages?room=" + text(m.Room))
		berta.post(m.path()+"/reactions", []string{"emoji", "🎉", "mine", "true"}, asHTMX).is(200).has(`id="m-` + text(m.Seq))
		equal(t, "there by forms, once", decode[message](ana.get(m.path(), asJSON)).reactions(), "🎉 Ana Berta, mine")

		ana.do(http.MethodDelete, m.path(), nil, asJSON).is(204)
		equal(t, "gone with the message", decode[message](berta.post(m.path()+"/reactions", []string{"emoji", "🎉", "mine", "false"}, asJSON).is(200)).reactions(), "")
		berta.post(m.path()+"/reactions", []string{"emoji", "🎉", "mine", "true"}, asJSON).failed(409, "conflict", "")
		s.person("Carla").post(m.path()+"/reactions", []string{"emoji", "🎉", "mine", "false"}, asJSON).failed(404, "not_found", "")
	})
}

func TestReactingByForms(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("<i>Berta</i>")
	m := ana.say(berta.with(), "we won")
	form := []string{"emoji", "👍"}
	berta.post(m.path()+"/reactions", form).to("/messages?room=" + text(m.Room))
	berta.get(m.path()).is(200).has(`value="👍" aria-pressed="true"`, "&lt;i&gt;Berta").lacks("<i>Berta")
	ana.get(m.path()).is(200).has(`value="👍" aria-pressed="false"`)
	ana.get("/messages?" + berta.with()).is(200).has(`aria-label="👍 1: &lt;i&gt;Berta&lt;/i&gt;"`)
	ana.get("/me.css").has(`[data-by~="` + text(ana.user.ID) + `"]`)

	a := ana.post(m.path()+"/reactions", form, asHTMX).is(200)
	a.has(`<hx-partial hx-target="#m-1[data-version=&#39;2&#39;]" hx-swap="outerMorph"><li id="m-1"`, `data-version="3"`, `<hx-partial hx-target="#menu:has(`).lacks("<html")
	other := ana.say(berta.with(), "and again")
	ana.post(other.path()+"/reactions", form, asHTMX).is(200).has(`hx-target="#m-4:not([data-version])"`)
}

func TestManyReactAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		people := []*browser{s.person("Ana"), s.person("Berta"), s.person("Carla"), s.person("Dora")}
		m := people[0].say("room=1", "hello")
		before := s.seq(1)
		done := make(chan int)
		for _, b := range people {
			go func() {
				b := b.clone()
				for range 9 { // on and off, and on in the end
					b.react(m, "👍")
				}
				done <- b.react(m, "🎉").status
			}()
		}
		for range people {
			equal(t, "status", <-done, 200)
		}
		equal(t, "every number is one change", s.seq(1)-before, 40)
		all := decode[message](people[0].get(m.path(), asJSON))
		equal(t, "reactions", all.Reactions[0].Count+all.Reactions[1].Count, 8)
	})
}

func TestChangesOnOneNodeShowOnAll(t *testing.T) {
	all := nodes(t, 2, natstest.New(t).URL())
	ana, berta := all[0].person("Ana"), all[0].person("Berta")
	m := ana.say(berta.with(), "hello")
	var streams []*stream
	for _, s := range all {
		st := berta.at(s).listen("/events?" + ana.with())
		st.until("the cursor", isCursor)
		streams = append(streams, st)
	}
	berta.at(all[1]).react(m, "👍").is(200)
	ana.at(all[0]).edit(m, "hello, Berta")
	berta.at(all[0]).react(m, "🎉").is(200)
	ana.at(all[1]).remove(m).is(204)
	for _, st := range streams {
		st.brings(`data-version="2"`, "👍")
		st.brings(`data-version="3"`, "hello, Berta", "👍")
		st.brings(`data-version="4"`, "hello, Berta", "👍", "🎉")
		equal(t, "the number", st.brings(`data-version="5"`, "This message was deleted.").id, "5")
	}
}

// An older window that was rendered just before an edit, and put on the page just after it, missed the stream's word.
func TestAWindowOfOlderLinesAsksWhatChangedMeanwhile(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	var said []message
	for i := range 60 {
		said = append(said, ana.say(berta.with(), fmt.Sprint("line ", i)))
	}
	window := berta.get("/messages?" + ana.with() + "&before=11").is(200)
	page := parsePage(t, window.body)
	var ask string
	for n := range page.doc.Descendants() {
		if url := attr(n, "hx-get"); strings.Contains(url, "changed_after") {
			ask = url
		}
	}
	equal(t, "it asks", ask, "/messages?"+ana.with()+"&before=11&changed_after=60")
	berta.get(ask, asHTMX).is(http.StatusNoContent)

	ana.edit(said[3], "edited meanwhile")
	ana.edit(said[20], "of another window")
	ana.remove(said[5]).is(204)
	a := berta.get(ask, asHTMX).is(200).lacks("<html", "of another window", "line 1<")
	a.has(`changed_after=63`, `hx-target="#m-4" hx-swap="outerMorph"`, "edited meanwhile", `hx-target="#m-6"`)
	page.apply(a.body)
	equal(t, "the line", outer(byID(page.doc, "m-4")), outer(byID(parsePage(t, berta.get("/messages?"+ana.with()+"&before=11").body).doc, "m-4")))
	berta.get(strings.Replace(ask, "=60", "=63", 1), asHTMX).is(http.StatusNoContent)
	s.person("Carla").get("/messages?room="+text(said[0].Room)+"&before=11&changed_after=60", asHTMX).is(404)
	berta.get(ask).is(200).has("<!doctype html>", "edited meanwhile") // a browser gets the page
}

// The list that grows at its end has no place for what changed before.
func TestAChangeIsNoNewLineWithoutScripts(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	m := ana.say(berta.with(), "before")
	response, cancel := berta.endless("/messages/live?" + ana.with())
	defer cancel()
	defer response.Body.Close()
	ana.edit(m, "edited")
	ana.say(berta.with(), "after")
	var told strings.Builder
	each(response.Body, func(c byte) {
		told.WriteByte(c)
		if strings.HasSuffix(told.String(), "after</div>") {
			cancel()
		}
	})
	contains(t, told.String(), "before", "after</div>")
	lacks(t, told.String(), "edited", "hx-partial")
	berta.get("/messages?"+ana.with()).is(200).has("edited", "after")
}

func TestAChangeCountsLikeAMessage(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *handlers.Config) { c.Rate = 0.0001 })
	ana := s.person("Ana")
	m := ana.say("room=1", "hello")
	for range 199 {
		ana.react(m, "👍").is(200)
	}
	ana.react(m, "👍").failed(429, "too_many", "")
	ana.put(m, "my words").failed(429, "too_many", "")
	ana.remove(m).failed(429, "too_many", "")
	ana.post(m.path()+"/edit", []string{"body", "my words"}).is(429).has("\nmy words</textarea>", "too often", m.path()+"/edit")
}
