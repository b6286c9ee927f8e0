package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Media types and the names of their parameters have no case, and their parameters may be quoted (RFC 9110, 8.3.1).
func TestMediaTypesHaveNoCase(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	hook := requestURI(ana.createWebhook(ana.createBot("Builder"), 1).URL)
	parts := "--B\r\nContent-Disposition: Form-Data; Name=\"room\"\r\n\r\n1\r\n" +
		"--B\r\nCONTENT-DISPOSITION: FORM-DATA; NAME=body\r\n\r\nx\r\n--B--\r\n"
	for kind, body := range map[string]string{
		"Application/X-WWW-Form-Urlencoded":                    "room=1&body=x",
		"APPLICATION/X-WWW-FORM-URLENCODED; Charset=\"UTF-8\"": "room=1&body=x",
		"application/x-www-form-urlencoded ;charset":           "room=1&body=x",
		"Application/JSON":                                     `{"room":1,"body":"x"}`,
		"application/json ; CHARSET=utf-8":                     `{"room":1,"body":"x"}`,
		`Multipart/Form-Data; Boundary="B"`:                    parts,
		"MULTIPART/FORM-DATA; BOUNDARY=B":                      parts,
	} {
		for _, path := range []string{"/messages", hook} {
			m := decode[message](ana.do("POST", path, strings.NewReader(body), "Content-Type: "+kind, asJSON).is(201))
			if path == "/messages" || !strings.HasPrefix(body, "room=") { // to a webhook such a form is the text itself
				equal(t, path+" "+kind, m.Body, "x")
			}
		}
	}
	for accept, want := range map[string]string{
		"APPLICATION/JSON": "application/json", "Application/Json; Q=0.9, TEXT/HTML;q=0.1": "application/json",
		`text/plain;x="a,application/json", text/html`: "text/html; charset=utf-8",
		`text/plain;x="\",", application/json`:         "application/json",
	} {
		equal(t, accept, ana.get("/chat", "Accept: "+accept).is(200).header.Get("Content-Type"), want)
	}
}

// Forms and queries are read as browsers and the URL standard do.
func TestFormsFollowTheURLStandard(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	hook := requestURI(ana.createWebhook(ana.createBot("Builder"), 1).URL)
	for text, want := range map[string]string{
		"100% done": "100% done", "fish; chips": "fish; chips", "50%25+off": "50% off", "a%zzb%4": "a%zzb%4", "%": "%",
		"a=b=c": "a=b=c", "caf%C3%A9 %e2%82%ac": "café €", "x;y=1": "x;y=1", "1%2B1%3d2": "1+1=2", "%%41": "%A",
	} {
		for path, body := range map[string]string{"/messages": "room=1&body=" + text, hook: "body=" + text} {
			m := decode[message](ana.do("POST", path, strings.NewReader(body), inForm, asJSON).is(201))
			equal(t, path+" "+body, m.Body, want)
		}
	}
	for _, bad := range []string{"body=%ff", "body=a%00b"} {
		ana.do("POST", "/messages", strings.NewReader("room=1&"+bad), inForm, asJSON).isError(422, "invalid", "body")
		ana.do("POST", hook, strings.NewReader(bad), inForm, asJSON).isError(422, "invalid", "body")
	}
	ana.do("POST", "/messages", strings.NewReader(strings.Repeat("a&", 100_000)), inForm, asJSON).
		isError(422, "invalid", "")
	for query, want := range map[string]string{"100%": "100%", "fish;chips": "fish;chips", "a+b%20c": "a b c"} {
		ana.get("/rooms?q=" + query).is(200).shows("input[name=q][value='" + want + "']")
		f := decode[fileInfo](ana.do("POST", "/files?room=1;&name="+query, strings.NewReader("notes"),
			"Content-Type: text/plain", asJSON).is(201))
		equal(t, query, f.Name, want)
	}
}

// A webhook that gets a form posts the same text as one that gets the text itself, also if the text is not encoded.
func TestWebhookFormsKeepTheWholeText(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	hook := requestURI(ana.createWebhook(ana.createBot("Builder"), 1).URL)
	send := func(body string) *answer { return s.anonymous().do("POST", hook, strings.NewReader(body), inForm) }
	for _, text := range []string{
		"Tom & Jerry", "a=b&c=d", "https://example.org/?a=1&b=2", "done :tada:", "**bold** & 100%", "two\nlines", "ñandú",
	} {
		without, with := decode[message](send(text).is(201)), decode[message](send("body="+text).is(201))
		equal(t, "the text with body=", with.Body, without.Body)
		equal(t, "the HTML with body=", with.HTML, without.HTML)
	}
	without, with := send("").isError(422, "invalid", "body"), send("body=").isError(422, "invalid", "body")
	equal(t, "the error with body=", with.body, without.body)
	equal(t, "a key is no text", decode[message](send("body=x&key=k").is(201)).Body, "x")
	send("body=x&key=k").is(200)
}

func TestByteOrderMarkBeforeJSON(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	hook := requestURI(ana.createWebhook(ana.createBot("Builder"), 1).URL)
	for _, path := range []string{"/messages", hook} {
		m := decode[message](ana.postJSON(path, "\ufeff{\"room\":1,\"body\":\"\ufeffx\"}").is(201))
		equal(t, path, m.Body, "\ufeffx")
	}
	ana.postJSON("/messages", "\ufeff\ufeff{}").isError(422, "invalid", "")
}

