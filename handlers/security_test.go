package handlers_test

import (
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"charla/db/dbtest"
)

func withHTTPS(c *serverOptions) { c.BaseURL = &url.URL{Scheme: "https", Host: "chat.example.org"} }

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	ana.sendMessage("room=1", "hello")
	nonces := map[string]bool{}
	for path, b := range map[string]*client{
		"/login": s.anonymous(), "/register": s.anonymous(), "/chat": ana, "/messages?room=1": ana, "/messages/1": ana,
		"/settings": ana, "/settings/delete": ana, "/nowhere": ana, "/chat?x": s.anonymous(), "/chat?q=a": ana,
		"/messages?room=1&before=9": ana, "/healthz": s.anonymous(), "/me.css": ana, "/messages?with=x": ana,
	} {
		for range 2 {
			a := b.get(path)
			policy := a.header.Get("Content-Security-Policy")
			contains(t, policy, "default-src 'none'", "script-src 'nonce-", "style-src 'self'", "connect-src 'self'",
				"frame-ancestors 'self'", "base-uri 'none'", "form-action 'self'", "require-trusted-types-for 'script'")
			lacks(t, policy, "unsafe", "*", "http")
			nonce := regexp.MustCompile(`'nonce-([^']+)'`).FindStringSubmatch(policy)[1]
			if len(nonce) < 22 || nonces[nonce] {
				t.Errorf("%s: the nonce %s is short or was used before", path, nonce)
			}
			nonces[nonce] = true
			page := parseHTML(t, a.body)
			for _, script := range selectAll(t, page, "script") {
				equal(t, "the nonce of a script", attr(script, "nonce"), nonce)
			}
			for _, body := range selectAll(t, page, `[hx-nonce\:inherited]`) {
				equal(t, "the nonce for htmx", attr(body, "hx-nonce:inherited"), nonce)
			}
			a.hides("style").hides("[style]").hides("[onclick]")
			equal(t, "nosniff", a.header.Get("X-Content-Type-Options"), "nosniff")
			equal(t, "frames", a.header.Get("X-Frame-Options"), "SAMEORIGIN")
			equal(t, "opener", a.header.Get("Cross-Origin-Opener-Policy"), "same-origin")
			equal(t, "resource", a.header.Get("Cross-Origin-Resource-Policy"), "same-origin")
			equal(t, "HSTS on plain http", a.header.Get("Strict-Transport-Security"), "")
			if a.header.Get("Referrer-Policy") == "" || a.header.Get("Permissions-Policy") == "" {
				t.Errorf("%s: Referrer-Policy or Permissions-Policy is missing: %v", path, a.header)
			}
			if path != "/healthz" {
				contains(t, a.header.Get("Cache-Control"), "no-store")
				contains(t, strings.Join(a.header.Values("Vary"), ", "), "Cookie", "Accept", "Accept-Language",
					"HX-Request")
			}
		}
	}
	secure := openSQLite(t, withHTTPS).anonymous().get("/login")
	contains(t, secure.header.Get("Strict-Transport-Security"), "max-age=31536000; includeSubDomains")
}

func TestCookies(t *testing.T) {
	t.Parallel()
	register := []string{"name", "Somebody", "email", "somebody@example.org", "password", testPassword}
	flags := func(a *answer) map[string]*http.Cookie {
		found := map[string]*http.Cookie{}
		for _, c := range (&http.Response{Header: a.header}).Cookies() {
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("unsafe cookie: %v", c)
			}
			found[c.Name] = c
		}
		return found
	}
	plain := flags(openSQLite(t).anonymous().post("/register", register).is(303))
	if c := plain["charla"]; c == nil || c.Secure || len(c.Value) < 43 {
		t.Errorf("over http: %v", plain)
	}
	equal(t, "cookies over http", len(plain), 2)
	for name, c := range plain {
		isUnreadable(t, name, c.Value)
	}
	s := openSQLite(t, withHTTPS)
	b := s.anonymous()
	secure := flags(b.post("/register", register).is(303))
	if c := secure["__Host-charla"]; c == nil || !c.Secure || secure["charla"] != nil {
		t.Errorf("over https: %v", secure)
	}
	for name, c := range secure {
		if !strings.HasPrefix(name, "__Host-") || !c.Secure {
			t.Errorf("over https another host could set the cookie %v", c)
		}
		isUnreadable(t, name, c.Value)
	}
	b.get("/chat").is(200)
	kept := b.cookies["__Host-charla"]
	out := b.post("/logout", nil).is(303)
	if c := flags(out)["__Host-charla"]; c == nil || c.MaxAge >= 0 || !c.Secure {
		t.Errorf("the cookie after log-out: %v", c)
	}
	contains(t, out.header.Get("Clear-Site-Data"), `"storage"`)
	plainName := s.anonymous()
	plainName.cookies["charla"] = kept
	plainName.get("/chat").is(303)
}

