package handlers_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"

	"github.com/golang-jwt/jwt/v5"
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
	a.isError(401, "unauthenticated", "").has("This token is not valid")
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
	program.get("/chat", "Accept: text/html").is(200).has("<!doctype html>")
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

// TestForgedTokensAreRefused also holds that a cookie is not accepted as a token, and a token not as a cookie.
func TestForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	program := ana.newProgram(t)
	parts := strings.Split(program.token, ".")
	var said map[string]any
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &said) != nil {
		t.Fatal(program.token)
	}
	keys, err := s.store.SigningKeys(t.Context())
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	forge := func(method jwt.SigningMethod, key any, kid any, change map[string]any) string {
		claims := jwt.MapClaims{}
		for name, value := range said {
			claims[name] = value
		}
		for name, value := range change {
			if claims[name] = value; value == nil {
				delete(claims, name)
			}
		}
		token := jwt.NewWithClaims(method, claims)
		token.Header["kid"] = kid
		signed, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	hs, key, now := jwt.SigningMethodHS256, any(keys[0].Value), time.Now().Unix()
	ana.withToken(t, forge(hs, key, "1", nil)).get("/chat").is(200) // forge makes a valid token if nothing is changed

	bad := map[string]string{
		"alg none":             forge(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "1", nil),
		"alg none, unsigned":   parts[0] + "." + parts[1] + ".",
		"another method":       forge(jwt.SigningMethodHS512, key, "1", nil),
		"another key":          forge(hs, []byte("another"), "1", nil),
		"an unknown key":       forge(hs, key, "2", nil),
		"no key":               forge(hs, key, nil, nil),
		"a key that is a list": forge(hs, key, []string{"1"}, nil),
		"expired":              forge(hs, key, "1", map[string]any{"exp": now - 1}),
		"no expiry":            forge(hs, key, "1", map[string]any{"exp": nil}),
		"expiry in words":      forge(hs, key, "1", map[string]any{"exp": "tomorrow"}),
		"another audience":     forge(hs, key, "1", map[string]any{"aud": "others"}),
		"no audience":          forge(hs, key, "1", map[string]any{"aud": nil}),
		"another issuer":       forge(hs, key, "1", map[string]any{"iss": "others"}),
		"another person":       forge(hs, key, "1", map[string]any{"sub": formatID(berta.user.ID)}),
		"no session":           forge(hs, key, "1", map[string]any{"sid": nil}),
		"a browser's session":  forge(hs, key, "1", map[string]any{"sid": 1}),
		"nobody's session":     forge(hs, key, "1", map[string]any{"sid": 99999}),
		"a session in words":   forge(hs, key, "1", map[string]any{"sid": "1; DROP TABLE"}),
		"not yet":              forge(hs, key, "1", map[string]any{"nbf": now + 3600}),
		"a flipped bit": program.token[:len(program.token)-2] + string(
			program.token[len(program.token)-2]^1) + program.token[len(program.token)-1:],
		"nothing": " ", "a dot": ".", "three dots": "...", "words": "bearer of bad news", "a cookie": ana.cookies[s.cookieName],
		"no bot": "charla_", "no bot's": "charla_" + strings.Repeat("A", 43), "32 KB": strings.Repeat("A.", 16<<10), "1 MB": strings.Repeat("eyJh", 256<<10),
	}
	for what, token := range bad {
		t.Run(what, func(t *testing.T) {
			b := ana.withToken(t, token)
			for _, headers := range [][]string{nil, {asJSON}, {asHTMX}} {
				b.get("/chat", headers...).isBadToken()
				b.get("/events?room=1", headers...).isBadToken()
				b.post("/messages", []string{"room", "1", "body", "forged"}, headers...).isBadToken()
			}
		})
	}
	ana.withToken(t, strings.Repeat("A", 2<<20)).get("/chat").is(431) // larger than the server's limit for headers

	twice := program.withT(t)
	twice.get("/chat", "Authorization: Bearer "+program.token).is(401)
	twice.get("/chat", "Authorization: Basic eDp5").isBadToken()
	s.anonymous().get("/login", "Authorization: Basic eDp5").is(200) // credentials for a proxy
	s.anonymous().get("/chat", "Authorization: bearer "+program.token).is(200)

	cookie := s.anonymous()
	for _, value := range []string{program.token, ana.createBot("Robot").token} {
		cookie.cookies[s.cookieName] = value
		cookie.get("/chat", asJSON).isError(401, "unauthenticated", "")
	}
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 0)
}

