package handlers_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"

	"charla/handlers"
)

// phrase is a password that nobody has on a list.
const phrase = "tres tristes tigres"

// register joins as a browser does.
func (b *browser) register(name, email string) *browser {
	b.t.Helper()
	b.post("/register", []string{"name", name, "email", email, "password", phrase}).to("/chat")
	b.user.ID = decode[overview](b.get("/chat", asJSON).is(200)).Me.ID
	return b
}

// overview is GET /chat as programs see it.
type overview struct {
	Me     someone
	People []someone
	Rooms  []room
}

type someone struct {
	ID     int64
	Name   string
	Online bool
	Unread int
	Bot    bool
}

func TestFrontDoor(t *testing.T) {
	t.Parallel()
	s := open(t)
	guest := s.guest()
	guest.get("/").to("/login")
	s.person("Ana").get("/").to("/chat")
	guest.get("/login").is(200).has(`action="/login"`, `href="/register"`)
	guest.get("/register").is(200).has(`action="/register"`, `href="/login"`)

	t.Run("a deep link is returned to", func(t *testing.T) {
		ana := s.guest().in(t).register("Ana", "deep@example.org")
		for _, link := range []string{"/chat?q=b%26c", "/messages?room=1&before=5", "/messages/1", "/settings"} {
			guest := s.guest().in(t)
			login := guest.get(link).is(303).header.Get("Location")
			page := guest.get(login).is(200).body
			contains(t, page, `name="next" value="`+strings.ReplaceAll(link, "&", "&amp;")+`"`)
			u, _ := url.Parse(login)
			equal(t, "next", u.Query().Get("next"), link)
			guest.post("/login", []string{"email", "deep@example.org", "password", phrase, "next", u.Query().Get("next")}).to(link)
			ana.get(login).to(link)
		}
		s.guest().in(t).post("/messages", []string{"room", "1", "body", "x"}).to("/login")
	})

	t.Run("a foreign place is not gone to", func(t *testing.T) {
		signedIn := s.person("Berta").in(t)
		for _, next := range foreign {
			guest := s.guest().in(t)
			guest.post("/login", []string{"email", "deep@example.org", "password", phrase, "next", next}).to("/chat")
			signedIn.get("/login?next=" + url.QueryEscape(next)).to("/chat")
		}
	})

	t.Run("a page that htmx asks for goes to log-in as a whole", func(t *testing.T) {
		answer := s.guest().in(t).get("/messages?room=1", asHTMX).is(200)
		equal(t, "HX-Redirect", answer.header.Get("HX-Redirect"), "/login?next=%2Fmessages%3Froom%3D1")
		equal(t, "after a session", s.guest().in(t).get("/login?ended=1", asHTMX, "HX-Current-URL: http://here.example/messages?room=1").is(200).header.Get("HX-Redirect"), "/login?ended=1&next=%2Fmessages%3Froom%3D1")
		s.guest().in(t).get("/login?ended=1&next=/rooms").is(200).has("You are signed out. Log in again to go on.", `name="next" value="/rooms"`)
		s.guest().in(t).get("/login").is(200).lacks("You are signed out.")
		equal(t, "HX-Redirect", s.guest().in(t).get("/login", asHTMX).is(200).header.Get("HX-Redirect"), "/login")
		equal(t, "HX-Redirect", s.person("Carla").in(t).get("/login", asHTMX).is(200).header.Get("HX-Redirect"), "/chat")
	})
}

var foreign = []string{
	"https://evil.example/", "//evil.example/", "/\\evil.example/", "\\\\evil.example", "javascript:alert(1)", "data:text/html,x", "evil",
	"/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/%5cevil.example", "/%2f/evil.example", "http:/evil.example", "https:evil.example",
	"//evil.example\\@here", "///evil.example", "/\x00", "?x", "#x", "", "/a\r\nSet-Cookie: x=y", "/%zz",
}

// FuzzOwnPath holds that log-in never leads away: whatever comes, the way on is a path of this site to a browser, which
// takes \ for / and drops tabs and line ends.
func FuzzOwnPath(f *testing.F) {
	for _, next := range append(foreign, "/chat", "/messages?with=2&before=3", "/é ñ?q=á b", "/a#b", "/a/../b", "/./\\x", "/%2e%2e//x") {
		f.Add(next)
	}
	here, _ := url.Parse("http://here.example/login")
	f.Fuzz(func(t *testing.T, next string) {
		path := handlers.OwnPath(next)
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "\\\r\n\t\x00") || strings.HasPrefix(path, "//") {
			t.Fatalf("%q leads to %q", next, path)
		}
		u, err := here.Parse(path)
		if err != nil || u.Host != here.Host || u.Scheme != here.Scheme {
			t.Fatalf("%q leads to %q, which is %v, %v", next, path, u, err)
		}
		if again := handlers.OwnPath(path); again != path {
			t.Fatalf("%q leads to %q, and that to %q", next, path, again)
		}
	})
}

