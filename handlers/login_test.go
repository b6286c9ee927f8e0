package handlers_test

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"charla/handlers/web"
)

func (b *client) logIn(email, password string, headers ...string) *answer {
	b.t.Helper()
	return b.post("/login", []string{"email", email, "password", password}, headers...)
}

func TestLogInAndOut(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.anonymous().register("Ana", "ana@example.org")

	t.Run("the session id changes at log-in, and the old one ends", func(t *testing.T) {
		planted := s.anonymous().withT(t)
		planted.cookies["charla"] = "chosen-by-somebody-else"
		planted.logIn("ana@example.org", testPassword).redirectsTo("/chat")
		if planted.cookies["charla"] == "chosen-by-somebody-else" {
			t.Fatal("the planted session id is in use")
		}
		old := planted.clone()
		old.get("/chat").is(200)
		planted.logIn("ANA@example.org", testPassword).redirectsTo("/chat")
		if planted.cookies["charla"] == old.cookies["charla"] {
			t.Fatal("the session id did not change")
		}
		planted.get("/chat").is(200)
		old.get("/chat").redirectsTo("/login?next=%2Fchat")
		planted.cookies["charla"] = "chosen-by-somebody-else"
		planted.get("/chat").is(303)
	})

	t.Run("a changed session id is refused", func(t *testing.T) {
		b := s.anonymous().withT(t)
		b.logIn("ana@example.org", testPassword).is(303)
		token := b.cookies["charla"]
		for i := range token {
			flipped := b.clone()
			flipped.cookies["charla"] = token[:i] + string(token[i]^1) + token[i+1:]
			flipped.get("/chat", asJSON).isError(401, "unauthenticated", "")
		}
		for _, cookie := range []string{"", "x", strings.Repeat("A", 16<<10), "%00", token + "A"} {
			b.cookies["charla"] = cookie
			b.get("/chat").is(303)
		}
	})

	t.Run("log-out ends the session, also for a copy of the cookie", func(t *testing.T) {
		b := s.anonymous().withT(t)
		b.logIn("ana@example.org", testPassword).is(303)
		kept := b.clone()
		kept.get("/chat").is(200)
		b.post("/logout", nil).redirectsTo("/login")
		equal(t, "cookies", b.cookies["charla"], "")
		kept.get("/chat").redirectsTo("/login?next=%2Fchat")
		kept.get("/events").is(200).has("event: logout\n", "event: bye\n")
		kept.post("/messages", []string{"room", "1", "body", "x"}, asJSON).isError(401, "unauthenticated", "")
		kept.post("/messages", []string{"room", "1", "body", "x"}, asHTMX).is(401).has("Sign in again").isFragment()
		ana.get("/chat").is(200) // in another browser
	})

	t.Run("an unknown address and a wrong password get the same answer", func(t *testing.T) {
		for _, headers := range [][]string{nil, {asHTMX}, {asJSON}} {
			wrong := s.anonymous().withT(t).logIn("ana@example.org", "not this one", headers...).is(401)
			unknown := s.anonymous().withT(t).logIn("nobody@example.org", "not this one", headers...).is(401)
			swap := strings.NewReplacer("nobody@example.org", "ana@example.org")
			equal(t, "the answer", swap.Replace(withoutNonces(unknown.body)), withoutNonces(wrong.body))
			wrong.lacks("not this one")
		}
		form := []string{"email", "ana@example.org", "password", "x", "next", "/settings"}
		page := s.anonymous().withT(t).post("/login", form)
		page.is(401).shows("[name=email][value='ana@example.org']").shows("[name=next][value='/settings']").
			has("Wrong e-mail or password")
		s.anonymous().withT(t).logIn("ana@example.org", strings.Repeat("x", 5000)).is(401)
		s.anonymous().withT(t).logIn("\xff", "\x00").is(401)
	})

	t.Run("as a program", func(t *testing.T) {
		b := s.anonymous().withT(t)
		credentials := map[string]string{"email": "ana@example.org", "password": testPassword}
		p := decode[personInfo](b.postJSON("/login", credentials).is(200))
		equal(t, "id", p.ID, ana.user.ID)
		b.postJSON("/logout", "{}").is(204)
		b.get("/chat", asJSON).isError(401, "unauthenticated", "")
		s.anonymous().withT(t).postJSON("/logout", "{}").is(204)
	})
}

