package handlers_test

import (
	"strings"
	"sync"
	"testing"
)

// testPassword is a password that is on no list of common ones.
const testPassword = "tres tristes tigres"

// register signs up as a browser does.
func (b *client) register(name, email string) *client {
	b.t.Helper()
	b.post("/register", []string{"name", name, "email", email, "password", testPassword}).redirectsTo("/chat")
	b.user.ID = decode[overviewInfo](b.get("/chat", asJSON).is(200)).Me.ID
	return b
}

// overviewInfo is the answer to GET /chat as programs receive it.
type overviewInfo struct {
	Me        personInfo
	People    []personInfo
	Rooms     []roomInfo
	Checklist []struct {
		Step string
		Done bool
	}
}

type personInfo struct {
	ID     int64
	Name   string
	Handle string
	Online bool
	Unread int
	Bot    bool
	levelInfo
}

func TestRegister(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	first := s.anonymous().register("  Ana   María ", "Ana@Example.org")
	equal(t, "admins", s.count(`SELECT COUNT(*) FROM users WHERE role = 'owner' AND id = $1`, first.user.ID), 1)
	me := decode[overviewInfo](first.get("/chat", asJSON))
	equal(t, "the name", me.Me.Name, "Ana María")
	equal(t, "rooms", len(me.Rooms), 1)
	equal(t, "the room", me.Rooms[0].Name, "General")

	second := s.anonymous().register("Berta", "berta@example.org")
	equal(t, "admins", s.count(`SELECT COUNT(*) FROM users WHERE role = 'owner'`), 1)
	first.sendMessage(second.peerQuery(), "hello")

	t.Run("as a program", func(t *testing.T) {
		b := s.anonymous().withT(t)
		p := decode[personInfo](
			b.postJSON("/register", map[string]string{"name": "Prog", "email": "prog@example.org", "password": testPassword}).
				is(201),
		)
		equal(t, "the name", p.Name, "Prog")
		equal(t, "me", decode[overviewInfo](b.get("/chat", asJSON).is(200)).Me.ID, p.ID)
	})

	t.Run("an address that is in use, written differently", func(t *testing.T) {
		s.anonymous().withT(t).register("José", "jos\u00e9@example.org")
		for _, email := range []string{"ana@example.org", " ANA@EXAMPLE.ORG ", "ana@example.ORG", "JOSE\u0301@example.org", "jos\u00c9@example.org"} {
			fields := []string{"name", "X", "email", email, "password", testPassword}
			s.anonymous().withT(t).post("/register", fields).is(409).shows("#email-error", "Sign in instead").
				shows("[value=X]")
			s.anonymous().withT(t).post("/register", fields, asJSON).isError(409, "conflict", "email")
		}
	})

	t.Run("errors are shown beside their fields", func(t *testing.T) {
		before := s.count(`SELECT COUNT(*) FROM users`)
		fields := []string{"name", " ", "email", "nobody<at>", "password", "sh0rt!"}
		page := s.anonymous().withT(t).post("/register", fields).is(422)
		page.isPage().shows("#name-error").shows("#email-error").shows("#password-error").lacks("sh0rt!").
			shows("[value='nobody<at>'][aria-invalid=true]")
		s.anonymous().withT(t).post("/register", fields, asHTMX).is(422).isFragment().lacks("sh0rt!").
			shows("form #name-error").shows("form #password-error")
		s.anonymous().withT(t).
			post("/register", []string{"name", "N", "email", "e@example.org", "password", ""}, asJSON).
			isError(422, "invalid", "password")
		s.anonymous().withT(t).post("/register", []string{"email", "e@example.org", "password", testPassword}, asJSON).
			isError(422, "invalid", "name")
		equal(t, "people", s.count(`SELECT COUNT(*) FROM users`), before)
		equal(t, "a session", len(page.header.Values("Set-Cookie")), 0)
	})

	t.Run("names", func(t *testing.T) {
		for _, name := range []string{
			strings.Repeat("n", 41), "a\u200bb", "a\u202eb", "\u2066a", "a\u200fb", "a\x07b", "a\x00b", "a\xffb", "Z\u0351\u0352\u0353\u0354a", "\u3164", "\u2800", "\ufeff",
		} {
			s.anonymous().withT(t).
				post("/register", []string{"name", name, "email", "n@example.org", "password", testPassword}, asJSON).
				isError(422, "invalid", "name")
		}
		s.anonymous().withT(t).register(strings.Repeat("é", 40), "forty@example.org")
		s.anonymous().withT(t).register(`</li><script>alert(1)</script>`, "script@example.org").get("/chat").is(200).
			lacks("<script>alert").has("&lt;script&gt;")
	})

	t.Run("passwords", func(t *testing.T) {
		for _, password := range []string{"password", "PassWord1", "12345678", "aaaaaaaaaa", "1234567", strings.Repeat("x7", 513), "pw@example.org", "nul\x00nulnul", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8"} {
			s.anonymous().withT(t).
				post("/register", []string{"name", "P", "email", "pw@example.org", "password", password}, asJSON).
				isError(422, "invalid", "password")
		}
	})
}

