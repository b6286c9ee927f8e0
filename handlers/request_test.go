package handlers_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// A wrong number must be refused: if it counted as missing, the answer would be another part of the list.
func TestQueryNumbersAreChecked(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	admin := s.newUser("Admin")
	admin.sendMessage("room=1", "one")
	admin.sendMessage("room=1", "two")
	lists := map[string][]string{
		"/messages?room=1":                 {"before", "after", "changed_after", "limit"},
		"/messages?room=1&changed_after=0": {"as_of"},
		"/chat?q=a":                        {"after"},
		"/chat?":                           {"after"},
		"/conversations?":                  {"after"},
		"/rooms?":                          {"after"},
		"/rooms/1?":                        {"after"},
		"/people?":                         {"after"},
		"/emoji?":                          {"group", "tone"},
		"/sound?room=1":                    {"seq"},
	}
	for list, fields := range lists {
		for _, field := range fields {
			for _, wrong := range []string{"abc", "-1", "+1", "1.5", "1e3", " 5", "5 ", "0x10", "null", "٣", "1,2", "99999999999999999999", "9223372036854775807", "5\x00"} {
				path := list + "&" + field + "=" + url.QueryEscape(wrong)
				admin.get(path, asJSON).isError(422, "invalid", field)
			}
			for _, none := range []string{"", "0"} {
				if a := admin.get(list+"&"+field+"="+none, asJSON); a.status >= 300 {
					t.Errorf("%s %s=%q: %d", list, field, none, a.status)
				}
			}
		}
	}
	admin.get("/messages?room=1&limit=x").is(422).has("Must be 0 or more.")
	admin.get("/messages?room=99&limit=x", asJSON).isError(404, "not_found", "")
	equal(t, "with a high limit", len(decode[historyInfo](admin.get("/messages?room=1&limit=1000", asJSON)).Messages),
		2)
	admin.listen("/events?room=1&after=abc").waitForNamed("resync")
}

// A program that sends a field of the wrong type learns which field it is.
func TestWrongJSONTypeNamesTheField(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	m := ana.sendMessage("room=1", "one")
	for _, c := range []struct{ method, path, body, field string }{
		{"POST", "/messages", `{"room":1,"body":5}`, "body"},
		{"POST", "/messages", `{"room":1,"body":"x","key":[]}`, "key"},
		{"POST", "/messages", `{"room":1,"body":"x","file":"7"}`, "file"},
		{"PUT", m.path(), `{"body":{}}`, "body"},
		{"PUT", m.path(), `{"files":[{"id":1,"alt":2}]}`, "files"},
		{"POST", m.path() + "/reactions", `{"emoji":true}`, "emoji"},
		{"POST", m.path() + "/reactions", `{"emoji":"👍","mine":"yes"}`, "mine"},
		{"POST", "/settings", `{"sound":"loud"}`, "sound"},
		{"POST", "/login", `{"email":1}`, "email"},
		{"POST", "/tokens/refresh", `{"refresh_token":1}`, "refresh_token"},
		{"POST", "/messages", `[]`, ""},
		{"POST", "/messages", `{"room":1,"body":"x"`, ""},
	} {
		ana.do(c.method, c.path, strings.NewReader(c.body), inJSON, asJSON).isError(422, "invalid", c.field)
	}
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 1)
}

// HEAD must answer like GET, also to anonymous clients and to htmx, which is redirected by a header.
func TestAnonymousHEADMatchesGET(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	for _, l := range routeCases {
		method, path, _ := strings.Cut(l.route, " ")
		if method != http.MethodGet || l.streams {
			continue
		}
		for _, as := range [][]string{nil, {asHTMX}, {asJSON}} {
			get, head := s.anonymous().get(path, as...), s.anonymous().do(http.MethodHead, path, nil, as...)
			for _, name := range []string{"Location", "HX-Redirect", "Content-Type"} {
				equal(t, path+" "+name, head.header.Get(name), get.header.Get(name))
			}
			equal(t, path, head.status, get.status)
		}
	}
}

// A missing asset gets an error in the format of the request, like everything else that is missing.
func TestMissingAssetIsAnOrdinary404(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	for _, path := range []string{"/static/", "/static/nothing.css", "/static/..%2fgo.mod"} {
		s.anonymous().get(path, asJSON).isError(404, "not_found", "")
		s.anonymous().get(path).is(404).isPage()
	}
}

// A request whose client has disconnected must not look like a failure of the database in the log or the metrics.
func TestClientGoneIsNotAFailure(t *testing.T) {
	t.Parallel()
	o := &requestObserver{}
	s := openSQLite(t, func(c *serverOptions) { c.ObserveRequest = o.note })
	ana := s.newUser("Ana")
	before := len(o.all())
	ctx, leave := context.WithCancel(t.Context())
	leave()
	s.handler.ServeHTTP(httptest.NewRecorder(), ana.request(http.MethodGet, "/chat", nil).WithContext(ctx))
	equal(t, "status", o.last(t, before).status, 499)
	ana.get("/chat").is(200)
}

// An alt text is validated like the text of a message.
func TestAltTextIsChecked(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana := s.newUser("Ana")
		f := ana.upload("x", "some notes")
		for _, no := range []string{"a\x00b", "a\xffb"} {
			ana.post(f.URL, []string{"alt", no}, asJSON).isError(422, "invalid", "alt")
			ana.postParts("/files", []string{"alt", no, "<y", "more"}, asJSON).isError(422, "invalid", "alt")
		}
		ana.post(f.URL, []string{"alt", "a \u202e cat"}, asJSON).is(204)
		m := decode[message](ana.post("/messages", []string{"room", "1", "file", formatID(f.ID)}, asJSON).is(201))
		ana.post(m.path()+"/edit", []string{"alt-" + formatID(f.ID), "a\x00b"}, asJSON).isError(422, "invalid", "alt")
		equal(t, "alt text", decode[message](ana.get(m.path(), asJSON)).Files[0].Alt, "a cat")
	})
}