func TestLogOutEndsTheStreamsOfThatSession(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	again := s.newSession(ana.user)
	streams := []*eventStream{
		ana.listen("/events?room=1"), ana.listen("/events"), ana.listen("/events?" + berta.peerQuery()),
	}
	elsewhere, others := again.listen("/events?room=1"), berta.listen("/events?room=1")
	for _, st := range append(streams, elsewhere, others) {
		st.waitForPresence()
	}
	ana.post("/logout", nil).is(303)
	berta.sendMessage("room=1", "after the log-out")
	for _, st := range streams {
		st.t = t
		var names []string
		for {
			e, err := st.next()
			if err != nil {
				break
			}
			lacks(t, e.data, "after the log-out")
			if e.name != "" {
				names = append(names, e.name)
			}
		}
		equal(t, "end of the stream", strings.Join(names, " "), "logout bye")
	}
	elsewhere.waitFor("after the log-out")
	others.waitFor("after the log-out")
}

func withRateLimits(c *serverOptions) { c.RateScale = 1 }

// isRateLimited fails the test unless the answer is a 429 that says when to try again.
func isRateLimited(a *answer) {
	a.t.Helper()
	a.is(429)
	if n, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || n < 1 || n > 60 {
		a.t.Fatalf("Retry-After: %q", a.header.Get("Retry-After"))
	}
}

// overlongPassword is longer than any account's, so that checking it needs no hash.
var overlongPassword = strings.Repeat("x", 2000)

func TestLoginRateLimitPerAccount(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, withRateLimits)
	owner := s.anonymous().register("Ana", "ana@example.org")
	owner.post("/logout", nil).is(303)
	for range 10 {
		s.anonymous().logIn("ana@example.org", overlongPassword).is(401)
	}
	isRateLimited(s.anonymous().logIn("ANA@example.org", overlongPassword))
	// The password is right, but the account has not been used in this browser.
	isRateLimited(s.anonymous().logIn("ana@example.org", testPassword))
	isRateLimited(s.anonymous().logIn("ana@example.org", testPassword, asHTMX))
	s.anonymous().logIn("ana@example.org", testPassword, asJSON).isError(429, "too_many", "")
	s.anonymous().logIn("berta@example.org", overlongPassword).is(401)

	page := s.anonymous().logIn("ana@example.org", testPassword).is(429).has("Too many requests")
	page.shows("[name=email][value='ana@example.org']")
	page.lacks(testPassword)
	owner.logIn("ana@example.org", testPassword).redirectsTo("/chat")

	forger := s.anonymous()
	forger.cookies["charla-known"] = owner.cookies["charla-known"][1:]
	isRateLimited(forger.logIn("ana@example.org", testPassword))
	known := s.anonymous()
	known.cookies["charla-known"] = owner.cookies["charla-known"]
	known.logIn("berta@example.org", overlongPassword).is(401) // Berta's account has not been used in this browser
	for range 9 {
		known.logIn("ana@example.org", overlongPassword).is(401)
	}
	isRateLimited(known.logIn("ana@example.org", overlongPassword))
}

func TestLoginRateLimitPerAddress(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, withRateLimits)
	accounts := 0
	for ; accounts < 100; accounts++ {
		n := strconv.Itoa(accounts)
		a := s.anonymous().logIn("person"+n+"@example.org", overlongPassword, "X-Forwarded-For: 192.0.2."+n)
		if a.status == 429 {
			isRateLimited(a)
			break
		}
		a.is(401)
	}
	if accounts < 30 || accounts > 45 {
		t.Fatalf("%d accounts were tried from one address", accounts)
	}
	joined := 0
	for ; joined < 100; joined++ {
		if a := s.anonymous().post("/register", []string{"name", "", "email", "", "password", ""}); a.status == 429 {
			break
		}
	}
	if joined < 30 || joined > 45 {
		t.Fatalf("%d registrations came from one address", joined)
	}
	s.anonymous().get("/login").is(200)
}