// File names of multipart forms decode exactly what browsers encode in them, and downloads name any file correctly.
func TestFileNamesSurviveUploadAndDownload(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	upload := func(parameter string) fileInfo {
		t.Helper()
		body := "--b\r\nContent-Disposition: form-data; name=\"file\"; " + parameter + "\r\n\r\nnotes\r\n--b--\r\n"
		return decode[fileInfo](ana.do("POST", "/files", strings.NewReader(body),
			"Content-Type: multipart/form-data; boundary=b", asJSON).is(201))
	}
	for _, c := range []struct{ parameter, name, disposition string }{
		{`filename="12%22 vinyl.txt"`, `12" vinyl.txt`,
			`attachment; filename="12\" vinyl.txt"; filename*=UTF-8''12%22%20vinyl.txt`},
		{`filename="percent%20.txt"`, "percent%20.txt",
			`attachment; filename=percent_20.txt; filename*=UTF-8''percent%2520.txt`},
		{`filename="a%0D%0Ab%0A.txt"`, "a b .txt", `attachment; filename="a b .txt"`},
		{`filename="filename*%22%0a.txt"`, `filename*"%0a.txt`,
			`attachment; filename="filename*\"_0a.txt"; filename*=UTF-8''filename%2A%22%250a.txt`},
		{`filename="100% %41 %2522.txt"`, "100% %41 %2522.txt",
			`attachment; filename="100_ _41 _2522.txt"; filename*=UTF-8''100%25%20%2541%20%252522.txt`},
		{`filename="año €.txt"`, "año €.txt",
			`attachment; filename="a_o _.txt"; filename*=UTF-8''a%C3%B1o%20%E2%82%AC.txt`},
		{`filename*=UTF-8''12%2522.txt`, "12%22.txt", `attachment; filename=12_22.txt; filename*=UTF-8''12%2522.txt`},
		{`FileName="plain.txt"`, "plain.txt", "attachment; filename=plain.txt"},
		{`filename="it's; (1) [x].txt"`, "it's; (1) [x].txt", `attachment; filename="it's; (1) [x].txt"`},
	} {
		f := upload(c.parameter)
		equal(t, c.parameter, f.Name, c.name)
		equal(t, c.name, ana.get(f.URL).is(200).header.Get("Content-Disposition"), c.disposition)
	}
}

// A Range is defined for GET only. HEAD answers as a GET without it would.
func TestHEADIgnoresRange(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	f := ana.upload("notes.txt", "some notes")
	for _, requested := range []string{"bytes=5-", "bytes=99-", "bytes=0-0"} {
		head := ana.do(http.MethodHead, f.URL, nil, "Range: "+requested).is(200)
		equal(t, "the length", head.header.Get("Content-Length"), "10")
		equal(t, "the range", head.header.Get("Content-Range"), "")
	}
	equal(t, "a GET", ana.get(f.URL, "Range: Bytes=5-").is(206).body, "notes")
}

// A path may have characters percent-encoded that need not be, and a slash at its end.
func TestPathsHaveSeveralForms(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	m := ana.sendMessage("room=1", "x")
	for _, path := range []string{
		"/%63hat", "/chat/", "/c%68at/", "/chat?q=x", "/chat/?q=x", "/rooms/%31", "/rooms/1/", m.path() + "/",
		"/%6Dessages/?room=1", "/healthz/", "/settings/", "/chat//", "/%63%68%61%74///", "/rooms/%31//?x=%2F", "/%72ooms/",
		"/rooms/?q=a%2Fb", "/s%65ttings", "/sessions/", "/%73%65arch/?q=a", "/emoji/?room=1", "/open%61pi.json/",
		"/%66avicon.ico", "/%72obots.txt/", "/manifest%2Ewebmanifest", "/me%2ecss", "/read%79z", m.path() + "?x=%00",
	} {
		ana.get(path).is(200)
		equal(t, "HEAD "+path, ana.do(http.MethodHead, path, nil).status, 200)
	}
	for _, path := range []string{"/.well%2Dknown/change-password", "/%2Ewell-known/change-password/"} {
		ana.get(path).is(302)
	}
	ana.get("/messages/?room=1&limit=x", asJSON).isError(422, "invalid", "limit") // the query is kept
	ana.post("/messages/", []string{"room", "1", "body", "with a slash"}, asJSON).is(201)
	ana.post("/%6dessages", []string{"room", "1", "body", "encoded"}, asJSON).is(201)
	s.anonymous().get("/%63hat/?q=x").redirectsTo("/login?" + url.Values{"next": {"/chat?q=x"}}.Encode())
	for _, path := range []string{
		"//chat", "//chat/", "//example.org/", "//example.org/chat/", "/%2fexample.org/", "/\\example.org/", "/rooms%2f1",
		"/rooms/1%00", "/chat%20", "/./chat", "/static/..%2fgo.mod", "/chat/.", "/chat/..", "/../chat", "/%2e/chat", "/x/../chat",
		"/%2e%2e/chat", "/chat%2F", "/chat%2f/", "/%2Fchat", "/%5Cchat", "/rooms/1%2F", "/rooms/%2531", "/%2563hat", "/chat%00",
		"/%00", "/rooms/%00", "/chat%3Fq=x", "/chat%23x", "/chat;x", "/chat%3Bx", "/CHAT", "/chat/%C3%B1", "/%C3%B1",
		"/rooms/%D9%A1", "/rooms/%EF%BC%91", "/rooms/%2B1", "/rooms/1%20", "/rooms/%FF", "/static/%2e%2e/go.mod", "/static/",
	} {
		equal(t, "HEAD "+path, ana.do(http.MethodHead, path, nil, asJSON).status, 404)
		if a := ana.post(path, nil, asJSON); a.status != 404 && a.status != 405 || a.header.Get("Location") != "" {
			t.Errorf("POST %s: %d %s", path, a.status, a.header.Get("Location"))
		}
		a := ana.get(path, asJSON).is(404)
		equal(t, path, a.header.Get("Location"), "")
	}
}
