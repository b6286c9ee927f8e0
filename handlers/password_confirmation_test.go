package handlers_test

import (
	"testing"

	"charla/db/dbtest"
)

// registerAged signs a person up and lets 16 minutes pass, so that the password is needed again.
func registerAged(s *testServer) *client {
	ana := s.anonymous().register("Ana", "ana@example.org")
	s.agePasswords()
	return ana
}

// agePasswords lets 16 minutes pass since the password was last given in any session.
func (s *testServer) agePasswords() {
	s.exec(`UPDATE sessions SET password_at = password_at - 960000000`)
}

func TestExportAsksForPassword(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana := registerAged(s)
		page := ana.get("/settings/export").is(403).has("more than 15 minutes ago").
			shows("form[method=post][action='/settings/export'] input[type=password][name=password][autofocus]")
		page.hides(".field__error")
		ana.get("/settings/export", "Accept-Language: es").is(403).has("Escribe tu contraseña")
		ana.get("/settings/export", asJSON).isError(403, "password_required", "password")
		ana.post("/settings/export", nil, asJSON).isError(403, "password_required", "password")
		ana.post("/settings/export", []string{"password", "wrong one"}).is(422).has("Wrong password.").lacks("wrong one").
			shows("form[action='/settings/export'] input[type=password]")
		ana.postJSON("/settings/export", map[string]string{"password": "wrong one"}).isError(422, "invalid", "password")
		ana.get("/settings/export", asJSON).isError(403, "password_required", "password")

		download := ana.post("/settings/export", []string{"password", testPassword}).is(200)
		equal(t, "type", download.header.Get("Content-Type"), "application/zip")
		unzip(t, []byte(download.body))
		ana.get("/settings/export").is(200) // the password is recent now, also in another request
		other := s.anonymous()
		other.logIn("ana@example.org", testPassword).is(303)
		s.exec(`UPDATE sessions SET password_at = 0 WHERE id = (SELECT MIN(id) FROM sessions)`)
		other.get("/settings/export").is(200) // each session has its own time
		ana.get("/settings/export").is(403)
	})
}

func TestEndingOtherSessionsAsksForPassword(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana := registerAged(s)
		other, third := s.anonymous(), s.anonymous()
		other.logIn("ana@example.org", testPassword).is(303)
		third.logIn("ana@example.org", testPassword).is(303)
		s.agePasswords()
		path := "/sessions/" + formatID(s.count(`SELECT MAX(id) FROM sessions`)) + "/end"
		ana.post(path, nil, asJSON).isError(403, "password_required", "password")
		ana.post("/sessions/end-others", nil, asJSON).isError(403, "password_required", "password")
		ana.post(path, nil).is(403).shows("form[method=post][action='" + path + "'] [name=password]")
		ana.post(path, []string{"password", "wrong one"}).is(422).has("Wrong password.")
		third.get("/chat").is(200)
		ana.post(path, []string{"password", testPassword}).redirectsTo("/sessions")
		third.get("/chat").is(303)

		s.agePasswords()
		ana.post("/sessions/end-others", nil).is(403).shows("form[action='/sessions/end-others'] [name=password]")
		ana.postJSON("/sessions/end-others", map[string]string{"password": testPassword}).is(204)
		other.get("/chat").is(303)
		s.agePasswords()
		own := "/sessions/" + formatID(s.count(`SELECT MIN(id) FROM sessions`)) + "/end"
		ana.post(own, nil).is(303) // like signing out
		ana.get("/chat").is(303)
	})
}

// TestPasswordIsRecentAfterChange checks that a new password, which needs the old one, counts as giving it.
func TestPasswordIsRecentAfterChange(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := registerAged(s)
	change := []string{"current", testPassword, "password", testPassword + " too"}
	ana.post("/settings/password", change, asJSON).is(204)
	ana.get("/settings/export").is(200)
}

// TestProgramsSendPassword checks that programs need a recent password too, and that bots, which have none, do not.
func TestProgramsSendPassword(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := registerAged(s)
	bot := ana.createBot("Robot")
	bot.get("/settings/export").is(200)
	given := decodeLoosely[struct {
		Token string `json:"access_token"`
	}](s.anonymous().post("/tokens", []string{"email", "ana@example.org", "password", testPassword}).is(201))
	program := s.anonymous().withToken(t, given.Token)
	program.get("/settings/export").is(200)
	s.agePasswords()
	program.get("/settings/export").isError(403, "password_required", "password")
	program.postJSON("/sessions/end-others", "{}").isError(403, "password_required", "password")
	program.postJSON("/sessions/end-others", map[string]string{"password": testPassword}).is(204)
	program.get("/settings/export").is(200)
	ana.get("/chat").is(303)
}

func TestPasswordConfirmationRateLimit(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, withRateLimits)
	ana := registerAged(s)
	for range 10 {
		ana.post("/settings/export", []string{"password", overlongPassword}).is(422)
	}
	isRateLimited(ana.post("/settings/export", []string{"password", testPassword}))
	ana.post("/sessions/end-others", []string{"password", testPassword}, asJSON).isError(429, "too_many", "")
}

// TestConfirmedPasswordHoldsOnOtherNodes confirms the password on one node and downloads on another.
func TestConfirmedPasswordHoldsOnOtherNodes(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	here, there := openPostgres(t, url), openPostgres(t, url)
	ana := registerAged(here)
	ana.post("/settings/export", []string{"password", testPassword}).is(200)
	away := ana.clone()
	away.server = there
	away.get("/settings/export").is(200)
}

// TestSessionEndsAfterAYear checks that a session which is used all the time ends a year after its start, with its
// streams, and that the token of a bot does not.
func TestSessionEndsAfterAYear(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		const year = 365 * 24 * 3600 * 1_000_000
		ana := s.anonymous().register("Ana", "ana@example.org")
		bot := ana.createBot("Robot")
		stream := ana.listen("/events?room=1")
		stream.waitForPresence()
		s.exec(`UPDATE sessions SET created_at = created_at - $1, seen_at = seen_at - 120000000`, int64(year-3600*1_000_000))
		ana.get("/chat").is(200) // this use prolongs the session, but only to the end of the year
		equal(t, "sessions that live longer than a year", s.count(
			`SELECT COUNT(*) FROM sessions WHERE kind = 'browser' AND expires_at <> created_at + $1`, int64(year)), 0)
		s.exec(`UPDATE sessions SET created_at = created_at - $1, expires_at = expires_at - $1 WHERE kind = 'browser'`,
			int64(3601*1_000_000))
		ana.get("/chat").redirectsTo("/login?next=%2Fchat")
		bot.get("/chat", asJSON).is(200)
		if err := s.chat.PruneSessions(t.Context()); err != nil { // runs every hour
			t.Fatal(err)
		}
		equal(t, "end of the stream", stream.readToEnd()[0], "logout")
		bot.get("/chat", asJSON).is(200)
	})
}