func TestTokenRateLimit(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, withRateLimits)
	owner := s.anonymous().register("Ana", "ana@example.org")
	guess := func(email string) *answer {
		return s.anonymous().post("/tokens", []string{"email", email, "password", overlongPassword})
	}
	for i := range 10 {
		if i%2 == 0 {
			guess("ana@example.org").is(401)
		} else {
			s.anonymous().logIn("ana@example.org", overlongPassword).is(401)
		}
	}
	isRateLimited(guess("ANA@example.org"))
	isRateLimited(s.anonymous().post("/tokens", []string{"email", "ana@example.org", "password", testPassword}))
	isRateLimited(s.anonymous().logIn("ana@example.org", testPassword))
	known := s.anonymous()
	known.cookies["charla-known"] = owner.cookies["charla-known"]
	known.post("/tokens", []string{"email", "ana@example.org", "password", testPassword}).is(201)
	for i := 0; ; i++ {
		if a := guess("person" + strconv.Itoa(i) + "@example.org"); a.status == 429 {
			break
		} else if a.is(401); i > 45 {
			t.Fatal("log-ins from one address have no limit for the number of accounts")
		}
	}
}

func TestBadTokenRateLimit(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, func(c *serverOptions) { c.RateScale = 0.0001 })
	b := s.newUser("Ana").withToken(t, "charla_unknown")
	for n := 0; ; n++ {
		if a := b.get("/chat"); a.status == 429 {
			a.isError(429, "too_many", "")
			return
		} else if a.isBadToken(); n > 1100 {
			t.Fatal("bad tokens have no rate limit")
		}
	}
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

func TestSigningKeyRotationOnTwoNodes(t *testing.T) {
	url := dbtest.PostgresURL(t)
	here, there := openPostgres(t, url), openPostgres(t, url)
	ana := here.newUser("Ana")
	old := ana.newProgram(t)
	old.onNode(there).get("/chat").is(200)
	rotate := func(s *testServer) {
		t.Helper()
		if err := s.chat.RotateSigningKeys(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	rotate(here)
	fresh := ana.newProgram(t)
	for _, s := range []*testServer{here, there} {
		eventually(t, "the new key is known", func() bool { return fresh.onNode(s).get("/chat").status == 200 })
		old.onNode(s).get("/chat").is(200)
	}
	rotate(there)
	eventually(t, "the oldest key is forgotten",
		func() bool { return old.get("/chat").status == 401 && old.onNode(there).get("/chat").status == 401 })
	fresh.get("/chat").is(200)
	equal(t, "keys", here.count(`SELECT COUNT(*) FROM signing_keys`), 2)
}

// FuzzBearer holds that no token except a valid one authenticates anybody, and that none causes a panic.
func FuzzBearer(f *testing.F) {
	for _, token := range []string{"", ".", "..", "a.b.c", "charla_", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJIUzI1NiIsImtpZCI6IjEifQ.eyJzaWQiOjF9.AAAA", "\x00", "é"} {
		f.Add(token)
	}
	s := openSQLite(f)
	s.newUser("Ana").newProgram(f)
	f.Fuzz(func(t *testing.T, token string) {
		if _, user, err := s.chat.SessionByBearerToken(t.Context(), token); err != chat.ErrBadToken || user.ID != 0 {
			t.Fatalf("%q: %v, %v", token, user, err)
		}
	})
}