func TestPostRateLimit(t *testing.T) {
	t.Parallel()
	// Only the burst counts: with this rate nothing is refilled, however slow the machine is.
	s := openSQLite(t, func(c *serverOptions) { c.RateScale = 0.0001 })
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	fast := 0
	for ; fast < 400; fast++ {
		if a := ana.post("/messages", []string{"room", "1", "body", "quick"}, asJSON); a.status == 429 {
			a.isError(429, "too_many", "")
			break
		}
	}
	if fast < 200 || fast == 400 {
		t.Fatalf("%d posts in one go", fast)
	}
	page := ana.post("/messages", []string{"room", "1", "body", "too quick", "key", "kept"}).is(429).
		shows("textarea", "too quick").has("Too many requests")
	equal(t, "the key", page.composerKey(), "kept")
	if page.header.Get("Retry-After") == "" {
		t.Error("429 without Retry-After")
	}
	ana.post("/messages", []string{"room", "1", "body", "too quick"}, asHTMX).is(429).has("Too many requests").
		isFragment()
	berta.sendMessage("room=1", "she has a limit of her own")

	typing := []string{"room", "1", "body", "typed too quickly", "key", "kept"}
	for fast = 0; fast < 400 && berta.post("/drafts", typing, asJSON).status == 204; fast++ {
	}
	if fast == 0 || fast == 400 {
		t.Fatalf("%d times typing in one go", fast)
	}
	berta.post("/drafts", typing).is(429).shows("textarea", "typed too quickly").has("Too many requests")
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	address := func(s *testServer) (ip string) {
		b := s.anonymous()
		for _, h := range []string{"X-Forwarded-For: 192.0.2.7", "X-Forwarded-For: 10.9.9.9, 192.0.2.7"} {
			email := "p" + strconv.Itoa(len(h)) + "@example.org"
			form := []string{"name", "P", "email", email, "password", testPassword}
			b.post("/register", form, h, "X-Real-IP: 192.0.2.8", "Forwarded: for=192.0.2.9").is(303)
			var got string
			if err := s.sql.QueryRow(`SELECT ip FROM sessions ORDER BY id DESC LIMIT 1`).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if ip != "" && ip != got {
				t.Fatalf("%s with %s, %s without", got, h, ip)
			}
			ip = got
		}
		return ip
	}
	network := func(cidr string) func(*serverOptions) {
		_, n, _ := net.ParseCIDR(cidr)
		return func(c *serverOptions) { c.TrustedProxies = []*net.IPNet{n} }
	}
	equal(t, "without a proxy", address(openSQLite(t)), "127.0.0.1")
	equal(t, "behind an untrusted proxy", address(openSQLite(t, network("10.0.0.0/8"))), "127.0.0.1")
	equal(t, "behind a trusted proxy", address(openSQLite(t, network("127.0.0.1/32"))), "192.0.2.7")
}

func TestLogoutClearsBrowserStorage(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta, carla := s.newUser("Ana"), s.newUser("Berta"), s.newUser("Carla")
	ana.sendMessage(berta.peerQuery(), "hello")
	ana.post("/drafts", []string{"with", formatID(carla.user.ID), "body", "never sent"}, asJSON).is(204)
	page := ana.clone().post("/logout", nil, asHTMX).is(200).isFragment().lacks("never sent")
	page.shows("[x-init]").shows("[hx-get='/login']")
	for _, key := range []string{"room-1", "outbox", "with-" + formatID(berta.user.ID), "with-" + formatID(carla.user.ID)} {
		page.shows("[data-store='charla-" + formatID(ana.user.ID) + "-" + key + "']")
	}
	s.anonymous().post("/logout", nil, asHTMX).is(200).hides("[data-store]")
}

// The cookie must stay until the session has ended, so that a failed log-out can be repeated.
func TestFailedLogoutCanBeRetried(t *testing.T) {
	s := openSQLite(t)
	ana := s.newUser("Ana")
	old := ana.clone()
	s.exec(`CREATE TRIGGER no BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'no'); END`)
	ana.post("/logout", nil).is(500)
	ana.get("/chat").is(200)
	s.exec(`DROP TRIGGER no`)
	ana.post("/logout", nil).is(303)
	old.get("/chat", asJSON).is(401)
}

// Strings that are no e-mail addresses must not share one rate limit.
func TestInvalidAddressesDoNotShareARateLimit(t *testing.T) {
	s := openSQLite(t, withRateLimits)
	anonymous := s.anonymous()
	for i := range 15 {
		form := []string{"email", fmt.Sprint("nobody", i), "password", "tortilla y pan"}
		anonymous.post("/login", form, asJSON).is(401)
	}
}