func TestConcurrentRegistrationsOfOneAddress(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	answers := make([]*answer, 20)
	var all sync.WaitGroup
	for i := range answers {
		email := "one@example.org"
		if i%2 == 1 {
			email = "ONE@Example.org"
		}
		b := s.anonymous()
		all.Go(func() {
			// A slow machine refuses requests until it has computed the hashes of others.
			for answers[i] == nil || answers[i].status == 429 {
				answers[i] = b.post("/register", []string{"name", "One", "email", email, "password", testPassword},
					asJSON)
			}
		})
	}
	all.Wait()
	made := 0
	for _, a := range answers {
		if a.status == 201 {
			made++
		} else {
			a.isError(409, "conflict", "email")
		}
	}
	equal(t, "accounts made", made, 1)
	equal(t, "accounts kept", s.count(`SELECT COUNT(*) FROM users`), 1)
	equal(t, "members of General", s.count(`SELECT COUNT(*) FROM members`), 1)
	equal(t, "changes of General", s.count(`SELECT last_seq FROM rooms WHERE id = 1`), 1)
}

func TestRegistrationNeedsConfirmation(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		b := a.anonymous().withT(t)
		form := []string{"name", "Ana", "email", "ana@example.org", "password", testPassword}
		b.post("/register", form, "X-Forwarded-Host: evil.example.net", "Accept-Language: es").
			redirectsTo("/register?sent=1")
		equal(t, "cookies", len(b.cookies), 0)
		equal(t, "accounts", a.count(`SELECT COUNT(*) FROM users`), 0)
		b.get("/register?sent=1").is(200).has("Check your e-mail")

		email := a.deliverOne(t, "ana@example.org")
		equal(t, "subject", email.Subject, "Confirma tu correo")
		shows(t, email.HTML, "html[lang=es]")
		path := linkIn(t, email)
		equal(
			t,
			"tokens at rest",
			a.count(`SELECT COUNT(*) FROM notifications`)+a.count(`SELECT COUNT(*) FROM email_tokens WHERE hash = $1`,
				path[len("/confirm/"):]),
			0,
		)

		b.logIn("ana@example.org", testPassword).is(401).has("Confirm your e-mail address first")
		wrong, unknown := b.logIn("ana@example.org", "not this one", asJSON), b.logIn("nobody@example.org",
			"not this one", asJSON)
		equal(t, "another password", wrong.body, unknown.body)
		// The attempt to log in sends the link again.
		equal(t, "the link is new", linkIn(t, a.deliverOne(t, "ana@example.org")) != path, true)

		for range 3 { // mail programs may open links before the user does
			page := b.get(path).is(200)
			equal(t, "Cache-Control", page.header.Get("Cache-Control"), "private, no-store")
			equal(t, "Referrer-Policy", page.header.Get("Referrer-Policy"), "same-origin")
			b.do("HEAD", path, nil).is(200)
		}
		b.post(path, []string{"password", "not this one"}).is(422).has("the password that you chose when you signed up")
		b.post(path, []string{"password", testPassword}).redirectsTo("/chat")
		b.get("/chat").is(200)
		equal(t, "the first is admin",
			a.count(`SELECT COUNT(*) FROM users WHERE role = 'owner' AND email_confirmed_at > 0`), 1)
		b.post(path, []string{"password", testPassword}).is(404).has("already used")
		a.anonymous().withT(t).get(path).is(404)
		a.anonymous().withT(t).get(path, asJSON).isError(406, "not_acceptable", "")
		equal(t, "left over",
			a.count(`SELECT COUNT(*) FROM pending_registrations`)+a.count(`SELECT COUNT(*) FROM email_tokens`), 0)
		a.anonymous().withT(t).logIn("ana@example.org", testPassword).redirectsTo("/chat")
	})
}

