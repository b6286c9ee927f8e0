package handlers_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"

	"github.com/golang-jwt/jwt/v5"
)

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
	keys, err := s.store.SigningKeys(t.Context(), 2)
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
		"no bot": "charla_", "no bot's": "charla_" + strings.Repeat("A", 43),
		"60 KB": strings.Repeat("A.", 30<<10), "60 KB of a JWT": strings.Repeat("eyJh", 15<<10),
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
	ana.withToken(t, strings.Repeat("A", 65<<10)).get("/chat").isError(431, "head_too_large", "")

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