// isUnreadable fails the test if a cookie contains the e-mail address or the name of its owner, somebody@example.org,
// also if the address stands inside of base64. The name is too long to occur in random text.
func isUnreadable(t *testing.T, name, value string) {
	t.Helper()
	for depth := 0; depth < 3; depth++ {
		if text := strings.ToLower(value); strings.Contains(text, "somebody") || strings.Contains(text, "example") {
			t.Errorf("the cookie %s contains the address: %q", name, value)
		}
		raw, err := base64.URLEncoding.DecodeString(value)
		if err != nil {
			return
		}
		value = string(raw)
		if parts := strings.SplitN(value, "|", 3); len(parts) == 3 { // date, value and signature
			value = parts[1]
		}
	}
}

func TestCrossSiteRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, func(c *serverOptions) { c.BaseURL = &url.URL{Scheme: "http", Host: "chat.example.org"} })
	s.anonymous().register("Ana", "ana@example.org")
	ana := s.anonymous()
	ana.logIn("ana@example.org", testPassword).is(303)
	posts := map[string][]string{
		"/messages":             {"room", "1", "body", "forged"},
		"/read":                 {"room", "1", "seq", "1"},
		"/messages/1/edit":      {"body", "forged"},
		"/messages/1/delete":    nil,
		"/messages/1/reactions": {"emoji", "👍"},
		"/settings":             {"theme", "dark", "locale", "es"},
		"/logout":               nil,
		"/login":                {"email", "ana@example.org", "password", testPassword},
		"/register":             {"name", "Forged", "email", "forged@example.org", "password", testPassword},
	}
	for path, form := range posts {
		for _, from := range [][]string{
			{"Sec-Fetch-Site: cross-site"}, {"Sec-Fetch-Site: same-site"}, {"Origin: null"},
			{"Sec-Fetch-Site: cross-site", "Origin: https://evil.example"}, {"Origin: https://evil.example"},
			{"Origin: http://chat.example.org.evil.example"}, {"Origin: http://sub.chat.example.org"},
		} {
			a := ana.post(path, form, from...).is(403)
			equal(t, "cookies set by "+path, len(a.header.Values("Set-Cookie")), 0)
			ana.post(path, form, append(from, asJSON)...).isError(403, "forbidden", "")
		}
	}
	ana.get("/chat").is(200)
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 0)
	equal(t, "users", s.count(`SELECT COUNT(*) FROM users`), 1)
	equal(t, "themes", s.count(`SELECT COUNT(*) FROM users WHERE theme <> ''`), 0)
	equal(t, "ended sessions", s.count(`SELECT COUNT(*) FROM sessions WHERE ended_at > 0`), 0)
	for _, from := range [][]string{
		nil, {"Sec-Fetch-Site: same-origin"}, {"Sec-Fetch-Site: none"}, {"Origin: " + s.URL}, {"Origin: http://chat.example.org"},
	} {
		ana.post("/messages", []string{"room", "1", "body", "honest"}, from...).is(303)
	}
	ana.get("/chat", "Sec-Fetch-Site: cross-site").is(200) // a link on another site
}

// getGzipped asks for gzip and returns the answer and its unpacked body.
func (b *client) getGzipped(path string) (*answer, string) {
	b.t.Helper()
	a := b.get(path, "Accept-Encoding: gzip")
	if a.header.Get("Content-Encoding") != "gzip" {
		return a, a.body
	}
	unpacked, err := gzip.NewReader(strings.NewReader(a.body))
	if err != nil {
		b.t.Fatal(err)
	}
	text, err := io.ReadAll(unpacked)
	if err != nil {
		b.t.Fatal(err)
	}
	return a, string(text)
}

