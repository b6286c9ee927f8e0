package handlers_test

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"charla/handlers"
)

func (b *browser) logIn(email, password string, headers ...string) *answer {
	b.t.Helper()
	return b.post("/login", []string{"email", email, "password", password}, headers...)
}

func TestLogInAndOut(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana := s.guest().register("Ana", "ana@example.org")

	t.Run("the id of a session changes at log-in, and the old one is void", func(t *testing.T) {
		planted := s.guest().in(t)
		planted.cookies["charla"] = "chosen-by-somebody-else"
		planted.logIn("ana@example.org", phrase).to("/chat")
		if planted.cookies["charla"] == "chosen-by-somebody-else" {
			t.Fatal("the planted id is in use")
		}
		old := planted.clone()
		old.get("/chat").is(200)
		planted.logIn("ANA@example.org", phrase).to("/chat")
		if planted.cookies["charla"] == old.cookies["charla"] {
			t.Fatal("the id stayed")
		}
		planted.get("/chat").is(200)
		old.get("/chat").to("/login?next=%2Fchat")
		planted.cookies["charla"] = "chosen-by-somebody-else"
		planted.get("/chat").is(303)
	})

	t.Run("a flipped bit is nobody", func(t *testing.T) {
		b := s.guest().in(t)
		b.logIn("ana@example.org", phrase).is(303)
		token := b.cookies["charla"]
		for i := range token {
			flipped := b.clone()
			flipped.cookies["charla"] = token[:i] + string(token[i]^1) + token[i+1:]
			flipped.get("/chat", asJSON).failed(401, "unauthenticated", "")
		}
		for _, cookie := range []string{"", "x", strings.Repeat("A", 16<<10), "%00", token + "A"} {
			b.cookies["charla"] = cookie
			b.get("/chat").is(303)
		}
	})

	t.Run("log-out ends it, replayed or not", func(t *testing.T) {
		b := s.guest().in(t)
		b.logIn("ana@example.org", phrase).is(303)
		kept := b.clone()
		kept.get("/chat").is(200)
		b.post("/logout", nil).to("/login")
		equal(t, "cookies", b.cookies["charla"], "")
		kept.get("/chat").to("/login?next=%2Fchat")
		kept.get("/events").is(200).has("event: logout\n", "event: bye\n")
		kept.post("/messages", []string{"room", "1", "body", "x"}, asJSON).failed(401, "unauthenticated", "")
		kept.post("/messages", []string{"room", "1", "body", "x"}, asHTMX).is(401).has("Log in again").lacks("<html")
		ana.get("/chat").is(200) // in another browser
	})

	t.Run("an unknown address and a wrong password are one answer", func(t *testing.T) {
		for _, headers := range [][]string{nil, {asHTMX}, {asJSON}} {
			wrong := s.guest().in(t).logIn("ana@example.org", "not this one", headers...).is(401)
			unknown := s.guest().in(t).logIn("nobody@example.org", "not this one", headers...).is(401)
			swap := strings.NewReplacer("nobody@example.org", "ana@example.org")
			equal(t, "the answer", swap.Replace(anonymous(unknown.body)), anonymous(wrong.body))
			wrong.lacks("not this one")
		}
		page := s.guest().in(t).post("/login", []string{"email", "ana@example.org", "password", "x", "next", "/settings"})
		page.is(401).has(`value="ana@example.org"`, `name="next" value="/settings"`, "do not belong together")
		s.guest().in(t).logIn("ana@example.org", strings.Repeat("x", 5000)).is(401)
		s.guest().in(t).logIn("\xff", "\x00").is(401)
	})

	t.Run("as a program", func(t *testing.T) {
		b := s.guest().in(t)
		p := decode[someone](b.postJSON("/login", map[string]string{"email": "ana@example.org", "password": phrase}).is(200))
		equal(t, "who", p.ID, ana.user.ID)
		b.postJSON("/logout", "{}").is(204)
		b.get("/chat", asJSON).failed(401, "unauthenticated", "")
		s.guest().in(t).postJSON("/logout", "{}").is(204)
	})
}

func TestLogOutEndsTheStreamsOfThatSession(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	again := s.signIn(ana.user)
	streams := []*stream{ana.listen("/events?room=1"), ana.listen("/events"), ana.listen("/events?" + berta.with())}
	elsewhere, others := again.listen("/events?room=1"), berta.listen("/events?room=1")
	for _, st := range append(streams, elsewhere, others) {
		st.brings("here-count")
	}
	ana.post("/logout", nil).is(303)
	berta.say("room=1", "after the log-out")
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
		equal(t, "how it ended", strings.Join(names, " "), "logout bye")
	}
	elsewhere.brings("after the log-out")
	others.brings("after the log-out")
}

func limited(c *handlers.Config) { c.Rate = 1 }

// refused reads how long one must wait.
func refused(a *answer) {
	a.t.Helper()
	a.is(429)
	if n, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || n < 1 || n > 60 {
		a.t.Fatalf("Retry-After: %q", a.header.Get("Retry-After"))
	}
}

// long is a password that no account has, and that costs no hash.
var long = strings.Repeat("x", 2000)

