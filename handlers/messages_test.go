package handlers_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var keyField = regexp.MustCompile(`<input id="key" type="hidden" name="key" value="([^"]*)"`)

// key is the key of the composer in an answer.
func (a *answer) key() string {
	a.t.Helper()
	m := keyField.FindStringSubmatch(a.body)
	if m == nil {
		a.t.Fatalf("no key in\n%s", a.body)
	}
	return m[1]
}

func TestPostingAMessage(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")

	t.Run("by a form", func(t *testing.T) {
		ana, berta := ana.in(t), berta.in(t)
		page := ana.get("/messages?" + berta.with()).is(200)
		page.has(`name="with" value="`+text(berta.user.ID)+`"`, `<textarea`)
		form := []string{"with", text(berta.user.ID), "body", "first line\r\nsecond line", "key", page.key()}
		ana.post("/messages", form).to("/messages?" + berta.with())
		ana.post("/messages", form).to("/messages?" + berta.with()) // the button pressed twice
		berta.get("/messages?"+ana.with()).is(200).has("first line<br>second line", ">Ana<")
		equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 1)
	})

	t.Run("by htmx", func(t *testing.T) {
		ana := ana.in(t)
		key := ana.get("/messages?room=1").key()
		a := ana.post("/messages", []string{"room", "1", "body", "to all", "key", key}, asHTMX).is(200)
		a.has(`<i data-key="`+key+`"`, `<hx-upsert hx-target="[data-place=room-1] #messages:not(:has(#m-`, "to all").lacks("<html", "<form", "<textarea")
		again := ana.post("/messages", []string{"room", "1", "body", "to all", "key", key}, asHTMX).is(200)
		line := regexp.MustCompile(`(?s)<hx-upsert.*</hx-upsert>`)
		equal(t, "the line", line.FindString(again.body), line.FindString(a.body))
	})

	t.Run("by a program", func(t *testing.T) {
		ana, berta := ana.in(t), berta.in(t)
		in := map[string]any{"room": 1, "body": "from a program", "key": "its-own-key"}
		m := decode[message](ana.postJSON("/messages", in).is(201))
		equal(t, "author", m.From.Name, "Ana")
		equal(t, "room", m.Room, 1)
		if at, err := time.Parse(time.RFC3339, m.PostedAt); err != nil || time.Since(at).Abs() > time.Minute {
			t.Fatalf("posted_at %q: %v", m.PostedAt, err)
		}
		again := decode[message](ana.postJSON("/messages", in).is(200))
		equal(t, "the stored message", fmt.Sprint(again), fmt.Sprint(m))
		equal(t, "by its own URL", fmt.Sprint(decode[message](ana.get(m.path(), asJSON).is(200))), fmt.Sprint(m))
		in["room"], in["key"] = "1", "another"
		equal(t, "next seq", decode[message](ana.postJSON("/messages", in).is(201)).Seq, m.Seq+1)
		in["key"] = "its-own-key" // keys are each author's own
		berta.postJSON("/messages", in).is(201)
	})

	t.Run("one's own notes", func(t *testing.T) {
		ana := ana.in(t)
		ana.say(ana.with(), "a note to myself")
		ana.get("/messages?" + ana.with()).is(200).has("a note to myself")
		berta.in(t).get("/messages?" + ana.with()).is(200).lacks("a note to myself")
	})
}

func TestAKeyThatBelongsToAnotherMessage(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	ana.say(berta.with(), "we have talked before")
	ana.postJSON("/messages", map[string]any{"room": 1, "body": "one text", "key": "k"}).is(201)
	other := []string{"room", "1", "body", "another text", "key", "k"}
	ana.post("/messages", other, asJSON).failed(409, "conflict", "key")
	ana.post("/messages", []string{"with", text(berta.user.ID), "body", "one text", "key", "k"}, asJSON).failed(409, "conflict", "key")

	page := ana.post("/messages", other).is(409).has("<!doctype html>", "another text</textarea>", "one text", "send it again")
	ana.post("/messages", other, asHTMX).is(409).has("send it again").lacks("<html", "<textarea")
	if page.key() == "k" {
		t.Fatal("the box kept the key that is taken")
	}
	ana.post("/messages", []string{"room", "1", "body", "another text", "key", page.key()}).is(303)
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 3)
}

