package handlers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestHistoryPagination(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	var sent []int64
	for i := range 60 {
		author, to := ana, berta
		if i%3 == 0 {
			author, to = berta, ana
		}
		sent = append(sent, author.sendMessage(to.peerQuery(), fmt.Sprint("line ", i)).ID)
	}
	direct, room := berta.peerQuery(), "room="+formatID(s.count(`SELECT MAX(id) FROM rooms`))
	for _, query := range []string{direct, "limit=7&" + direct, "limit=1&" + room, "limit=200&" + room, "limit=99999&" + direct} {
		var listed []int64
		for path := "/messages?" + query; path != ""; {
			h := decode[historyInfo](ana.get(path, asJSON).is(200))
			var ids []int64
			for i, m := range h.Messages {
				if i > 0 && m.Seq <= h.Messages[i-1].Seq {
					t.Fatalf("%s is out of order", path)
				}
				ids = append(ids, m.ID)
			}
			listed = append(ids, listed...)
			path = h.Next
		}
		if !slices.Equal(listed, sent) {
			t.Fatalf("the pages of %s list %v, not %v", query, listed, sent)
		}
	}

	pages := 0
	var shown []string
	for path := "/messages?" + direct; path != ""; pages++ {
		page := parseHTML(t, ana.get(path).is(200).body)
		var ids []string
		for _, line := range selectAll(t, page, "li[id^=m-]") {
			ids = append(ids, attr(line, "id"))
		}
		shown = append(ids, shown...)
		path = ""
		if older := selectAll(t, page, "a[href*='before=']"); len(older) > 0 {
			path = attr(older[0], "href")
		}
	}
	equal(t, "pages", pages, 2)
	equal(t, "messages", len(shown), 60)
	equal(t, "the first", shown[0], "m-1")
	equal(t, "different messages", len(slices.Compact(shown)), 60)
	decode[historyInfo](ana.get("/messages?before=1&"+direct, asJSON).is(200))
	ana.get("/messages?before=1&" + direct).is(200)
}

func TestMessagesAfterPagination(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, ben, carla := s.newUser("Ana"), s.newUser("Ben"), s.newUser("Carla")
	for i := range 5 {
		ana.sendMessage(ben.peerQuery(), fmt.Sprint("line ", i+1))
	}
	room := ana.sendMessage(ben.peerQuery(), "line 6").Room
	var bodies []string
	var cursor int64
	pages := 0
	for next := "/messages?" + ana.peerQuery() + "&after=1&limit=2"; next != ""; pages++ {
		h := decode[historyInfo](ben.get(next, asJSON).is(200))
		for _, m := range h.Messages {
			bodies = append(bodies, m.Body)
		}
		next, cursor = h.Next, h.Cursor
	}
	equal(t, "messages", strings.Join(bodies, ", "), "line 2, line 3, line 4, line 5, line 6")
	equal(t, "pages", pages, 3)
	equal(t, "cursor", cursor, 6)
	equal(t, "nothing newer",
		len(decode[historyInfo](ben.get("/messages?room="+formatID(room)+"&after=6", asJSON).is(200)).Messages), 0)
	carla.get("/messages?room="+formatID(room)+"&after=0", asJSON).isError(404, "not_found", "")
}

// changed_after returns new messages and those that were edited, deleted or reacted to since a seq, in the order of the
// changes, page by page.
func TestMessagesChangedAfter(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		carla, ben, ana := s.newUser("Carla"), s.newUser("Ben"), s.anonymous().register("Ana", "ana@example.org")
		kept := map[int64]string{}
		cursor, pages := int64(0), 0
		catchUp := func() (came string) {
			t.Helper()
			pages = 0
			for next := "/messages?" + ana.peerQuery() + "&limit=2&changed_after=" + formatID(cursor); next != ""; pages++ {
				h := decode[historyInfo](ben.get(next, asJSON).is(200))
				for _, m := range h.Messages {
					kept[m.Seq] = fmt.Sprint(m.Body, m.reactionSummary())
					came += kept[m.Seq] + ", "
				}
				next, cursor = h.Next, h.Cursor
			}
			return came
		}
		equal(t, "before the first word", catchUp(), "")
		var said []message
		for i := range 5 {
			said = append(said, ana.sendMessage(ben.peerQuery(), fmt.Sprint("line ", i+1)))
		}
		equal(t, "all", catchUp(), "line 1, line 2, line 3, line 4, line 5, ")
		equal(t, "pages", pages, 3)
		ben.react(said[2], "🎉").is(200)
		ana.editMessage(said[0], "line 1 again")
		ana.deleteMessage(said[1]).is(204)
		ana.sendMessage(ben.peerQuery(), "line 6")
		equal(t, "what changed", catchUp(), "line 3🎉 Ben, mine, line 1 again, , line 6, ")
		equal(t, "nothing more", catchUp(), "")
		room := "/messages?room=" + formatID(said[0].Room) + "&changed_after="
		carla.get(room+"0", asJSON).isError(404, "not_found", "")
		ben.get(room+formatID(cursor+1), asJSON).isError(409, "conflict", "changed_after")

		halfway := decode[historyInfo](ben.get(room+"0&limit=2", asJSON).is(200)).Next
		ben.get(halfway, asJSON).is(200)
		ana.post("/settings/delete", []string{"current", testPassword, "messages", "keep"}, asJSON).is(204)
		s.runErasures()
		for _, stale := range []string{room + formatID(cursor), halfway} { // all messages of Ana changed their author's name
			ben.get(stale, asJSON).isError(409, "conflict", "changed_after")
		}
		cursor = 0
		equal(t, "from the beginning", catchUp(), "line 4, line 5, line 3🎉 Ben, mine, line 1 again, , line 6, ")
	})
}

// TestOwnNotes: the composer of the conversation with oneself is for notes.
func TestOwnNotes(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	ana.get("/messages?" + ana.peerQuery()).is(200).shows("#composer-text[placeholder='Write a note…']")
	ana.get("/messages?"+ana.peerQuery(), "Accept-Language: es").is(200).
		shows("#composer-text[placeholder='Escribe una nota…']").has("Solo tú puedes verlo")
	ana.get("/messages?" + berta.peerQuery()).is(200).shows("#composer-text[placeholder='Write to Berta…']")
}
