package handlers_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
)

// tokenPair is the answer to a log-in of a program.
type tokenPair struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Refresh string `json:"refresh_token"`
}

// newProgram returns a program of the same user, with an access token and no cookie.
func (b *client) newProgram(t testing.TB) *client {
	t.Helper()
	given, err := b.server.chat.IssueTokens(context.Background(), chat.Credentials{User: b.user}, "program/1.0",
		"127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return b.withToken(t, given.Access)
}

func (b *client) withToken(t testing.TB, token string) *client {
	c := b.server.anonymous().withT(t)
	c.user, c.token = b.user, token
	return c
}

// isBadToken fails the test unless the answer is the one that every invalid token gets.
func (a *answer) isBadToken() *answer {
	a.t.Helper()
	a.isError(401, "unauthenticated", "").has("This token isn't valid")
	equal(a.t, "WWW-Authenticate", a.header.Get("WWW-Authenticate"), "Bearer")
	return a
}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.anonymous().register("Ana", "ana@example.org")
	ana.sendMessage("room=1", "from the browser")
	form := []string{"email", "ana@example.org", "password", testPassword}
	given := decode[tokenPair](s.anonymous().post("/tokens", form).is(201))
	equal(t, "type", given.Type, "Bearer")
	equal(t, "seconds", given.Expires, 900)
	again := decode[tokenPair](
		s.anonymous().
			postJSON("/tokens", map[string]string{"email": "ANA@example.org", "password": testPassword}).
			is(201),
	)
	if again.Access == given.Access || again.Refresh == given.Refresh {
		t.Error("two programs have the same token")
	}
	a := s.anonymous().post("/tokens", form).is(201)
	contains(t, a.header.Get("Cache-Control"), "no-store")
	equal(t, "cookies", len(a.header.Values("Set-Cookie")), 0)

	program := ana.withToken(t, given.Access)
	equal(t, "me", decode[overviewInfo](program.get("/chat", asJSON).is(200)).Me.ID, ana.user.ID)
	equal(t, "me without an Accept header", decode[overviewInfo](program.get("/chat").is(200)).Me.ID, ana.user.ID)
	program.get("/chat", "Accept: text/html").is(200).has("<!DOCTYPE html>")
	program.sendMessage("room=1", "from a program")
	st := program.listen("/events?room=1&after=0")
	st.waitFor("from the browser")
	st.waitFor("from a program")
	program.get("/nowhere").isError(404, "not_found", "") // a program never gets an error page

	t.Run("a wrong password and an unknown address get the same JSON error", func(t *testing.T) {
		s.anonymous().withT(t).post("/tokens", []string{"email", "ana@example.org", "password", "wrong"}).
			isError(401, "unauthenticated", "")
		s.anonymous().withT(t).post("/tokens", []string{"email", "nobody@example.org", "password", "wrong"}).
			isError(401, "unauthenticated", "")
		s.anonymous().withT(t).post("/tokens", nil).isError(401, "unauthenticated", "")
	})

	t.Run("a token together with a cookie is refused", func(t *testing.T) {
		both := ana.withT(t)
		both.token = given.Access
		for _, path := range []string{"/chat", "/events?room=1", "/me.css", "/login"} {
			both.get(path).isError(401, "unauthenticated", "").has("not both")
		}
		both.post("/messages", []string{"room", "1", "body", "x"}).isError(401, "unauthenticated", "")
		both.cookies = map[string]string{s.cookieName: "stale"}
		both.get("/chat").is(401)
		both.cookies = map[string]string{"another": "cookie"}
		both.get("/chat").is(200)
		equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 2)
	})

	t.Run("cross-site requests with a token are allowed", func(t *testing.T) {
		program.withT(t).
			post("/messages", []string{"room", "1", "body", "from an extension"}, "Origin: https://evil.example", "Sec-Fetch-Site: cross-site", asJSON).
			is(201)
		s.anonymous().withT(t).post("/tokens", form, "Sec-Fetch-Site: cross-site").isError(403, "forbidden", "")
	})

	t.Run("log-out and revocation", func(t *testing.T) {
		out := ana.newProgram(t)
		st := out.listen("/events?room=1", "Accept: text/html")
		st.readUntil("the cursor", isBareID)
		out.do(http.MethodDelete, "/tokens/current", nil).is(204)
		equal(t, "end of the stream", strings.Join(st.readToEnd(), " "), "logout bye")
		out.get("/chat", asJSON).isBadToken()
		out = ana.newProgram(t)
		out.post("/logout", nil).is(204)
		out.get("/chat").isBadToken()
		program.withT(t).get("/chat").is(200)
	})
}