// Renaming a bot must not make it look like a person.
func TestRenamedBotIsStillABot(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	bot := s.newUser("Ana").createBot("Weather")
	contains(t, bot.post("/settings/name", []string{"name", "Rain"}, asJSON).is(200).body, `"name":"Rain"`,
		`"bot":true`)
}

// A program that sends no Accept header, as curl does, must get its errors as JSON, because it cannot use a page.
func TestTokenRequestsGetJSONErrors(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	m := ana.sendMessage("room=1", "one")
	program := ana.newProgram(t)
	for _, accepts := range []string{"Accept: */*", "Accept: text/event-stream", "X: none"} {
		for _, c := range []struct {
			path  string
			form  []string
			field string
		}{
			{"/messages", []string{"room", "1"}, "body"},
			{m.path() + "/edit", []string{"body", ""}, "body"},
			{m.path() + "/reactions", []string{"emoji", "x"}, "emoji"},
			{"/emoji", []string{"emoji", "x", "room", "1"}, "emoji"},
			{"/drafts", []string{"room", "1", "body", "\xff"}, "body"},
			{"/files?room=1", nil, "file"},
			{"/rooms", []string{"name", "", "access", "open"}, "name"},
			{"/bots", []string{"name", ""}, "name"},
			{"/settings", []string{"theme", "plaid"}, "theme"},
			{"/settings/name", []string{"name", ""}, "name"},
			{"/settings/avatar", nil, "file"},
			{"/settings/password", []string{"current", "wrong", "password", "x"}, "current"},
			{"/settings/delete", []string{"current", "wrong", "messages", "x"}, "messages"},
		} {
			program.post(c.path, c.form, accepts).isError(422, "invalid", c.field)
		}
		program.post("/login", []string{"email", "x", "password", "y"}, accepts).isError(401, "unauthenticated", "")
		program.get("/nothing", accepts).isError(404, "not_found", "")
	}
	program.post("/messages", []string{"room", "1"}, "Accept: text/html").is(422).isPage()
	program.withToken(t, "bad").get("/chat", "Accept: text/html").isError(401, "unauthenticated", "")
	ana.post("/messages", []string{"room", "1"}).is(422).isPage()
	ana.do("POST", "/messages", strings.NewReader(`{"room":1}`), inJSON).isError(422, "invalid", "body")
	s.anonymous().post("/tokens", nil, "Accept: text/html").isError(401, "unauthenticated", "")
}

// Pages and JSON are compressed as the client prefers, and are the same in every encoding.
func TestAcceptEncodingIsRespected(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	for encodings, want := range map[string]string{
		"gzip": "gzip", "br, gzip;q=0.5": "gzip", "gzip;q=0": "", "identity": "", "br": "", "gzip;q=0, *;q=0": "",
		"gzip, deflate, br, zstd": "zstd", "zstd;q=0.5, gzip": "gzip", "Zstd": "zstd",
	} {
		for _, path := range []string{"/messages?room=1", "/openapi.json"} {
			accept := "Accept-Encoding: " + encodings
			plain, a := ana.get(path, "Accept-Encoding: identity").is(200), ana.get(path, accept).is(200)
			equal(t, encodings, a.header.Get("Content-Encoding"), want)
			contains(t, strings.Join(a.header.Values("Vary"), ", "), "Accept-Encoding")
			contains(t, strings.Join(plain.header.Values("Vary"), ", "), "Accept-Encoding")
			if want != "" {
				equal(t, "the length", a.header.Get("Content-Length"), fmt.Sprint(len(a.body)))
			}
			if want != "" && len(a.body) > len(plain.body)/2 {
				t.Errorf("%s in %q has %d bytes of %d", path, encodings, len(a.body), len(plain.body))
			}
			head := ana.do(http.MethodHead, path, nil, accept).is(200)
			equal(t, "Content-Encoding of HEAD", head.header.Get("Content-Encoding"), want)
			if path == "/openapi.json" {
				equal(t, "the content in "+encodings, decompress(t, want, a.body), plain.body)
			}
		}
	}
	small := ana.get("/rooms?q=nothing", asJSON, "Accept-Encoding: zstd").is(200)
	equal(t, "a small answer", small.header.Get("Content-Encoding")+small.body, "{\"rooms\":[]}\n")
	ana.get("/messages?room=99", "Accept-Encoding: zstd").is(404)
	ana.post("/read", []string{"room", "1", "seq", "0"}, "Accept-Encoding: zstd, gzip").is(204)
	ana.get("/", "Accept-Encoding: gzip").redirectsTo("/chat")
	equal(t, "a stream", ana.listen("/events?room=1", "Accept-Encoding: gzip, zstd").header.Get("Content-Encoding"), "")
}

// Files at known paths answer conditional requests too.
func TestKnownFilesAreNotSentTwice(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	for _, path := range []string{"/favicon.ico", "/robots.txt"} {
		a := s.anonymous().get(path).is(200)
		again := s.anonymous().get(path, `If-None-Match: "x", W/`+a.header.Get("ETag")).is(304)
		equal(t, path, again.body+again.header.Get("Cache-Control"), a.header.Get("Cache-Control"))
	}
}

// decompress returns a body without its content coding.
func decompress(t *testing.T, encoding, body string) string {
	t.Helper()
	reader, err := io.Reader(strings.NewReader(body)), error(nil)
	switch encoding {
	case "gzip":
		reader, err = gzip.NewReader(reader)
	case "zstd":
		reader, err = zstd.NewReader(reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