func TestGuessingIsSlowedByAccount(t *testing.T) {
	t.Parallel()
	s := open(t, limited)
	owner := s.guest().register("Ana", "ana@example.org")
	owner.post("/logout", nil).is(303)
	for range 10 {
		s.guest().logIn("ana@example.org", long).is(401)
	}
	refused(s.guest().logIn("ANA@example.org", long))
	refused(s.guest().logIn("ana@example.org", phrase)) // right, from a browser that the account does not know
	refused(s.guest().logIn("ana@example.org", phrase, asHTMX))
	s.guest().logIn("ana@example.org", phrase, asJSON).failed(429, "too_many", "")
	s.guest().logIn("berta@example.org", long).is(401)

	page := s.guest().logIn("ana@example.org", phrase).is(429).has(`value="ana@example.org"`, "too often")
	page.lacks(phrase)
	owner.logIn("ana@example.org", phrase).to("/chat")

	forger := s.guest()
	forger.cookies["charla-known"] = owner.cookies["charla-known"][1:]
	refused(forger.logIn("ana@example.org", phrase))
	known := s.guest()
	known.cookies["charla-known"] = owner.cookies["charla-known"]
	known.logIn("berta@example.org", long).is(401) // a known browser of Ana is none of Berta's
	for range 9 {
		known.logIn("ana@example.org", long).is(401)
	}
	refused(known.logIn("ana@example.org", long))
}

func TestGuessingIsSlowedByAddress(t *testing.T) {
	t.Parallel()
	s := open(t, limited)
	spread := 0
	for ; spread < 100; spread++ {
		a := s.guest().logIn("person"+strconv.Itoa(spread)+"@example.org", long, "X-Forwarded-For: 192.0.2."+strconv.Itoa(spread))
		if a.status == 429 {
			refused(a)
			break
		}
		a.is(401)
	}
	if spread < 30 || spread > 45 {
		t.Fatalf("%d accounts were tried from one address", spread)
	}
	joined := 0
	for ; joined < 100; joined++ {
		if a := s.guest().post("/register", []string{"name", "", "email", "", "password", ""}); a.status == 429 {
			break
		}
	}
	if joined < 30 || joined > 45 {
		t.Fatalf("%d registrations came from one address", joined)
	}
	s.guest().get("/login").is(200)
}

func TestPostsArePaced(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *handlers.Config) { c.Rate = 0.0001 }) // bursts are as wide as ever; a slow machine refills none
	ana, berta := s.person("Ana"), s.person("Berta")
	fast := 0
	for ; fast < 400; fast++ {
		if a := ana.post("/messages", []string{"room", "1", "body", "quick"}, asJSON); a.status == 429 {
			a.failed(429, "too_many", "")
			break
		}
	}
	if fast < 200 || fast == 400 {
		t.Fatalf("%d posts in one go", fast)
	}
	page := ana.post("/messages", []string{"room", "1", "body", "too quick", "key", "kept"}).is(429).has("too quick</textarea>", "too often")
	equal(t, "the key", page.key(), "kept")
	if page.header.Get("Retry-After") == "" {
		t.Error("429 without Retry-After")
	}
	ana.post("/messages", []string{"room", "1", "body", "too quick"}, asHTMX).is(429).has("too often").lacks("<html")
	berta.say("room=1", "hers is another measure")

	typing := []string{"room", "1", "body", "typed too quickly", "key", "kept"}
	for fast = 0; fast < 400 && berta.post("/typing", typing, asJSON).status == 204; fast++ {
	}
	if fast == 0 || fast == 400 {
		t.Fatalf("%d times typing in one go", fast)
	}
	berta.post("/typing", typing).is(429).has("typed too quickly</textarea>", "too often")
}

func TestTheAddressOfAClient(t *testing.T) {
	t.Parallel()
	address := func(s *site) (ip string) {
		b := s.guest()
		for _, h := range []string{"X-Forwarded-For: 192.0.2.7", "X-Forwarded-For: 10.9.9.9, 192.0.2.7"} {
			email := "p" + strconv.Itoa(len(h)) + "@example.org"
			b.post("/register", []string{"name", "P", "email", email, "password", phrase}, h, "X-Real-IP: 192.0.2.8", "Forwarded: for=192.0.2.9").is(303)
			var got string
			if err := s.sql.QueryRow(`SELECT ip FROM sessions ORDER BY id DESC LIMIT 1`).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if ip != "" && ip != got {
				t.Fatalf("%s with %s, and %s without", got, h, ip)
			}
			ip = got
		}
		return ip
	}
	network := func(cidr string) func(*handlers.Config) {
		_, n, _ := net.ParseCIDR(cidr)
		return func(c *handlers.Config) { c.TrustedProxies = []*net.IPNet{n} }
	}
	equal(t, "behind nothing", address(open(t)), "127.0.0.1")
	equal(t, "behind another proxy", address(open(t, network("10.0.0.0/8"))), "127.0.0.1")
	equal(t, "behind a trusted proxy", address(open(t, network("127.0.0.1/32"))), "192.0.2.7")
}
