package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"charla/chat"
)

func TestReacting(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, berta, carla := s.newUser("Ana"), s.newUser("Berta"), s.newUser("Carla")
		m := ana.sendMessage(berta.peerQuery(), "we won")
		st := berta.listen("/events?" + ana.peerQuery())
		st.waitFor("online-count")
		as := func(b *client) string {
			t.Helper()
			return decode[message](b.get(m.path(), asJSON).is(200)).reactionSummary()
		}

		berta.react(m, "🎉").is(200).lacks("mine")
		contains(t, st.waitFor(`hx-target="#m-`+formatID(m.Seq)+`"`, `data-by="`+formatID(berta.user.ID)+`"`, `title="Berta"`).data, "🎉")
		ana.react(m, "🎉").is(200)
		ana.react(m, "👨‍👩‍👧‍👦").is(200)
		st.waitFor(`data-by="` + formatID(berta.user.ID) + " " + formatID(ana.user.ID) + `"`)
		equal(t, "to Ana", as(ana), "🎉 Berta Ana, mine; 👨‍👩‍👧‍👦 Ana, mine")
		equal(t, "to Berta", as(berta), "🎉 Berta Ana, mine; 👨‍👩‍👧‍👦 Ana")
		equal(t, "in the list", decode[historyInfo](berta.get("/messages?"+ana.peerQuery(), asJSON)).Messages[0].reactionSummary(), as(berta))
		berta.react(m, "🎉").is(200)
		equal(t, "taken back", as(berta), "🎉 Ana; 👨‍👩‍👧‍👦 Ana")
		equal(t, "numbers taken", s.lastSeq(m.Room), 5)

		carla.react(m, "🎉").isError(404, "not_found", "")
		for _, no := range []string{"", "x", "ok", "🎉🎉", "1", "ñ", " ", "\n", "é", "ab", "<b>", "\xff", "👍 ", "🎉x", "❤" + strings.Repeat("\u0301", 20), "\u200d", "مرحبا", "中"} {
			ana.react(m, no).isError(422, "invalid", "emoji")
		}
		for _, yes := range []string{"❤️", "1️⃣", "🇨🇴", "👍🏽", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "‼️", "☕", "™️", "🧑🏽‍🚀"} {
			berta.react(m, yes).is(200)
		}
		ana.react(m, "❤").is(200)
		contains(t, as(ana), "❤️ Berta Ana, mine") // one kind, whether or not it asks for colour
		ana.react(m, "❤\uFE0F").is(200)
		contains(t, as(ana), "❤️ Berta;")
		for i := range chat.MaxEmojiPerMessage - 11 {
			berta.react(m, string(rune(0x1F400+i))).is(200)
		}
		berta.react(m, "🐙").isError(422, "invalid", "emoji")
		ana.react(m, "❤️").is(200) // of a kind that is there
		ana.react(m, "❤️").is(200)
		berta.react(m, "❤️").is(200)
		berta.react(m, "🐙").is(200)
		equal(t, "kinds", s.count(`SELECT COUNT(DISTINCT emoji) FROM reactions`), chat.MaxEmojiPerMessage)
		ana.editMessage(m, "we won, twice")
		equal(t, "after an edit", strings.Count(as(ana), ";")+1, chat.MaxEmojiPerMessage)
	})
}