func TestTextThatIsRefusedIsKept(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana := s.person("Ana")
	family := "\U0001F468\u200d\U0001F469\u200d\U0001F467\u200d\U0001F466" // one character of 25 bytes
	for name, body := range map[string]string{
		"100,000 bytes":   strings.Repeat("a", 99_990) + "the end...",
		"4001 characters": strings.Repeat("ñ", 4001),
		"4000 families":   strings.Repeat(family, 4000),
	} {
		t.Run(name, func(t *testing.T) {
			ana := ana.in(t)
			ana.post("/messages", []string{"room", "1", "body", body, "key", "mine"}).is(422).has("\n"+body+"</textarea>", "characters. Send it in parts.", `value="mine"`)
			ana.post("/messages", []string{"room", "1", "body", body}, asHTMX).is(422).has("characters. Send it in parts.").lacks("<html", body)
			ana.postJSON("/messages", map[string]any{"room": 1, "body": body}).failed(422, "invalid", "body")
		})
	}
	for _, body := range []string{"", "   ", "\r\n\r\n", "\u00a0\u2003", "a\xffb", "\xc3\x28", "a\x00b", "\xed\xa0\x80"} {
		ana.post("/messages", []string{"room", "1", "body", body}).is(422).has("<textarea")
		ana.post("/messages", []string{"room", "1", "body", body}, asJSON).failed(422, "invalid", "body")
		ana.post("/messages", []string{"room", "1", "body", body}, asHTMX).is(422)
	}
	for _, json := range []string{
		`{"room":1,"body":""}`, `{"room":1}`, `{"room":1,"body":null}`, `{"room":1,"body":"\u0000"}`, "{\"room\":1,\"body\":\"\xff\"}", `{"room":1,"body":5}`,
		`{"room":1,"body":"x"`, `[]`, `"x"`, ``, `{"room":1,"body":"x"} {}`,
	} {
		equal(t, json, ana.postJSON("/messages", json).status, 422)
	}
	for _, key := range []string{strings.Repeat("k", 65), "ñ", "a\nb", "\x00", "\xff"} {
		ana.post("/messages", []string{"room", "1", "body", "x", "key", key}, asJSON).failed(422, "invalid", "key")
	}
	ana.post("/messages", []string{"room", "1", "with", "1", "body", "x"}, asJSON).failed(422, "invalid", "with")
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 0)

	ana.say("room=1", strings.Repeat("ñ", 4000))
	ana.say("room=1", strings.Repeat(family, 600))
	m := ana.say("room=1", "  kept as\r\ntyped\u200b \u202e \n\n")
	equal(t, "the text", m.Body, "  kept as\ntyped\u200b \u202e")
}

func TestTextIsTextAndLinksAreLinks(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana := s.person("Ana")
	body := `<b>bold</b> <img src=x onerror=alert(1)> </li><script>alert(1)</script> hx-get="/x" https://example.org/a?b=1&c="x" javascript:alert(1) {{x}}`
	m := ana.say("room=1", body)
	equal(t, "the text", m.Body, body)
	contains(t, m.HTML, `<a href="https://example.org/a?b=1&amp;c=" rel="nofollow noopener noreferrer" target="_blank">`, "&lt;b&gt;bold")
	page := ana.get("/messages?room=1").is(200).has(m.HTML)
	page.lacks("<b>bold", "<img src", "<script>alert", `href="javascript:`)
	ana.get("/messages/" + text(m.ID)).is(200).has(m.HTML).lacks("<script>alert")
}

