package handlers_test

import (
	"crypto/rand"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
)

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

// One customer has a whole IPv6 /64 network. Its addresses count as one client, for every limit that counts addresses.
func TestIPv6NetworkIsOneClient(t *testing.T) {
	t.Parallel()
	_, loopback, _ := net.ParseCIDR("127.0.0.0/8")
	behindProxy := func(c *serverOptions) { c.RateScale, c.TrustedProxies = 0.0001, []*net.IPNet{loopback} }
	for name, request := range map[string]func(b *client, header string) *answer{
		"a page":      func(b *client, header string) *answer { return b.get("/login", header) },
		"a bad token": func(b *client, header string) *answer { return b.withToken(t, "x").get("/chat", header) },
		"a log-in": func(b *client, header string) *answer {
			return b.post("/login", []string{"email", rand.Text() + "@example.org", "password", overlongPassword}, header)
		},
	} {
		s := openSQLite(t, behindProxy)
		limited := false
		for i := 0; i < 1100 && !limited; i++ {
			from := fmt.Sprintf("X-Forwarded-For: [2001:db8:0:1:%x::%x]:4000", i+1, i)
			limited = request(s.anonymous(), from).status == 429
		}
		equal(t, name+" from many addresses of a network is limited", limited, true)
		if request(s.anonymous(), "X-Forwarded-For: 2001:db8:0:2::1").status == 429 {
			t.Errorf("%s: another network is limited too", name)
		}
	}
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
