package handlers_test

import (
	"fmt"
	"sync"
	"testing"

	"charla/db/dbtest"
)

// withSetup makes the server require the set-up link for the first account.
func withSetup(o *serverOptions) { o.NeedsSetup = true }

// setupPath returns the path of the set-up link.
func (s *testServer) setupPath() string {
	s.t.Helper()
	token, err := s.chat.SetupToken(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return "/setup/" + token
}

func TestSetup(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, withSetup)
	form := []string{"name", "Ana", "email", "ana@example.org", "password", testPassword}
	s.anonymous().get("/register").is(403).has("charla setup-link")
	s.anonymous().post("/register", form).is(403).has("charla setup-link")
	s.anonymous().post("/register", form, asJSON).isError(403, "forbidden", "")
	path := s.setupPath()
	s.anonymous().get("/setup/wrong").is(404)
	s.anonymous().post("/setup/wrong", form, asJSON).isError(404, "not_found", "")
	s.anonymous().get(path, "Accept-Language: es").is(200).shows("form[action='" + path + "'] [name=password]").
		has("Configura tu comunidad")
	wrong := []string{"name", "Ana", "email", "nobody", "password", "short"}
	s.anonymous().post(path, wrong).is(422).shows("#email-error").shows("[name=name][value=Ana]")
	s.anonymous().post(path, wrong, asHTMX).is(422).isFragment().shows("form[action='" + path + "'] #password-error")
	equal(t, "people", s.count(`SELECT COUNT(*) FROM users`), 0)

	ana := s.anonymous()
	ana.post(path, form).redirectsTo("/chat")
	ana.get("/people").is(200)
	equal(t, "owners", s.count(`SELECT COUNT(*) FROM users WHERE role = 'owner'`), 1)
	s.anonymous().get(path).is(404)
	s.anonymous().post(path, form).is(409)
	s.anonymous().post(path, form, asJSON).isError(409, "conflict", "")
	s.anonymous().register("Berta", "berta@example.org")
}

// The first account needs no confirmation of its e-mail address, because the link proves who the owner is.
func TestSetupWithEmail(t *testing.T) {
	t.Parallel()
	a := withNotifications(t, openSQLite(t, withMedia, withSetup))
	form := map[string]string{"name": "Ana", "email": "ana@example.org", "password": testPassword}
	a.anonymous().postJSON("/register", form).isError(403, "forbidden", "")
	ana := a.anonymous()
	equal(t, "the name", decode[personInfo](ana.postJSON(a.setupPath(), form).is(201)).Name, "Ana")
	ana.get("/chat").is(200)
}

// Of many set-ups at the same time, on several nodes, one makes an account.
func TestConcurrentSetups(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	sqlite := openSQLite(t, withSetup, withRateLimits)
	for name, nodes := range map[string][]*testServer{
		"SQLite":     {sqlite},
		"PostgreSQL": {openPostgres(t, url, withSetup, withRateLimits), openPostgres(t, url, withSetup, withRateLimits)},
	} {
		t.Run(name, func(t *testing.T) {
			path := nodes[0].setupPath()
			equal(t, "the link of another node", nodes[len(nodes)-1].setupPath(), path)
			answers := make([]*answer, 50)
			var all sync.WaitGroup
			for i := range answers {
				b := nodes[i%len(nodes)].anonymous().withT(t)
				email := fmt.Sprintf("ana%d@example.org", i%40) // some are the same
				all.Go(func() {
					answers[i] = b.post(path, []string{"name", "Ana", "email", email, "password", testPassword}, asJSON)
				})
			}
			all.Wait()
			made := 0
			for _, a := range answers {
				if a.status == 201 {
					made++
				} else {
					a.isError(409, "conflict", "")
				}
			}
			equal(t, "accounts made", made, 1)
			equal(t, "accounts", nodes[0].count(`SELECT COUNT(*) FROM users`), 1)
			equal(t, "owners", nodes[0].count(`SELECT COUNT(*) FROM users WHERE role = 'owner'`), 1)
		})
	}
}
