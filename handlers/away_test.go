package handlers_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"sync"
	"testing"
	"time"

	"charla/chat"
	outside "charla/courier"
	"charla/db/dbtest"
	"charla/mail/mailtest"
	"charla/push"
)

// away is a site that reaches people who are away, over real servers.
type away struct {
	*site
	*outside.Courier
	mail *mailtest.Server
	ntfy *ntfy
}

// reaching opens the roads of a site. Nothing runs by itself: a test says when the courier goes.
func reaching(t testing.TB, s *site) *away {
	t.Helper()
	a := &away{site: s, mail: mailtest.New(t, true), ntfy: newNtfy(t)}
	server, err := push.Parse(a.ntfy.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	base, _ := url.Parse("https://chat.example.org")
	a.Courier = &outside.Courier{Chat: s.chat, Here: s.hub, Base: base, Zone: time.UTC, Mail: a.mail.Sender(t), Push: server}
	s.chat.Open(a.Reach())
	return a
}

// both runs a test on each database.
func both(t *testing.T, test func(*testing.T, *away)) {
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); test(t, reaching(t, open(t))) })
	t.Run("PostgreSQL", func(t *testing.T) { t.Parallel(); test(t, reaching(t, openPostgres(t, dbtest.Postgres(t)))) })
}

// delivers lets the courier go once and returns the letters that it brought.
func (a *away) delivers(t testing.TB) []mailtest.Letter {
	t.Helper()
	before := len(a.mail.Letters())
	for _, road := range []chat.Road{chat.ByMail, chat.ByPush} {
		a.exec(`UPDATE looks SET until = 0`)
		a.Look(t.Context(), road)
		a.Deliver(t.Context(), road)
	}
	return a.mail.Letters()[before:]
}

// delivery is one letter to one person.
func (a *away) delivery(t testing.TB, to string) mailtest.Letter {
	t.Helper()
	letters := a.delivers(t)
	if len(letters) != 1 || letters[0].To != to {
		t.Fatalf("want one letter to %s, got %+v", to, letters)
	}
	return letters[0]
}

var linkPattern = regexp.MustCompile(`https://chat\.example\.org(/(?:confirm|reset|email|unsubscribe)/[-_A-Za-z0-9]+)`)

// link is the path of the link in a letter, which says the same in both forms.
func link(t testing.TB, l mailtest.Letter) string {
	t.Helper()
	found := linkPattern.FindStringSubmatch(l.Text)
	if found == nil {
		t.Fatalf("no link in:\n%s", l.Text)
	}
	contains(t, l.HTML, `href="`+found[0]+`"`)
	return found[1]
}

// ntfy is a server that speaks the protocol of ntfy: notes are published as JSON to its root.
type ntfy struct {
	*httptest.Server

	mu     sync.Mutex // guards all below
	notes  []push.Note
	status int
	tries  int
	stall  chan struct{} // or nil: it answers nothing before this is closed
}

func newNtfy(t testing.TB) *ntfy {
	n := &ntfy{status: http.StatusOK}
	n.Server = httptest.NewServer(n)
	t.Cleanup(n.Close)
	return n
}

func (n *ntfy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	n.tries++
	stall := n.stall
	n.mu.Unlock()
	if stall != nil {
		<-stall
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	var note push.Note
	body, _ := io.ReadAll(r.Body)
	if r.Method != http.MethodPost || r.URL.Path != "/" || json.Unmarshal(body, &note) != nil || note.Topic == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if n.status == http.StatusOK {
		n.notes = append(n.notes, note)
	}
	w.WriteHeader(n.status)
}

func (n *ntfy) answer(status int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.status = status
}

// took returns the notes since it was asked last.
func (n *ntfy) took() []push.Note {
	n.mu.Lock()
	defer n.mu.Unlock()
	notes := n.notes
	n.notes = nil
	return notes
}

func TestRegisteringTakesAnEMail(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, a *away) {
		b := a.guest().in(t)
		form := []string{"name", "Ana", "email", "ana@example.org", "password", phrase}
		b.post("/register", form, "X-Forwarded-Host: evil.example.net", "Accept-Language: es").to("/register?sent=1")
		equal(t, "cookies", len(b.cookies), 0)
		equal(t, "accounts", a.count(`SELECT COUNT(*) FROM users`), 0)
		b.get("/register?sent=1").is(200).has("Look into your e-mail")

		letter := a.delivery(t, "ana@example.org")
		equal(t, "subject", letter.Subject, "Confirma tu dirección")
		contains(t, letter.HTML, `<html lang="es">`)
		path := link(t, letter)
		equal(t, "tokens at rest", a.count(`SELECT COUNT(*) FROM outbox`)+a.count(`SELECT COUNT(*) FROM tickets WHERE hash = $1`, path[len("/confirm/"):]), 0)

		b.logIn("ana@example.org", phrase).is(401).has("Confirm your address first")
		wrong, unknown := b.logIn("ana@example.org", "not this one", asJSON), b.logIn("nobody@example.org", "not this one", asJSON)
		equal(t, "another password", wrong.body, unknown.body)
		equal(t, "again", link(t, a.delivery(t, "ana@example.org")) != path, true) // the log-in had it sent again

		for range 3 { // programs that look at links
			page := b.get(path).is(200)
			equal(t, "Cache-Control", page.header.Get("Cache-Control"), "private, no-store")
			equal(t, "Referrer-Policy", page.header.Get("Referrer-Policy"), "same-origin")
			b.do("HEAD", path, nil).is(200)
		}
		b.post(path, []string{"password", "not this one"}).is(422).has("not the password")
		b.post(path, []string{"password", phrase}).to("/chat")
		b.get("/chat").is(200)
		equal(t, "the first is admin", a.count(`SELECT COUNT(*) FROM users WHERE role = 'admin' AND confirmed_at > 0`), 1)
		b.post(path, []string{"password", phrase}).is(404).has("used already")
		a.guest().in(t).get(path).is(404)
		a.guest().in(t).get(path, asJSON).failed(406, "not_acceptable", "")
		equal(t, "left over", a.count(`SELECT COUNT(*) FROM registrations`)+a.count(`SELECT COUNT(*) FROM tickets`), 0)
		a.guest().in(t).logIn("ana@example.org", phrase).to("/chat")
	})
}

