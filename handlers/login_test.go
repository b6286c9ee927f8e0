package handlers_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"charla/chat"

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

// The same password is the same in both Unicode forms, wherever it is typed.
func TestPasswordsAreNormalized(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	const composed, decomposed = "p\u00e4ssw\u00f6rter lang \u00e9", "pa\u0308sswo\u0308rter lang e\u0301"
	for i, pair := range [][2]string{{composed, decomposed}, {decomposed, composed}} {
		email := fmt.Sprintf("ana%d@example.org", i)
		ana := s.anonymous()
		ana.post("/register", []string{"name", "Ana", "email", email, "password", pair[0]}).is(303)
		s.anonymous().logIn(email, pair[1]).redirectsTo("/chat")
		s.anonymous().post("/tokens", []string{"email", email, "password", pair[1]}).is(201)
		ana.post("/settings/password", []string{"current", pair[1], "password", "otra contrase\u00f1a"}, asJSON).is(204)
		s.anonymous().logIn(email, "otra contrasen\u0303a").redirectsTo("/chat")
		s.anonymous().logIn(email, "otra contrasena").is(401)
	}
	s.anonymous().post("/register", []string{"name", "Eva", "email", "eva@example.org", "password", "ñññéééá"}, asJSON).
		isError(422, "invalid", "password")
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

func TestLogoutClearsBrowserStorage(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	page := ana.clone().post("/logout", nil, asHTMX).is(200).isFragment()
	page.shows("[x-init='mine = {}']").shows("[hx-get='/login']")
	for slot := range chat.PageSlots {
		page.shows("[data-store='" + slotOf(ana.user, slot) + "'][x-init='stored = {}']")
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

// TestSignOutIsOnEveryPage checks that every page of a signed-in person has a form that signs out with one click.
func TestSignOutIsOnEveryPage(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.anonymous().register("Ana", "ana@example.org")
	berta := s.newUser("Berta")
	m := berta.sendMessage("room=1", "hello")
	for _, path := range []string{
		"/chat", "/messages?room=1", "/messages?" + berta.peerQuery(), "/messages?room=1&before=1", m.path(), "/rooms",
		"/rooms/1", "/conversations", "/people", "/bots", "/sessions", "/settings", "/settings/delete", "/emoji?message=" +
			formatID(m.ID), "/nowhere", "/messages?room=99",
	} {
		page := ana.get(path)
		if page.status != 200 && page.status != 404 {
			t.Errorf("%s: status %d", path, page.status)
		}
		page.shows("form[method=post][action='/logout'] button[type=submit]")
	}
	s.anonymous().get("/login").is(200).hides("form[action='/logout']")
}

// TestForgottenPasswordHelp: without e-mail, the sign-in page says whom to ask and which command makes a new password.
func TestForgottenPasswordHelp(t *testing.T) {
	t.Parallel()
	openSQLite(t).anonymous().get("/login", "Accept-Language: es").is(200).hides("a[href='/forgot']").
		shows("details summary", "¿Olvidaste tu contraseña?").shows("details code", "charla reset-password ")
	openSQLite(t, withMedia).anonymous().get("/login").is(200).shows("a[href='/forgot']").hides("details code")
}

// TestPasswordsCanBeShown: every field for a password offers to show it, but only where scripts can do that.
func TestPasswordsCanBeShown(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.anonymous().register("Ana", "ana@example.org")
	for path, client := range map[string]*client{
		"/login": s.anonymous(), "/register": s.anonymous(), "/settings": ana, "/settings/delete": ana,
	} {
		page := client.get(path).is(200).shows(".field [type=password]").
			shows(".field [type=password] ~ template .field__reveal", "Show password")
		equal(t, path, page.elements("template .field__reveal [type=checkbox]"), page.elements("[type=password]"))
	}
}
