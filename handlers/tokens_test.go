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
	"charla/handlers"

	"github.com/golang-jwt/jwt/v5"
)

// tokens is what a program is given.
type tokens struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Refresh string `json:"refresh_token"`
}

// program is a program of the same person, with an access token and no cookie.
func (b *browser) program(t testing.TB) *browser {
	t.Helper()
	given, err := b.site.chat.IssueTokens(context.Background(), b.user, "program/1.0", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return b.holding(t, given.Access)
}

func (b *browser) holding(t testing.TB, token string) *browser {
	c := b.site.guest().in(t)
	c.user, c.token = b.user, token
	return c
}

// bad fails the test unless the answer is the one that every bad token gets.
func (a *answer) bad() *answer {
	a.t.Helper()
	a.failed(401, "unauthenticated", "").has("This token is not valid")
	equal(a.t, "WWW-Authenticate", a.header.Get("WWW-Authenticate"), "Bearer")
	return a
}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana := s.guest().register("Ana", "ana@example.org")
	ana.say("room=1", "from the browser")
	form := []string{"email", "ana@example.org", "password", phrase}
	given := decode[tokens](s.guest().post("/tokens", form).is(201))
	equal(t, "type", given.Type, "Bearer")
	equal(t, "seconds", given.Expires, 900)
	again := decode[tokens](s.guest().postJSON("/tokens", map[string]string{"email": "ANA@example.org", "password": phrase}).is(201))
	if again.Access == given.Access || again.Refresh == given.Refresh {
		t.Error("two programs hold one token")
	}
	a := s.guest().post("/tokens", form).is(201)
	contains(t, a.header.Get("Cache-Control"), "no-store")
	equal(t, "cookies", len(a.header.Values("Set-Cookie")), 0)

	program := ana.holding(t, given.Access)
	equal(t, "me", decode[overview](program.get("/chat", asJSON).is(200)).Me.ID, ana.user.ID)
	program.get("/chat").is(200).has("<!doctype html>")
	program.say("room=1", "from a program")
	st := program.listen("/events?room=1&after=0")
	st.brings("from the browser")
	st.brings("from a program")
	program.get("/nowhere").failed(404, "not_found", "") // never a page for a person

	t.Run("a wrong password is one answer, in JSON", func(t *testing.T) {
		s.guest().in(t).post("/tokens", []string{"email", "ana@example.org", "password", "wrong"}).failed(401, "unauthenticated", "")
		s.guest().in(t).post("/tokens", []string{"email", "nobody@example.org", "password", "wrong"}).failed(401, "unauthenticated", "")
		s.guest().in(t).post("/tokens", nil).failed(401, "unauthenticated", "")
	})

	t.Run("a token and a cookie are one too many", func(t *testing.T) {
		both := ana.in(t)
		both.token = given.Access
		for _, path := range []string{"/chat", "/events?room=1", "/me.css", "/login"} {
			both.get(path).failed(401, "unauthenticated", "").has("not both")
		}
		both.post("/messages", []string{"room", "1", "body", "x"}).failed(401, "unauthenticated", "")
		both.cookies = map[string]string{s.cookie: "stale"}
		both.get("/chat").is(401)
		both.cookies = map[string]string{"another": "cookie"}
		both.get("/chat").is(200)
		equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 2)
	})

	t.Run("no cookie, so no other site can send it", func(t *testing.T) {
		program.in(t).post("/messages", []string{"room", "1", "body", "from an extension"}, "Origin: https://evil.example", "Sec-Fetch-Site: cross-site", asJSON).is(201)
		s.guest().in(t).post("/tokens", form, "Sec-Fetch-Site: cross-site").failed(403, "forbidden", "")
	})

	t.Run("log-out and revocation", func(t *testing.T) {
		out := ana.program(t)
		st := out.listen("/events?room=1")
		st.until("the cursor", isCursor)
		out.do(http.MethodDelete, "/tokens/current", nil).is(204)
		equal(t, "how it ended", strings.Join(st.ends(), " "), "logout bye")
		out.get("/chat", asJSON).bad()
		out = ana.program(t)
		out.post("/logout", nil).is(204)
		out.get("/chat").bad()
		program.in(t).get("/chat").is(200)
	})
}