func TestRefreshTokens(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.anonymous().register("Ana", "ana@example.org")
	renew := func(t *testing.T, refresh string) *answer {
		t.Helper()
		return s.anonymous().withT(t).post("/tokens/refresh", []string{"refresh_token", refresh})
	}
	first := decode[tokenPair](
		s.anonymous().post("/tokens", []string{"email", "ana@example.org", "password", testPassword}))
	second := decode[tokenPair](renew(t, first.Refresh).is(200))
	if second.Refresh == first.Refresh {
		t.Fatal("the refresh token did not change")
	}
	ana.withToken(t, second.Access).get("/chat").is(200)
	ana.withToken(t, first.Access).get("/chat").is(200) // it is valid until it expires, because the session is the same
	equal(t, "sessions of programs", s.count(`SELECT COUNT(*) FROM sessions WHERE kind = 'program'`), 1)
	equal(
		t,
		"tokens in the clear",
		s.count(`SELECT COUNT(*) FROM refresh_tokens WHERE hash = $1 OR previous_hash = $2`, second.Refresh,
			first.Refresh),
		0,
	)

	lost := decode[tokenPair](renew(t, first.Refresh).is(200)) // a retry after a lost answer
	equal(t, "the successor", lost.Refresh, second.Refresh)
	third := decode[tokenPair](
		s.anonymous().postJSON("/tokens/refresh", map[string]string{"refresh_token": second.Refresh}).is(200))
	holder := ana.withToken(t, third.Access)
	holder.get("/chat").is(200)

	expired := ana.withToken(t, "expired") // many programs send their token with every request
	fourth := decode[tokenPair](expired.post("/tokens/refresh", []string{"refresh_token", third.Refresh}).is(200))

	st := ana.withToken(t, fourth.Access).listen("/events?room=1", "Accept: text/html")
	st.readUntil("the cursor", isBareID)
	renew(t, first.Refresh).isBadToken() // an old refresh token, as a thief would use it, ends the session
	equal(t, "end of the stream", strings.Join(st.readToEnd(), " "), "logout bye")
	holder.get("/chat").isBadToken()
	renew(t, fourth.Refresh).isBadToken()
	ana.get("/chat").is(200)

	for _, wrong := range []string{"", "x", fourth.Access, strings.Repeat("A", 64), strings.Repeat("A", 100_000), fourth.Refresh + "\n", fourth.Refresh[:63] + "é"} {
		renew(t, wrong).isBadToken()
	}
	late := decode[tokenPair](
		s.anonymous().post("/tokens", []string{"email", "ana@example.org", "password", testPassword}))
	decode[tokenPair](renew(t, late.Refresh).is(200))
	s.exec(`UPDATE refresh_tokens SET rotated_at = rotated_at - 61000000`)
	renew(t, late.Refresh).isBadToken()

	disabled := decode[tokenPair](
		s.anonymous().post("/tokens", []string{"email", "ana@example.org", "password", testPassword}))
	s.exec(`UPDATE users SET disabled_at = 1`)
	renew(t, disabled.Refresh).isBadToken()
	ana.withToken(t, disabled.Access).get("/chat").isBadToken()
}

// What ends a user's sessions ends those of their programs too. Without a relay, a session that ends on one node must
// end on the other within two seconds.
func TestTokenRevocationReachesOtherNodes(t *testing.T) {
	url := dbtest.PostgresURL(t)
	here, there := openPostgres(t, url), openPostgres(t, url)
	admin := here.newUser("Admin")
	ana, ben := here.anonymous().register("Ana", "ana@example.org"), here.newUser("Ben")
	bot := ben.createBot("Robot")
	for what, end := range map[string]func(program *client){
		"revoked":           func(p *client) { p.do(http.MethodDelete, "/tokens/current", nil).is(204) },
		"log out elsewhere": func(*client) { ana.post("/sessions/end-others", nil).redirectsTo("/sessions") },
		"a new password": func(*client) {
			ana.post("/settings/password", []string{"current", testPassword, "password", "a new " + testPassword}, asJSON).is(204)
		},
		"disabled": func(*client) { admin.post("/people/"+formatID(bot.user.ID)+"/disable", nil).is(303) },
	} {
		program := ana.newProgram(t)
		if what == "disabled" {
			program = bot
		}
		away := program.onNode(there)
		away.get("/chat", asJSON).is(200) // this node has to load the signing key first
		st := away.listen("/events?room=1", "Accept: text/html")
		st.readUntil("the cursor", isBareID)
		end(program)
		start := time.Now()
		equal(t, what, strings.Join(st.readToEnd(), " "), "logout bye")
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s: took %v to reach the other node", what, took)
		}
		away.get("/chat").isBadToken()
		program.get("/chat").isBadToken()
	}
}
