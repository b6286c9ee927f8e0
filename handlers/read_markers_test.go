package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// htmx may fetch a page for a hidden tab. So a page that htmx requests does not mark messages read; POST /read does.
func TestHTMXRequestsDoNotMarkRead(t *testing.T) {
	s := openSQLite(t)
	ana, ben := s.newUser("Ana"), s.newUser("Ben")
	ana.sendMessage(ben.peerQuery(), "hola")
	unread := func() int64 {
		return s.count(`SELECT COUNT(*) FROM messages m JOIN members b ON b.room_id = m.room_id
			WHERE b.user_id = $1 AND m.seq > b.read_seq AND m.author_id <> $1`, ben.user.ID)
	}
	ben.get("/messages?"+ana.peerQuery(), asHTMX).is(200).has("hola")
	equal(t, "unread after a request by htmx", unread(), 1)
	ben.get("/messages?" + ana.peerQuery()).is(200)
	equal(t, "unread after a page", unread(), 0)
}

func TestMarkRead(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	var last message
	for range 3 {
		last = ana.sendMessage(berta.peerQuery(), "read me")
	}
	room := last.Room
	unread := func() int {
		t.Helper()
		for _, p := range decode[overviewInfo](berta.get("/chat", asJSON).is(200)).People {
			if p.ID == ana.user.ID {
				return p.Unread
			}
		}
		t.Fatal("Ana is not in the list")
		return 0
	}
	mark := func(seq string, headers ...string) *answer {
		return berta.post("/read", []string{"with", formatID(ana.user.ID), "seq", seq}, headers...)
	}
	equal(t, "unread", unread(), 3)
	berta.get("/messages?"+ana.peerQuery(), asJSON).is(200)
	berta.do(http.MethodHead, "/messages?"+ana.peerQuery(), nil).is(200)
	berta.get("/messages?before=3&" + ana.peerQuery()).is(200)
	berta.get("/messages/" + formatID(last.ID)).is(200)
	equal(t, "unread after looking without seeing", unread(), 3)

	mark("1").is(204)
	equal(t, "unread", unread(), 2)
	mark("2", asHTMX).is(204)
	mark("1").is(204) // never back
	mark("0").is(204)
	for _, none := range []string{"-5", "x", ""} {
		mark(none, asJSON).isError(422, "invalid", "seq")
	}
	equal(t, "unread", unread(), 1)
	equal(t, "changes", s.count(`SELECT last_seq FROM rooms WHERE id = $1`, room), last.Seq) // reading takes no seq
	berta.get("/messages?" + ana.peerQuery()).is(200).has("New messages")
	equal(t, "unread after the page", unread(), 0)
	berta.get("/messages?" + ana.peerQuery()).is(200).lacks("New messages")

	mark("9223372036854775806").is(204) // never beyond what exists
	ana.sendMessage(berta.peerQuery(), "one more")
	equal(t, "unread", unread(), 1)
	berta.postJSON("/read", map[string]any{"room": room, "seq": last.Seq + 1}).is(204)
	equal(t, "unread", unread(), 0)
	for range 120 {
		ana.sendMessage(berta.peerQuery(), "many")
	}
	berta.get("/chat").is(200).has("99+")
	equal(t, "unread, counted up to a bound", unread(), 100)
}

// A missing or invalid seq is an error of the program, so it must not count as 0.
func TestMarkReadRefusesBadSeq(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, ben := s.newUser("Ana"), s.newUser("Ben")
	m := ana.sendMessage("room=1", "one")
	for _, wrong := range []string{`"x"`, `true`, `-1`, `1.5`, `[]`, `{}`, `""`, `null`, `99999999999999999999`} {
		ben.do(http.MethodPost, "/read", strings.NewReader(`{"room":1,"seq":`+wrong+`}`), inJSON, asJSON).
			isError(422, "invalid", "seq")
	}
	ben.post("/read", []string{"room", "1"}, asJSON).isError(422, "invalid", "seq")
	ben.post("/read", []string{"room", "1", "seq", "x"}, asJSON).isError(422, "invalid", "seq")
	unread := func() int64 {
		return s.count(`SELECT COUNT(*) FROM members WHERE room_id = 1 AND user_id = $1 AND read_seq < $2`, ben.user.ID,
			m.Seq)
	}
	equal(t, "unread", unread(), 1)
	ben.do(http.MethodPost, "/read", strings.NewReader(`{"room":1,"seq":"`+formatID(m.Seq)+`"}`), inJSON, asJSON).
		is(204)
	equal(t, "unread", unread(), 0)
}

// TestMarkUnread marks a message as unread, in a browser with and without scripts and as a program. A page that was
// open before does not mark it as read again, whatever it shows later; a page that is opened afterwards does.
func TestMarkUnread(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, ben, carla := s.newUser("Ana"), s.newUser("Ben"), s.newUser("Carla")
		var sent []message
		for i := range 4 {
			sent = append(sent, ana.sendMessage(ben.peerQuery(), fmt.Sprint("line ", i)))
		}
		room := sent[0].Room
		marker := func() int64 {
			return s.count(`SELECT read_seq FROM members WHERE room_id = $1 AND user_id = $2`, room, ben.user.ID)
		}
		read := func(page string, seq int64) {
			t.Helper()
			marks := attr(selectAll(t, parseHTML(t, page), "#unread-marks")[0], "value")
			ben.post("/read", []string{"room", formatID(room), "seq", formatID(seq), "marks", marks}, asHTMX).is(204)
		}
		open := ben.get("/messages?" + ana.peerQuery()).is(200).body
		equal(t, "the marker of a page", marker(), sent[3].Seq)
		ben.post(sent[1].path()+"/unread", nil, asJSON).is(204)
		equal(t, "the marker", marker(), sent[1].Seq-1)
		read(open, ana.sendMessage(ben.peerQuery(), "news").Seq)
		equal(t, "the marker after the open page", marker(), sent[1].Seq-1)
		again := ben.get("/messages?"+ana.peerQuery(), asHTMX).is(200)
		equal(t, "lines before the message", len(selectAll(t, parseHTML(t, again.body), ".unread-divider + #m-2")), 1)
		read(again.body, sent[3].Seq)
		equal(t, "the marker after a new page", marker(), sent[3].Seq)

		contains(t, ben.post(sent[2].path()+"/unread", nil, asHTMX).is(200).header.Get("HX-Location"), `"/chat"`)
		equal(t, "the marker", marker(), sent[2].Seq-1)
		equal(t, "where it leads", ben.post(sent[0].path()+"/unread", nil).is(303).header.Get("Location"), "/chat")
		equal(t, "the marker", marker(), sent[0].Seq-1)
		carla.post(sent[0].path()+"/unread", nil, asJSON).isError(404, "not_found", "")
	})
}