func TestRefreshTokens(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana := s.guest().register("Ana", "ana@example.org")
	renew := func(t *testing.T, refresh string) *answer {
		t.Helper()
		return s.guest().in(t).post("/tokens/refresh", []string{"refresh_token", refresh})
	}
	first := decode[tokens](s.guest().post("/tokens", []string{"email", "ana@example.org", "password", phrase}))
	second := decode[tokens](renew(t, first.Refresh).is(200))
	if second.Refresh == first.Refresh {
		t.Fatal("the refresh token stayed")
	}
	ana.holding(t, second.Access).get("/chat").is(200)
	ana.holding(t, first.Access).get("/chat").is(200) // until it expires: it is the same session
	equal(t, "sessions of programs", s.count(`SELECT COUNT(*) FROM sessions WHERE kind = 'program'`), 1)
	equal(t, "tokens in the clear", s.count(`SELECT COUNT(*) FROM tokens WHERE hash = $1 OR previous = $2`, second.Refresh, first.Refresh), 0)

	lost := decode[tokens](renew(t, first.Refresh).is(200)) // its answer was lost
	equal(t, "the successor", lost.Refresh, second.Refresh)
	third := decode[tokens](s.guest().postJSON("/tokens/refresh", map[string]string{"refresh_token": second.Refresh}).is(200))
	holder := ana.holding(t, third.Access)
	holder.get("/chat").is(200)

	expired := ana.holding(t, "expired") // many programs send what they have with everything
	fourth := decode[tokens](expired.post("/tokens/refresh", []string{"refresh_token", third.Refresh}).is(200))

	st := ana.holding(t, fourth.Access).listen("/events?room=1")
	st.until("the cursor", isCursor)
	renew(t, first.Refresh).bad() // a thief
	equal(t, "how it ended", strings.Join(st.ends(), " "), "logout bye")
	holder.get("/chat").bad()
	renew(t, fourth.Refresh).bad()
	ana.get("/chat").is(200)

	for _, wrong := range []string{"", "x", fourth.Access, strings.Repeat("A", 64), strings.Repeat("A", 100_000), fourth.Refresh + "\n", fourth.Refresh[:63] + "é"} {
		renew(t, wrong).bad()
	}
	late := decode[tokens](s.guest().post("/tokens", []string{"email", "ana@example.org", "password", phrase}))
	decode[tokens](renew(t, late.Refresh).is(200))
	s.exec(`UPDATE tokens SET rotated_at = rotated_at - 61000000`)
	renew(t, late.Refresh).bad()

	disabled := decode[tokens](s.guest().post("/tokens", []string{"email", "ana@example.org", "password", phrase}))
	s.exec(`UPDATE users SET disabled_at = 1`)
	renew(t, disabled.Refresh).bad()
	ana.holding(t, disabled.Access).get("/chat").bad()
}

// A cookie is no token and a token no cookie.
func TestWhatIsNoToken(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	program := ana.program(t)
	parts := strings.Split(program.token, ".")
	var said map[string]any
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &said) != nil {
		t.Fatal(program.token)
	}
	keys, err := s.store.TokenKeys(t.Context())
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
	ana.holding(t, forge(hs, key, "1", nil)).get("/chat").is(200) // the forger can do it right

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
		"another person":       forge(hs, key, "1", map[string]any{"sub": text(berta.user.ID)}),
		"no session":           forge(hs, key, "1", map[string]any{"sid": nil}),
		"a browser's session":  forge(hs, key, "1", map[string]any{"sid": 1}),
		"nobody's session":     forge(hs, key, "1", map[string]any{"sid": 99999}),
		"a session in words":   forge(hs, key, "1", map[string]any{"sid": "1; DROP TABLE"}),
		"not yet":              forge(hs, key, "1", map[string]any{"nbf": now + 3600}),
		"a flipped bit":        program.token[:len(program.token)-2] + string(program.token[len(program.token)-2]^1) + program.token[len(program.token)-1:],
		"nothing":              " ", "a dot": ".", "three dots": "...", "words": "bearer of bad news", "a cookie": ana.cookies[s.cookie],
		"no bot": "charla_", "no bot's": "charla_" + strings.Repeat("A", 43), "32 KB": strings.Repeat("A.", 16<<10), "1 MB": strings.Repeat("eyJh", 256<<10),
	}
	for what, token := range bad {
		t.Run(what, func(t *testing.T) {
			b := ana.holding(t, token)
			for _, headers := range [][]string{nil, {asJSON}, {asHTMX}} {
				b.get("/chat", headers...).bad()
				b.get("/events?room=1", headers...).bad()
				b.post("/messages", []string{"room", "1", "body", "forged"}, headers...).bad()
			}
		})
	}
	ana.holding(t, strings.Repeat("A", 2<<20)).get("/chat").is(431) // the server does not read so much of a head

	twice := program.in(t)
	twice.get("/chat", "Authorization: Bearer "+program.token).is(401)
	twice.get("/chat", "Authorization: Basic eDp5").bad()
	s.guest().get("/login", "Authorization: Basic eDp5").is(200) // a proxy's
	s.guest().get("/chat", "Authorization: bearer "+program.token).is(200)

	cookie := s.guest()
	for _, value := range []string{program.token, ana.makesBot("Robot").token} {
		cookie.cookies[s.cookie] = value
		cookie.get("/chat", asJSON).failed(401, "unauthenticated", "")
	}
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 0)
}