func TestUnconfirmedRegistrationExpires(t *testing.T) {
	t.Parallel()
	a := withNotifications(t, openSQLite(t, withMedia))
	form := []string{"name", "Ana", "email", "ana@example.org", "password", testPassword}
	a.anonymous().post("/register", form).is(303)
	path := linkIn(t, a.deliverOne(t, "ana@example.org"))
	a.exec(`UPDATE email_tokens SET expires_at = 1`)
	a.exec(`UPDATE pending_registrations SET created_at = 1`)
	a.anonymous().get(path).is(404)
	a.anonymous().post(path, []string{"password", testPassword}).is(404)
	a.anonymous().logIn("ana@example.org", testPassword).is(401).lacks("Confirm your e-mail")
	if err := a.chat.PruneNotifications(t.Context()); err != nil {
		t.Fatal(err)
	}
	equal(t, "registrations", a.count(`SELECT COUNT(*) FROM pending_registrations`), 0)
	a.anonymous().post("/register", form).is(303)
	b := a.anonymous()
	b.post(linkIn(t, a.deliverOne(t, "ana@example.org")), []string{"password", testPassword}).redirectsTo("/chat")
}

// A stranger registers with an address that is not theirs. Its owner must not confirm the account with the stranger's
// password by opening the link.
func TestConfirmationNeedsPassword(t *testing.T) {
	t.Parallel()
	a := withNotifications(t, openSQLite(t, withMedia))
	a.anonymous().
		post("/register", []string{"name", "Mallory", "email", "ana@example.org", "password", "the password of mallory"}).
		is(303)
	theirs := a.deliverOne(t, "ana@example.org")
	lacks(t, theirs.Raw, "Mallory")
	a.anonymous().post("/register", []string{"name", "Ana", "email", "ana@example.org", "password", testPassword}).
		is(303)
	mine := a.deliverOne(t, "ana@example.org")
	a.anonymous().post(linkIn(t, theirs), []string{"password", testPassword}).is(422)
	a.anonymous().post(linkIn(t, mine), []string{"password", testPassword}).redirectsTo("/chat")
	a.anonymous().post(linkIn(t, theirs), []string{"password", "the password of mallory"}).is(404)
	equal(t, "accounts", a.count(`SELECT COUNT(*) FROM users WHERE name = 'Ana'`), 1)
}

func TestRegistrationDoesNotRevealKnownAddress(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		a.newUser("Ana")
		a.exec(`UPDATE users SET email = 'ana@example.org', email_key = 'ana@example.org', locale = 'es'`)
		ask := func(email string, headers ...string) *answer {
			return a.anonymous().withT(t).
				post("/register", []string{"name", "Ana", "email", email, "password", testPassword}, headers...)
		}
		for _, headers := range [][]string{nil, {asHTMX}, {asJSON}} {
			known, fresh := ask("ANA@example.org", headers...), ask("berta@example.org", headers...)
			equal(t, "status", known.status, fresh.status)
			equal(t, "body", withoutNonces(known.body), withoutNonces(fresh.body))
			equal(t, "Location", known.header.Get("Location"), fresh.header.Get("Location"))
		}
		told := 0
		for _, l := range a.deliverAll(t) {
			if l.To == "ana@example.org" {
				told++
				contains(t, l.Subject, "Alguien intentó usar tu correo")
				lacks(t, l.Raw, "/confirm/")
			}
		}
		equal(t, "e-mails to the owner", told, 3)
		ask("not an address").is(422)
	})
}