func TestCompressionAndCaching(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	for _, path := range []string{"/chat", "/messages?room=1", "/settings"} {
		a, page := ana.getGzipped(path)
		equal(t, path+" Content-Encoding", a.header.Get("Content-Encoding"), "gzip")
		contains(t, strings.Join(a.header.Values("Vary"), ", "), "Accept-Encoding")
		contains(t, page, "</html>")
		for _, e := range selectAll(t, parseHTML(t, page), "[src^='/static/'],[href^='/static/']") {
			url := attr(e, "src") + attr(e, "href")
			file, content := s.anonymous().getGzipped(url)
			file.is(200)
			equal(t, url, file.header.Get("Cache-Control"), "public, max-age=31536000, immutable")
			if !strings.HasSuffix(url, ".png") { // compressed already
				equal(t, url, file.header.Get("Content-Encoding"), "gzip")
			}
			equal(t, url, file.header.Get("X-Content-Type-Options"), "nosniff")
			equal(t, "cookies with "+url, len(file.header.Values("Set-Cookie")), 0)
			plain := s.anonymous().do(http.MethodGet, url, nil, "Accept-Encoding: identity").body
			equal(t, url+" without compression", plain, content)
		}
	}
	a := ana.get("/me.css").is(200)
	contains(t, a.header.Get("Cache-Control"), "private", "no-store")
	contains(t, a.body, ".by-"+formatID(ana.user.ID)+"{")
	equal(t, "anonymous", s.anonymous().get("/me.css").body, "")
}

func TestPanicAnswers500(t *testing.T) {
	t.Parallel()
	s := openSQLite(t,
		func(c *serverOptions) { c.Ping = func(context.Context) error { panic("a secret of the stack") } })
	page := s.anonymous().get("/readyz").is(500)
	page.isPage().has(page.header.Get("X-Request-Id")).lacks("secret", "goroutine")
	s.anonymous().get("/readyz", asJSON).isError(500, "internal", "").lacks("secret")
	s.anonymous().get("/login").is(200)
	if len(page.header.Get("X-Request-Id")) < 16 {
		t.Errorf("request id %q", page.header.Get("X-Request-Id"))
	}
}

func TestDatabaseUnavailable(t *testing.T) {
	t.Parallel()
	server := dbtest.NewServer(t)
	s := openPostgres(t, server.URL("postgres"))
	ana := s.newUser("Ana")
	ana.get("/readyz").is(200)
	kept := ana.sendMessage("room=1", "before")
	server.Stop(t)
	retry := func(a *answer) *answer {
		t.Helper()
		a.is(503)
		if a.header.Get("Retry-After") == "" {
			t.Errorf("503 without Retry-After: %v", a.header)
		}
		return a
	}
	form := []string{"room", "1", "body", "my <precious> text", "key", "precious"}
	retry(ana.get("/readyz"))
	ana.get("/healthz").is(200)
	s.anonymous().get("/login").is(200)
	for _, path := range []string{"/chat", "/messages?room=1", "/messages/1", "/messages/live?room=1", "/events?room=1", "/settings"} {
		retry(ana.get(path)).has("available right now")
		retry(ana.get(path, asJSON)).isError(503, "unavailable", "")
	}
	page := retry(ana.post("/messages", form)).has("available right now")
	page.shows("textarea", "my <precious> text").shows("[name=room][value='1']")
	equal(t, "the key", page.composerKey(), "precious")
	retry(ana.post("/messages", form, asHTMX)).has("available right now").isFragment().hides("textarea")
	retry(ana.post("/messages", form, asJSON)).isError(503, "unavailable", "")
	retry(ana.postQueue(t, queuedEntries{{"message-PAGE-0", queued{"place": "room-1", "body": "waits"}}}, nil))
	retry(ana.post("/drafts", form)).shows("textarea", "my <precious> text").shows("[name=room][value='1']")
	retry(ana.post("/messages/1/edit", form)).has("available right now").
		shows("form[action='/messages/1/edit'] textarea", "my <precious> text")
	retry(s.anonymous().logIn("ana@example.org", testPassword))
	retry(s.anonymous().post("/register", []string{"name", "B", "email", "b@example.org", "password", testPassword}))

	server.Start(t)
	eventually(t, "Charla to be ready again", func() bool { return ana.get("/readyz").status == 200 })
	ana.post("/messages", form).redirectsTo("/messages?room=1")
	h := decode[historyInfo](ana.get("/messages?room=1", asJSON).is(200))
	equal(t, "messages", len(h.Messages), 2)
	equal(t, "the first", fmt.Sprint(h.Messages[0]), fmt.Sprint(kept))
	equal(t, "the second", h.Messages[1].Body, "my <precious> text")
}