func TestGuessingForTokensIsSlowed(t *testing.T) {
	t.Parallel()
	s := open(t, limited)
	owner := s.guest().register("Ana", "ana@example.org")
	guess := func(email string) *answer {
		return s.guest().post("/tokens", []string{"email", email, "password", long})
	}
	for i := range 10 {
		if i%2 == 0 {
			guess("ana@example.org").is(401)
		} else {
			s.guest().logIn("ana@example.org", long).is(401)
		}
	}
	refused(guess("ANA@example.org"))
	refused(s.guest().post("/tokens", []string{"email", "ana@example.org", "password", phrase}))
	refused(s.guest().logIn("ana@example.org", phrase))
	known := s.guest()
	known.cookies["charla-known"] = owner.cookies["charla-known"]
	known.post("/tokens", []string{"email", "ana@example.org", "password", phrase}).is(201)
	for i := 0; ; i++ {
		if a := guess("person" + strconv.Itoa(i) + "@example.org"); a.status == 429 {
			break
		} else if a.is(401); i > 45 {
			t.Fatal("one address tries as many accounts as it likes")
		}
	}
}

func TestBadTokensArePaced(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *handlers.Config) { c.Rate = 0.0001 })
	b := s.person("Ana").holding(t, "charla_unknown")
	for n := 0; ; n++ {
		if a := b.get("/chat"); a.status == 429 {
			a.failed(429, "too_many", "")
			return
		} else if a.bad(); n > 1100 {
			t.Fatal("nobody is slowed")
		}
	}
}

// What ends a person's sessions ends their programs too, and a session that ends on one node is over on the other within
// two seconds, although nothing but the database joins them.
func TestProgramsOnTwoNodes(t *testing.T) {
	url := dbtest.Postgres(t)
	here, there := openPostgres(t, url), openPostgres(t, url)
	admin := here.person("Admin")
	ana, ben := here.guest().register("Ana", "ana@example.org"), here.person("Ben")
	bot := ben.makesBot("Robot")
	for what, end := range map[string]func(program *browser){
		"revoked":           func(p *browser) { p.do(http.MethodDelete, "/tokens/current", nil).is(204) },
		"log out elsewhere": func(*browser) { ana.post("/sessions/end-others", nil).to("/sessions") },
		"a new password": func(*browser) {
			ana.post("/settings/password", []string{"current", phrase, "password", "a new " + phrase}, asJSON).is(204)
		},
		"disabled": func(*browser) { admin.post("/people/"+text(bot.user.ID)+"/disable", nil).is(303) },
	} {
		program := ana.program(t)
		if what == "disabled" {
			program = bot
		}
		away := program.at(there)
		away.get("/chat", asJSON).is(200) // by a key that this node has not seen before
		st := away.listen("/events?room=1")
		st.until("the cursor", isCursor)
		end(program)
		start := time.Now()
		equal(t, what, strings.Join(st.ends(), " "), "logout bye")
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s: took %v to the other node", what, took)
		}
		away.get("/chat").bad()
		program.get("/chat").bad()
	}
}

func TestKeysAreRotatedOnTwoNodes(t *testing.T) {
	url := dbtest.Postgres(t)
	here, there := openPostgres(t, url), openPostgres(t, url)
	ana := here.person("Ana")
	old := ana.program(t)
	old.at(there).get("/chat").is(200)
	rotate := func(s *site) {
		t.Helper()
		if err := s.chat.RotateKeys(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	rotate(here)
	fresh := ana.program(t)
	for _, s := range []*site{here, there} {
		eventually(t, "the new key is known", func() bool { return fresh.at(s).get("/chat").status == 200 })
		old.at(s).get("/chat").is(200)
	}
	rotate(there)
	eventually(t, "the oldest key is forgotten", func() bool { return old.get("/chat").status == 401 && old.at(there).get("/chat").status == 401 })
	fresh.get("/chat").is(200)
	equal(t, "keys", here.count(`SELECT COUNT(*) FROM token_keys`), 2)
}

// FuzzBearer holds that nothing that stands where a token does makes Charla panic, or lets anybody in.
func FuzzBearer(f *testing.F) {
	for _, token := range []string{"", ".", "..", "a.b.c", "charla_", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJIUzI1NiIsImtpZCI6IjEifQ.eyJzaWQiOjF9.AAAA", "\x00", "é"} {
		f.Add(token)
	}
	s := open(f)
	s.person("Ana").program(f)
	f.Fuzz(func(t *testing.T, token string) {
		if _, user, err := s.chat.Bearer(t.Context(), token); err != chat.ErrBadToken || user.ID != 0 {
			t.Fatalf("%q: %v, %v", token, user, err)
		}
	})
}
