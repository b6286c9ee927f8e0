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
		st.waitForPresence()
		seenBy := func(b *client) string {
			t.Helper()
			return decode[message](b.get(m.path(), asJSON).is(200)).reactionSummary()
		}

		berta.react(m, "🎉").is(200).lacks("mine")
		st.waitForElement(fmt.Sprintf("[hx-target='#m-%d'] [data-by='%d'][title=Berta]", m.Seq, berta.user.ID), "🎉")
		ana.react(m, "🎉").is(200)
		ana.react(m, "👨‍👩‍👧‍👦").is(200)
		st.waitForElement(fmt.Sprintf("[data-by='%d %d']", berta.user.ID, ana.user.ID))
		equal(t, "seen by Ana", seenBy(ana), "🎉 Berta Ana, mine; 👨‍👩‍👧‍👦 Ana, mine")
		equal(t, "seen by Berta", seenBy(berta), "🎉 Berta Ana, mine; 👨‍👩‍👧‍👦 Ana")
		listed := decode[historyInfo](berta.get("/messages?"+ana.peerQuery(), asJSON)).Messages[0]
		equal(t, "in the list", listed.reactionSummary(), seenBy(berta))
		berta.react(m, "🎉").is(200)
		equal(t, "after removing one", seenBy(berta), "🎉 Ana; 👨‍👩‍👧‍👦 Ana")
		equal(t, "last seq", s.lastSeq(m.Room), 5)

		carla.react(m, "🎉").isError(404, "not_found", "")
		for _, no := range []string{
			"", "x", "ok", "🎉🎉", "1", "ñ", " ", "\n", "é", "ab", "<b>", "\xff", "👍 ", "🎉x", "❤" + strings.Repeat("\u0301", 20),
			"\u200d", "مرحبا", "中",
		} {
			ana.react(m, no).isError(422, "invalid", "emoji")
		}
		for _, yes := range []string{"❤️", "1️⃣", "🇨🇴", "👍🏽", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "‼️", "☕", "™️", "🧑🏽‍🚀"} {
			berta.react(m, yes).is(200)
		}
		ana.react(m, "❤").is(200)
		contains(t, seenBy(ana), "❤️ Berta Ana, mine") // with or without the variation selector it is one emoji
		ana.react(m, "❤\uFE0F").is(200)
		contains(t, seenBy(ana), "❤️ Berta;")
		for i := range chat.MaxEmojiPerMessage - 11 {
			berta.react(m, string(rune(0x1F400+i))).is(200)
		}
		berta.react(m, "🐙").isError(422, "invalid", "emoji")
		ana.react(m, "❤️").is(200) // an emoji that the message has already
		ana.react(m, "❤️").is(200)
		berta.react(m, "❤️").is(200)
		berta.react(m, "🐙").is(200)
		equal(t, "different emoji", s.count(`SELECT COUNT(DISTINCT emoji) FROM reactions`), chat.MaxEmojiPerMessage)
		ana.editMessage(m, "we won, twice")
		equal(t, "after an edit", strings.Count(seenBy(ana), ";")+1, chat.MaxEmojiPerMessage)
	})
}