func TestRegister(t *testing.T) {
	t.Parallel()
	s := open(t)
	first := s.guest().register("  Ana   María ", "Ana@Example.org")
	equal(t, "admins", s.count(`SELECT COUNT(*) FROM users WHERE role = 'admin' AND id = $1`, first.user.ID), 1)
	me := decode[overview](first.get("/chat", asJSON))
	equal(t, "the name", me.Me.Name, "Ana María")
	equal(t, "rooms", len(me.Rooms), 1)
	equal(t, "the room", me.Rooms[0].Name, "General")

	second := s.guest().register("Berta", "berta@example.org")
	equal(t, "admins", s.count(`SELECT COUNT(*) FROM users WHERE role = 'admin'`), 1)
	first.say(second.with(), "hello")

	t.Run("as a program", func(t *testing.T) {
		b := s.guest().in(t)
		p := decode[someone](b.postJSON("/register", map[string]string{"name": "Prog", "email": "prog@example.org", "password": phrase}).is(201))
		equal(t, "the name", p.Name, "Prog")
		equal(t, "me", decode[overview](b.get("/chat", asJSON).is(200)).Me.ID, p.ID)
	})

	t.Run("the same address in another form", func(t *testing.T) {
		s.guest().in(t).register("José", "jos\u00e9@example.org")
		for _, email := range []string{"ana@example.org", " ANA@EXAMPLE.ORG ", "ana@example.ORG", "JOSE\u0301@example.org", "jos\u00c9@example.org"} {
			fields := []string{"name", "X", "email", email, "password", phrase}
			s.guest().in(t).post("/register", fields).is(409).has(`id="email-err"`, "Log in instead", `value="X"`)
			s.guest().in(t).post("/register", fields, asJSON).failed(409, "conflict", "email")
		}
	})

	t.Run("what is wrong stands beside its field", func(t *testing.T) {
		before := s.count(`SELECT COUNT(*) FROM users`)
		fields := []string{"name", " ", "email", "nobody<at>", "password", "sh0rt!"}
		page := s.guest().in(t).post("/register", fields).is(422)
		page.has("<!doctype html>", `id="name-err"`, `id="email-err"`, `id="password-err"`, `value="nobody&lt;at&gt;"`, `aria-invalid="true"`).lacks("sh0rt!")
		s.guest().in(t).post("/register", fields, asHTMX).is(422).has(`id="name-err"`, `id="password-err"`, `<form`).lacks("<html", "sh0rt!")
		s.guest().in(t).post("/register", []string{"name", "N", "email", "e@example.org", "password", ""}, asJSON).failed(422, "invalid", "password")
		s.guest().in(t).post("/register", []string{"email", "e@example.org", "password", phrase}, asJSON).failed(422, "invalid", "name")
		equal(t, "people", s.count(`SELECT COUNT(*) FROM users`), before)
		equal(t, "a session", len(page.header.Values("Set-Cookie")), 0)
	})

	t.Run("names", func(t *testing.T) {
		for _, name := range []string{
			strings.Repeat("n", 41), "a\u200bb", "a\u202eb", "\u2066a", "a\u200fb", "a\x07b", "a\x00b", "a\xffb", "Z\u0351\u0352\u0353\u0354a", "\u3164", "\u2800", "\ufeff",
		} {
			s.guest().in(t).post("/register", []string{"name", name, "email", "n@example.org", "password", phrase}, asJSON).failed(422, "invalid", "name")
		}
		s.guest().in(t).register(strings.Repeat("é", 40), "forty@example.org")
		s.guest().in(t).register(`</li><script>alert(1)</script>`, "script@example.org").get("/chat").is(200).lacks("<script>alert").has("&lt;script&gt;")
	})

	t.Run("passwords", func(t *testing.T) {
		for _, password := range []string{"password", "PassWord1", "12345678", "aaaaaaaaaa", "1234567", strings.Repeat("x7", 513), "pw@example.org", "nul\x00nulnul", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8"} {
			s.guest().in(t).post("/register", []string{"name", "P", "email", "pw@example.org", "password", password}, asJSON).failed(422, "invalid", "password")
		}
	})
}

func TestTwentyRegistrationsOfOneAddress(t *testing.T) {
	t.Parallel()
	s := open(t)
	answers := make([]*answer, 20)
	var all sync.WaitGroup
	for i := range answers {
		email := "one@example.org"
		if i%2 == 1 {
			email = "ONE@Example.org"
		}
		b := s.guest()
		all.Go(func() {
			for answers[i] == nil || answers[i].status == 429 { // a slow machine sends some away until there is a turn for their hash
				answers[i] = b.post("/register", []string{"name", "One", "email", email, "password", phrase}, asJSON)
			}
		})
	}
	all.Wait()
	made := 0
	for _, a := range answers {
		if a.status == 201 {
			made++
		} else {
			a.failed(409, "conflict", "email")
		}
	}
	equal(t, "accounts made", made, 1)
	equal(t, "accounts kept", s.count(`SELECT COUNT(*) FROM users`), 1)
	equal(t, "members of General", s.count(`SELECT COUNT(*) FROM members`), 1)
	equal(t, "changes of General", s.count(`SELECT last_seq FROM rooms WHERE id = 1`), 1)
}