func TestAnUnconfirmedRegistrationFreesItsAddress(t *testing.T) {
	t.Parallel()
	a := reaching(t, open(t))
	form := []string{"name", "Ana", "email", "ana@example.org", "password", phrase}
	a.guest().post("/register", form).is(303)
	path := link(t, a.delivery(t, "ana@example.org"))
	a.exec(`UPDATE tickets SET expires_at = 1`)
	a.exec(`UPDATE registrations SET created_at = 1`)
	a.guest().get(path).is(404)
	a.guest().post(path, []string{"password", phrase}).is(404)
	a.guest().logIn("ana@example.org", phrase).is(401).lacks("Confirm your address")
	if err := a.chat.PruneOutbox(t.Context()); err != nil {
		t.Fatal(err)
	}
	equal(t, "registrations", a.count(`SELECT COUNT(*) FROM registrations`), 0)
	a.guest().post("/register", form).is(303)
	b := a.guest()
	b.post(link(t, a.delivery(t, "ana@example.org")), []string{"password", phrase}).to("/chat")
}

// Somebody registers with an address that is not theirs, and its owner opens the link: that must not open an account with
// the stranger's password.
func TestTheLinkAloneOpensNoAccountOfAStranger(t *testing.T) {
	t.Parallel()
	a := reaching(t, open(t))
	a.guest().post("/register", []string{"name", "Mallory", "email", "ana@example.org", "password", "the password of mallory"}).is(303)
	theirs := a.delivery(t, "ana@example.org")
	lacks(t, theirs.Raw, "Mallory")
	a.guest().post("/register", []string{"name", "Ana", "email", "ana@example.org", "password", phrase}).is(303)
	mine := a.delivery(t, "ana@example.org")
	a.guest().post(link(t, theirs), []string{"password", phrase}).is(422)
	a.guest().post(link(t, mine), []string{"password", phrase}).to("/chat")
	a.guest().post(link(t, theirs), []string{"password", "the password of mallory"}).is(404)
	equal(t, "accounts", a.count(`SELECT COUNT(*) FROM users WHERE name = 'Ana'`), 1)
}

func TestRegisteringAKnownAddressTellsNothing(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, a *away) {
		a.person("Ana")
		a.exec(`UPDATE users SET email = 'ana@example.org', email_key = 'ana@example.org', locale = 'es'`)
		ask := func(email string, headers ...string) *answer {
			return a.guest().in(t).post("/register", []string{"name", "Ana", "email", email, "password", phrase}, headers...)
		}
		for _, headers := range [][]string{nil, {asHTMX}, {asJSON}} {
			known, fresh := ask("ANA@example.org", headers...), ask("berta@example.org", headers...)
			equal(t, "status", known.status, fresh.status)
			equal(t, "body", anonymous(known.body), anonymous(fresh.body))
			equal(t, "Location", known.header.Get("Location"), fresh.header.Get("Location"))
		}
		told := 0
		for _, l := range a.delivers(t) {
			if l.To == "ana@example.org" {
				told++
				contains(t, l.Subject, "Alguien usó tu dirección")
				lacks(t, l.Raw, "/confirm/")
			}
		}
		equal(t, "letters to the owner", told, 3)
		ask("not an address").is(422)
	})
}