func TestWalkingThroughAllOfTheHistory(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	var said []int64
	for i := range 60 {
		author, to := ana, berta
		if i%3 == 0 {
			author, to = berta, ana
		}
		said = append(said, author.say(to.with(), fmt.Sprint("line ", i)).ID)
	}
	room := s.count(`SELECT MAX(id) FROM rooms`)
	for _, start := range []string{"/messages?" + berta.with(), "/messages?limit=7&" + berta.with(), "/messages?limit=1&room=" + text(room), "/messages?limit=200&room=" + text(room), "/messages?limit=99999&" + berta.with()} {
		var walked []int64
		for path := start; path != ""; {
			h := decode[history](ana.get(path, asJSON).is(200))
			var ids []int64
			for i, m := range h.Messages {
				if i > 0 && m.Seq <= h.Messages[i-1].Seq {
					t.Fatalf("%s is out of order", path)
				}
				ids = append(ids, m.ID)
			}
			walked = append(ids, walked...)
			path = h.Next
		}
		if !slices.Equal(walked, said) {
			t.Fatalf("%s walks through %v, not %v", start, walked, said)
		}
	}

	pages, older := 0, regexp.MustCompile(`href="(/messages\?[^"]*before=[^"]*)"`)
	var lines []string
	for path := "/messages?" + berta.with(); path != ""; pages++ {
		page := ana.get(path).is(200).body
		var ids []string
		for _, m := range regexp.MustCompile(`<li id="(m-\d+)"`).FindAllStringSubmatch(page, -1) {
			ids = append(ids, m[1])
		}
		lines = append(ids, lines...)
		if path = ""; older.MatchString(page) {
			path = strings.ReplaceAll(older.FindStringSubmatch(page)[1], "&amp;", "&")
		}
	}
	equal(t, "pages", pages, 2)
	equal(t, "lines", len(lines), 60)
	equal(t, "first", lines[0], "m-1")
	equal(t, "different lines", len(slices.Compact(lines)), 60)
	decode[history](ana.get("/messages?before=1&"+berta.with(), asJSON).is(200))
	ana.get("/messages?before=1&" + berta.with()).is(200)
}

func TestReading(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	var last message
	for range 3 {
		last = ana.say(berta.with(), "read me")
	}
	room := last.Room
	unread := func() int {
		t.Helper()
		for _, p := range decode[overview](berta.get("/chat", asJSON).is(200)).People {
			if p.ID == ana.user.ID {
				return p.Unread
			}
		}
		t.Fatal("Ana is not in the list")
		return 0
	}
	mark := func(seq string, headers ...string) *answer {
		return berta.post("/read", []string{"with", text(ana.user.ID), "seq", seq}, headers...)
	}
	equal(t, "unread", unread(), 3)
	berta.get("/messages?"+ana.with(), asJSON).is(200)
	berta.do(http.MethodHead, "/messages?"+ana.with(), nil).is(200)
	berta.get("/messages?before=3&" + ana.with()).is(200)
	berta.get("/messages/" + text(last.ID)).is(200)
	equal(t, "unread after looking without seeing", unread(), 3)

	mark("1").is(204)
	equal(t, "unread", unread(), 2)
	mark("2", asHTMX).is(204)
	mark("1").is(204) // never back
	mark("0").is(204)
	for _, none := range []string{"-5", "x", ""} {
		mark(none, asJSON).failed(422, "invalid", "seq")
	}
	equal(t, "unread", unread(), 1)
	equal(t, "changes", s.count(`SELECT last_seq FROM rooms WHERE id = $1`, room), last.Seq) // reading takes no seq
	berta.get("/messages?" + ana.with()).is(200).has("Unread from here")
	equal(t, "unread after the page", unread(), 0)
	berta.get("/messages?" + ana.with()).is(200).lacks("Unread from here")

	mark("9223372036854775806").is(204) // never beyond what exists
	ana.say(berta.with(), "one more")
	equal(t, "unread", unread(), 1)
	berta.postJSON("/read", map[string]any{"room": room, "seq": last.Seq + 1}).is(204)
	equal(t, "unread", unread(), 0)
	for range 120 {
		ana.say(berta.with(), "many")
	}
	berta.get("/chat").is(200).has("99+")
	equal(t, "unread, counted up to a bound", unread(), 100)
}
