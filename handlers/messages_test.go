package handlers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// composerKey returns the key of the composer in an answer.
func (a *answer) composerKey() string {
	a.t.Helper()
	return a.attr("input#message-key[name=key]", "value")
}

func TestPostingAMessage(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")

	t.Run("by a form", func(t *testing.T) {
		ana, berta := ana.withT(t), berta.withT(t)
		page := ana.get("/messages?" + berta.peerQuery()).is(200)
		page.shows(fmt.Sprintf("input[name=with][value='%d']", berta.user.ID)).shows("textarea")
		form := []string{
			"with", formatID(berta.user.ID), "body", "first line\r\nsecond line", "key", page.composerKey(),
		}
		ana.post("/messages", form).redirectsTo("/messages?" + berta.peerQuery())
		ana.post("/messages", form).redirectsTo("/messages?" + berta.peerQuery()) // a double click
		berta.get("/messages?"+ana.peerQuery()).is(200).shows("#messages li", "first line\nsecond line", "Ana")
		equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 1)
	})

	t.Run("by htmx", func(t *testing.T) {
		ana := ana.withT(t)
		key := ana.get("/messages?room=1").composerKey()
		a := ana.post("/messages", []string{"room", "1", "body", "to all", "key", key}, asHTMX).is(200)
		a.isFragment().hides("form").hides("textarea")
		a.shows("hx-upsert[hx-target^='[data-place=room-1] #scroller'] > li", "to all")
		again := ana.post("/messages", []string{"room", "1", "body", "to all", "key", key}, asHTMX).is(200)
		equal(t, "the message", again.attr("hx-upsert > li", "id"), a.attr("hx-upsert > li", "id"))
	})

	t.Run("by a program", func(t *testing.T) {
		ana, berta := ana.withT(t), berta.withT(t)
		in := map[string]any{"room": 1, "body": "from a program", "key": "its-own-key"}
		m := decode[message](ana.postJSON("/messages", in).is(201))
		equal(t, "author", m.From.Name, "Ana")
		equal(t, "room", m.Room, 1)
		if at, err := time.Parse(time.RFC3339, m.PostedAt); err != nil || time.Since(at).Abs() > time.Minute {
			t.Fatalf("posted_at %q: %v", m.PostedAt, err)
		}
		again := decode[message](ana.postJSON("/messages", in).is(200))
		equal(t, "the stored message", fmt.Sprint(again), fmt.Sprint(m))
		equal(t, "the message by its URL", fmt.Sprint(ana.readMessage(m)), fmt.Sprint(m))
		in["room"], in["key"] = "1", "another"
		equal(t, "next seq", decode[message](ana.postJSON("/messages", in).is(201)).Seq, m.Seq+1)
		in["key"] = "its-own-key" // two authors may use the same key
		berta.postJSON("/messages", in).is(201)
	})

	t.Run("notes to oneself", func(t *testing.T) {
		ana := ana.withT(t)
		ana.sendMessage(ana.peerQuery(), "a note to myself")
		ana.get("/messages?" + ana.peerQuery()).is(200).has("a note to myself")
		berta.withT(t).get("/messages?" + ana.peerQuery()).is(200).lacks("a note to myself")
	})
}

func TestKeyConflict(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	ana.sendMessage(berta.peerQuery(), "we have talked before")
	ana.postJSON("/messages", map[string]any{"room": 1, "body": "one text", "key": "k"}).is(201)
	other := []string{"room", "1", "body", "another text", "key", "k"}
	ana.post("/messages", other, asJSON).isError(409, "conflict", "key")
	ana.post("/messages", []string{"with", formatID(berta.user.ID), "body", "one text", "key", "k"}, asJSON).
		isError(409, "conflict", "key")

	page := ana.post("/messages", other).is(409).isPage().shows("textarea", "another text").
		has("one text", "send it again")
	ana.post("/messages", other, asHTMX).is(409).has("send it again").isFragment().hides("textarea")
	if page.composerKey() == "k" {
		t.Fatal("the composer kept the key of another message")
	}
	ana.post("/messages", []string{"room", "1", "body", "another text", "key", page.composerKey()}).is(303)
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 3)
}

func TestRefusedTextIsShownAgain(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	family := "\U0001F468\u200d\U0001F469\u200d\U0001F467\u200d\U0001F466" // one character of 25 bytes
	for name, body := range map[string]string{
		"100,000 bytes":   strings.Repeat("a", 99_990) + "the end...",
		"4001 characters": strings.Repeat("ñ", 4001),
		"4000 families":   strings.Repeat(family, 4000),
	} {
		t.Run(name, func(t *testing.T) {
			ana := ana.withT(t)
			page := ana.post("/messages", []string{"room", "1", "body", body, "key", "mine"}).is(422)
			page.shows("textarea", body).has("characters. Send it in parts.")
			equal(t, "the key", page.composerKey(), "mine")
			ana.post("/messages", []string{"room", "1", "body", body}, asHTMX).is(422).isFragment().
				has("characters. Send it in parts.").lacks(body)
			ana.postJSON("/messages", map[string]any{"room": 1, "body": body}).isError(422, "invalid", "body")
		})
	}
	for _, body := range []string{"", "   ", "\r\n\r\n", "\u00a0\u2003", "a\xffb", "\xc3\x28", "a\x00b", "\xed\xa0\x80"} {
		ana.post("/messages", []string{"room", "1", "body", body}).is(422).shows("textarea")
		ana.post("/messages", []string{"room", "1", "body", body}, asJSON).isError(422, "invalid", "body")
		ana.post("/messages", []string{"room", "1", "body", body}, asHTMX).is(422)
	}
	for _, json := range []string{
		`{"room":1,"body":""}`, `{"room":1}`, `{"room":1,"body":null}`, `{"room":1,"body":"\u0000"}`, "{\"room\":1,\"body\":\"\xff\"}", `{"room":1,"body":5}`,
		`{"room":1,"body":"x"`, `[]`, `"x"`, ``, `{"room":1,"body":"x"} {}`,
	} {
		equal(t, json, ana.postJSON("/messages", json).status, 422)
	}
	for _, key := range []string{strings.Repeat("k", 65), "ñ", "a\nb", "\x00", "\xff"} {
		ana.post("/messages", []string{"room", "1", "body", "x", "key", key}, asJSON).isError(422, "invalid", "key")
	}
	ana.post("/messages", []string{"room", "1", "with", "1", "body", "x"}, asJSON).isError(422, "invalid", "with")
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 0)

	ana.sendMessage("room=1", strings.Repeat("ñ", 4000))
	ana.sendMessage("room=1", strings.Repeat(family, 600))
	m := ana.sendMessage("room=1", "  kept as\r\ntyped\u200b \u202e \n\n")
	equal(t, "the text", m.Body, "  kept as\ntyped\u200b \u202e")
}

func TestMessageTextIsEscapedAndLinked(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	body := `<b>bold</b> <img src=x onerror=alert(1)> </li><script>alert(1)</script> hx-get="/x" ` +
		`https://example.org/a?b=1&c="x" javascript:alert(1) {{x}}`
	m := ana.sendMessage("room=1", body)
	equal(t, "the text", m.Body, body)
	shows(t, m.HTML, "a[href='https://example.org/a?b=1&c='][rel='nofollow noopener noreferrer'][target=_blank]")
	for _, path := range []string{"/messages?room=1", m.path()} {
		page := ana.get(path).is(200).has(m.HTML, "&lt;b&gt;bold").lacks("<script>alert")
		page.hides("b", "bold").hides("img[src=x]").hides("[href^='javascript:']")
	}
}