// Who got no answer may say again what shall be, as often as they like: it is done once.
func TestReactionsAreIdempotent(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, berta := s.newUser("Ana"), s.newUser("Berta")
		m := ana.sendMessage(berta.peerQuery(), "we won")
		say := func(emoji, mine string) message {
			t.Helper()
			return decode[message](berta.post(m.path()+"/reactions", []string{"emoji", emoji, "mine", mine}, asJSON).is(200))
		}
		equal(t, "not there, taken back", say("🎉", "false").Changed, m.Seq)
		first := say("🎉", "true")
		equal(t, "there", first.reactionSummary(), "🎉 Berta")
		equal(t, "its number", first.Changed, m.Seq+1)
		equal(t, "there again", fmt.Sprint(say("🎉", "1")), fmt.Sprint(first))
		again := berta.do(http.MethodPost, m.path()+"/reactions", strings.NewReader(`{"emoji":"🎉","mine":true}`), inJSON, asJSON).is(200)
		equal(t, "there in JSON", fmt.Sprint(decode[message](again)), fmt.Sprint(first))
		equal(t, "Ana's is another", decode[message](ana.post(m.path()+"/reactions", []string{"emoji", "🎉", "mine", "true"}, asJSON)).reactionSummary(), "🎉 Berta Ana")
		equal(t, "gone", say("🎉", "false").reactionSummary(), "🎉 Ana")
		equal(t, "gone again", say("🎉", "0").Changed, m.Seq+3)
		equal(t, "numbers taken", s.lastSeq(m.Room), m.Seq+3)

		berta.react(m, "🎉").is(200)
		equal(t, "as it is without", decode[message](berta.react(m, "🎉").is(200)).reactionSummary(), "🎉 Ana")
		for _, no := range []string{"", "yes", "2", "null"} {
			berta.post(m.path()+"/reactions", []string{"emoji", "🎉", "mine", no}, asJSON).isError(422, "invalid", "mine")
		}
		berta.post(m.path()+"/reactions", []string{"emoji", "🎉", "mine", "true"}).redirectsTo("/messages?room=" + formatID(m.Room))
		berta.post(m.path()+"/reactions", []string{"emoji", "🎉", "mine", "true"}, asHTMX).is(200).has(`id="m-` + formatID(m.Seq))
		equal(t, "there by forms, once", decode[message](ana.get(m.path(), asJSON)).reactionSummary(), "🎉 Ana Berta, mine")

		ana.do(http.MethodDelete, m.path(), nil, asJSON).is(204)
		equal(t, "gone with the message", decode[message](berta.post(m.path()+"/reactions", []string{"emoji", "🎉", "mine", "false"}, asJSON).is(200)).reactionSummary(), "")
		berta.post(m.path()+"/reactions", []string{"emoji", "🎉", "mine", "true"}, asJSON).isError(409, "conflict", "")
		s.newUser("Carla").post(m.path()+"/reactions", []string{"emoji", "🎉", "mine", "false"}, asJSON).isError(404, "not_found", "")
	})
}

func TestReactingByForms(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("<i>Berta</i>")
	m := ana.sendMessage(berta.peerQuery(), "we won")
	form := []string{"emoji", "👍"}
	berta.post(m.path()+"/reactions", form).redirectsTo("/messages?room=" + formatID(m.Room))
	berta.get(m.path()).is(200).has(`value="👍" aria-pressed="true"`, "&lt;i&gt;Berta").lacks("<i>Berta")
	ana.get(m.path()).is(200).has(`value="👍" aria-pressed="false"`)
	ana.get("/messages?" + berta.peerQuery()).is(200).has(`aria-label="👍 1: &lt;i&gt;Berta&lt;/i&gt;"`)
	ana.get("/me.css").has(`[data-by~="` + formatID(ana.user.ID) + `"]`)

	a := ana.post(m.path()+"/reactions", form, asHTMX).is(200)
	a.has(`<hx-partial hx-target="#m-1[data-version=&#39;2&#39;]" hx-swap="outerMorph"><li id="m-1"`, `data-version="3"`, `<hx-partial hx-target="#message-menu:has(`).lacks("<html")
	other := ana.sendMessage(berta.peerQuery(), "and again")
	ana.post(other.path()+"/reactions", form, asHTMX).is(200).has(`hx-target="#m-4:not([data-version])"`)
}

func TestConcurrentReactions(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		people := []*client{s.newUser("Ana"), s.newUser("Berta"), s.newUser("Carla"), s.newUser("Dora")}
		m := people[0].sendMessage("room=1", "hello")
		before := s.lastSeq(1)
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
		equal(t, "every number is one change", s.lastSeq(1)-before, 40)
		all := decode[message](people[0].get(m.path(), asJSON))
		equal(t, "reactions", all.Reactions[0].Count+all.Reactions[1].Count, 8)
	})
}