// A client that got no answer may repeat a request that says whether the reaction should be there.
func TestReactionsAreIdempotent(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, berta := s.newUser("Ana"), s.newUser("Berta")
		m := ana.sendMessage(berta.peerQuery(), "we won")
		set := func(emoji, mine string) message {
			t.Helper()
			return decode[message](
				berta.post(m.path()+"/reactions", []string{"emoji", emoji, "mine", mine}, asJSON).is(200))
		}
		equal(t, "changed_seq after removing what is not there", set("🎉", "false").Changed, m.Seq)
		first := set("🎉", "true")
		equal(t, "added", first.reactionSummary(), "🎉 Berta")
		equal(t, "its changed_seq", first.Changed, m.Seq+1)
		equal(t, "added again", fmt.Sprint(set("🎉", "1")), fmt.Sprint(first))
		again := berta.do(
			http.MethodPost,
			m.path()+"/reactions",
			strings.NewReader(`{"emoji":"🎉","mine":true}`),
			inJSON,
			asJSON,
		)
		equal(t, "added again in JSON", fmt.Sprint(decode[message](again.is(200))), fmt.Sprint(first))
		anas := decode[message](ana.post(m.path()+"/reactions", []string{"emoji", "🎉", "mine", "true"}, asJSON))
		equal(t, "with Ana's", anas.reactionSummary(), "🎉 Berta Ana")
		equal(t, "removed", set("🎉", "false").reactionSummary(), "🎉 Ana")
		equal(t, "changed_seq after removing it again", set("🎉", "0").Changed, m.Seq+3)
		equal(t, "last seq", s.lastSeq(m.Room), m.Seq+3)

		berta.react(m, "🎉").is(200)
		equal(t, "toggled without mine", decode[message](berta.react(m, "🎉").is(200)).reactionSummary(), "🎉 Ana")
		for _, no := range []string{"", "yes", "2", "null"} {
			berta.post(m.path()+"/reactions", []string{"emoji", "🎉", "mine", no}, asJSON).
				isError(422, "invalid", "mine")
		}
		form := []string{"emoji", "🎉", "mine", "true"}
		berta.post(m.path()+"/reactions", form).redirectsTo("/messages?room=" + formatID(m.Room))
		berta.post(m.path()+"/reactions", form, asHTMX).is(200).shows("li#m-" + formatID(m.Seq))
		equal(t, "added by forms", decode[message](ana.get(m.path(), asJSON)).reactionSummary(), "🎉 Ana Berta, mine")

		ana.do(http.MethodDelete, m.path(), nil, asJSON).is(204)
		removal := berta.post(m.path()+"/reactions", []string{"emoji", "🎉", "mine", "false"}, asJSON).is(200)
		equal(t, "after the message was deleted", decode[message](removal).reactionSummary(), "")
		berta.post(m.path()+"/reactions", form, asJSON).isError(409, "conflict", "")
		s.newUser("Carla").post(m.path()+"/reactions", []string{"emoji", "🎉", "mine", "false"}, asJSON).
			isError(404, "not_found", "")
	})
}

func TestReactingByForms(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("<i>Berta</i>")
	m := ana.sendMessage(berta.peerQuery(), "we won")
	form := []string{"emoji", "👍"}
	berta.post(m.path()+"/reactions", form).redirectsTo("/messages?room=" + formatID(m.Room))
	berta.get(m.path()).is(200).shows("button[value='👍'][aria-pressed=true]").has("&lt;i&gt;Berta").hides("i", "Berta")
	ana.get(m.path()).is(200).shows("button[value='👍'][aria-pressed=false]")
	ana.get("/messages?" + berta.peerQuery()).is(200).shows("[aria-label='👍 1: <i>Berta</i>']")
	ana.get("/me.css").has(`[data-by~="` + formatID(ana.user.ID) + `"]`)

	a := ana.post(m.path()+"/reactions", form, asHTMX).is(200).isFragment()
	a.shows(`hx-partial[hx-target="#m-1[data-version='2']"][hx-swap=outerMorph] > li#m-1[data-version='3']`)
	a.shows("hx-partial[hx-target^='#message-menu:has(']")
	other := ana.sendMessage(berta.peerQuery(), "and again")
	ana.post(other.path()+"/reactions", form, asHTMX).is(200).shows("[hx-target='#m-4:not([data-version])']")
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
				for range 9 { // the last of nine toggles adds it
					b.react(m, "👍")
				}
				done <- b.react(m, "🎉").status
			}()
		}
		for range people {
			equal(t, "status", <-done, 200)
		}
		equal(t, "changes", s.lastSeq(1)-before, 40)
		all := decode[message](people[0].get(m.path(), asJSON))
		equal(t, "reactions", all.Reactions[0].Count+all.Reactions[1].Count, 8)
	})
}