func TestLoginPageRedirects(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	anonymous := s.anonymous()
	anonymous.get("/").redirectsTo("/login")
	s.newUser("Ana").get("/").redirectsTo("/chat")
	anonymous.get("/login").is(200).shows("form[action='/login']").shows("a[href='/register']")
	anonymous.get("/register").is(200).shows("form[action='/register']").shows("a[href='/login']")

	t.Run("log-in returns to the page that was asked for", func(t *testing.T) {
		ana := s.anonymous().withT(t).register("Ana", "deep@example.org")
		for _, link := range []string{"/chat?q=b%26c", "/messages?room=1&before=5", "/messages/1", "/settings"} {
			anonymous := s.anonymous().withT(t)
			login := anonymous.get(link).is(303).header.Get("Location")
			anonymous.get(login).is(200).shows("[name=next][value='" + link + "']")
			u, _ := url.Parse(login)
			equal(t, "next", u.Query().Get("next"), link)
			form := []string{"email", "deep@example.org", "password", testPassword, "next", u.Query().Get("next")}
			anonymous.post("/login", form).redirectsTo(link)
			ana.get(login).redirectsTo(link)
		}
		s.anonymous().withT(t).post("/messages", []string{"room", "1", "body", "x"}).redirectsTo("/login")
	})

	t.Run("log-in never leads to another site", func(t *testing.T) {
		signedIn := s.newUser("Berta").withT(t)
		for _, next := range foreignURLs {
			anonymous := s.anonymous().withT(t)
			form := []string{"email", "deep@example.org", "password", testPassword, "next", next}
			anonymous.post("/login", form).redirectsTo("/chat")
			signedIn.get("/login?next=" + url.QueryEscape(next)).redirectsTo("/chat")
		}
	})

	t.Run("htmx replaces the whole page", func(t *testing.T) {
		redirect := func(b *client, path string, headers ...string) string {
			return b.withT(t).get(path, append(headers, asHTMX)...).is(200).header.Get("HX-Redirect")
		}
		anonymous := s.anonymous().withT(t)
		equal(t, "to log-in", redirect(anonymous, "/messages?room=1"), "/login?next=%2Fmessages%3Froom%3D1")
		ended := redirect(anonymous, "/login?ended=1", "HX-Current-URL: http://here.example/messages?room=1")
		equal(t, "after the session ended", ended, "/login?ended=1&next=%2Fmessages%3Froom%3D1")
		anonymous.get("/login?ended=1&next=/rooms").is(200).has("Your session ended. Sign in again to continue.").
			shows("[name=next][value='/rooms']")
		anonymous.get("/login").is(200).lacks("Your session ended.")
		equal(t, "from log-in", redirect(anonymous, "/login"), "/login")
		equal(t, "signed in", redirect(s.newUser("Carla"), "/login"), "/chat")
	})
}

// foreignURLs are values of next that must not be followed.
var foreignURLs = []string{
	"https://evil.example/", "//evil.example/", "/\\evil.example/", "\\\\evil.example", "javascript:alert(1)",
	"data:text/html,x", "evil", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example",
	"/%5cevil.example", "/%2f/evil.example", "http:/evil.example", "https:evil.example",
	"//evil.example\\@here", "///evil.example", "/\x00", "?x", "#x", "", "/a\r\nSet-Cookie: x=y", "/%zz",
}

// FuzzOwnPath holds that log-in never leads to another site: whatever next is, a browser, which takes \ for / and drops
// tabs and line ends, must read the result as a path on this site.
// takes \ for / and drops tabs and line ends.
func FuzzOwnPath(f *testing.F) {
	paths := []string{"/chat", "/messages?with=2&before=3", "/é ñ?q=á b", "/a#b", "/a/../b", "/./\\x", "/%2e%2e//x"}
	for _, next := range append(foreignURLs, paths...) {
		f.Add(next)
	}
	here, _ := url.Parse("http://here.example/login")
	f.Fuzz(func(t *testing.T, next string) {
		path := web.LocalPath(next)
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "\\\r\n\t\x00") || strings.HasPrefix(path, "//") {
			t.Fatalf("%q leads to %q", next, path)
		}
		u, err := here.Parse(path)
		if err != nil || u.Host != here.Host || u.Scheme != here.Scheme {
			t.Fatalf("%q leads to %q, which is %v, %v", next, path, u, err)
		}
		if again := web.LocalPath(path); again != path {
			t.Fatalf("%q leads to %q, and that to %q", next, path, again)
		}
	})
}
