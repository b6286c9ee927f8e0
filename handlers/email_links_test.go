package handlers_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"charla/chat"
	"charla/notify/email/emailtest"
)

const otherPassword = "cuatro tristes tigres"

// newConfirmedUser returns the browser of a user with a password and a confirmed address.
func (a *notifiedServer) newConfirmedUser(t testing.TB, name, email string) *client {
	t.Helper()
	user, err := a.chat.Register(t.Context(),
		chat.Registration{Name: name, Email: email, Password: testPassword, BrowserLocale: "en"})
	if err != nil {
		t.Fatal(err)
	}
	a.exec(`UPDATE users SET email_confirmed_at = 1 WHERE id = $1`, user.ID)
	return a.newSession(user).withT(t)
}

func TestPasswordReset(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		ana := a.newConfirmedUser(t, "Ana", "ana@example.org")
		stream := ana.listen("/events")
		stream.waitForPresence()
		anonymous := a.anonymous().withT(t)
		anonymous.get("/login").is(200).shows("a[href='/forgot']")
		anonymous.get("/forgot").is(200)
		anonymous.post("/forgot", []string{"email", "ANA@example.org"}, "Accept-Language: es").
			redirectsTo("/forgot?sent=1")
		anonymous.get("/forgot?sent=1").is(200).has("an account with this e-mail")
		email := a.deliverOne(t, "ana@example.org")
		equal(t, "subject", email.Subject, "Elige una contraseña nueva")
		path := linkIn(t, email)

		for range 3 {
			page := anonymous.get(path).is(200).shows("input[type=password]")
			equal(t, "Cache-Control", page.header.Get("Cache-Control"), "private, no-store")
			equal(t, "Referrer-Policy", page.header.Get("Referrer-Policy"), "same-origin")
		}
		anonymous.post(path, []string{"password", "short"}).is(422)
		anonymous.post(path, []string{"password", "ana@example.org"}).is(422)
		anonymous.post(path, []string{"password", otherPassword}).redirectsTo("/login?reset=1")
		anonymous.get("/login?reset=1").is(200).has("Your password was changed")
		for name := ""; name != "bye"; { // a new password ends the streams of all sessions
			e, err := stream.next()
			if err != nil {
				t.Fatal(err)
			}
			name = e.name
		}
		ana.get("/chat").is(303)
		anonymous.logIn("ana@example.org", testPassword).is(401)
		anonymous.post(path, []string{"password", testPassword}).is(404).has("already used")
		anonymous.get(path).is(404)
		anonymous.logIn("ana@example.org", otherPassword).redirectsTo("/chat")
		equal(t, "notice to the owner", a.deliverOne(t, "ana@example.org").Subject, "Your password was changed")
	})
}

func TestPasswordResetLinkLimits(t *testing.T) {
	t.Parallel()
	a := withNotifications(t, openSQLite(t, withMedia))
	ana := a.newConfirmedUser(t, "Ana", "ana@example.org")
	ask := func() string {
		a.anonymous().postJSON("/forgot", map[string]string{"email": "ana@example.org"}).is(202)
		return linkIn(t, a.deliverOne(t, "ana@example.org"))
	}
	old := ask()
	left := a.count(`SELECT expires_at FROM email_tokens`) - time.Now().UnixMicro()
	if left < int64(29*time.Minute/time.Microsecond) || left > int64(30*time.Minute/time.Microsecond) {
		t.Errorf("the link expires in %d µs, want 30 minutes", left)
	}
	a.exec(`UPDATE email_tokens SET expires_at = $1`, time.Now().UnixMicro())
	a.anonymous().post(old, []string{"password", otherPassword}, asJSON).isError(404, "not_found", "")

	first, second := ask(), ask()
	token := strings.TrimPrefix(first, "/reset/")
	a.anonymous().post("/confirm/"+token, []string{"password", testPassword}).is(404)
	a.anonymous().post("/email/"+token, nil).is(404)
	a.anonymous().post("/reset/"+token+"A", []string{"password", otherPassword}).is(404)
	a.anonymous().post(first, []string{"password", otherPassword}, asJSON).is(204)
	a.anonymous().post(second, []string{"password", testPassword}).is(404) // the first link made the others invalid
	equal(t, "notice to the owner", a.deliverOne(t, "ana@example.org").Subject, "Your password was changed")
	third := ask()
	a.exec(`UPDATE users SET disabled_at = 1 WHERE id = $1`, ana.user.ID)
	a.anonymous().post(third, []string{"password", testPassword}).is(404)
	a.anonymous().post("/forgot", []string{"email", "ana@example.org"}).is(303)
	equal(t, "e-mails to a disabled user", len(a.deliverAll(t)), 0)
}

func TestForgotPasswordDoesNotRevealAddresses(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		a.newConfirmedUser(t, "Ana", "ana@example.org")
		for _, headers := range [][]string{nil, {asHTMX}, {asJSON}} {
			known := a.anonymous().withT(t).post("/forgot", []string{"email", "ana@example.org"}, headers...)
			unknown := a.anonymous().withT(t).post("/forgot", []string{"email", "nobody@example.org"}, headers...)
			equal(t, "status", known.status, unknown.status)
			equal(t, "body", withoutNonces(known.body), withoutNonces(unknown.body))
			equal(t, "Location", known.header.Get("Location"), unknown.header.Get("Location"))
		}
		var took [2]time.Duration
		const tries = 100
		for n := range tries * 2 { // alternating, so that both are measured under the same load
			start := time.Now()
			a.anonymous().withT(t).
				post("/forgot", []string{"email", []string{"ana@example.org", "nobody@example.org"}[n%2]}).is(303)
			took[n%2] += time.Since(start)
		}
		if apart := (took[0] - took[1]).Abs() / tries; apart > 5*time.Millisecond {
			t.Errorf("the answers differ by %v", apart)
		}
		equal(t, "rows are alike", a.count(`SELECT COUNT(*) FROM notifications WHERE user_id IS NOT NULL`), 0)
		for _, l := range a.deliverAll(t) {
			equal(t, "to", l.To, "ana@example.org")
		}
	})
}

func TestEmailRateLimit(t *testing.T) {
	t.Parallel()
	a := withNotifications(t, openSQLite(t, withRateLimits, withMedia))
	a.newConfirmedUser(t, "Ana", "ana@example.org")
	for _, email := range []string{"ana@example.org", "nobody@example.org"} {
		for range 6 { // an invalid form sends no e-mail
			a.anonymous().post("/register", []string{"name", "X", "email", email, "password", "short"}).is(422)
		}
		sent := 0
		for ; sent < 20 && a.anonymous().post("/forgot", []string{"email", email}).status == 303; sent++ {
		}
		equal(t, "e-mails to "+email, sent, 5)
		page := a.anonymous().post("/forgot", []string{"email", strings.ToUpper(email)}).is(429)
		if n, err := strconv.Atoi(page.header.Get("Retry-After")); err != nil || n < 1 {
			t.Errorf("Retry-After %q", page.header.Get("Retry-After"))
		}
		a.anonymous().post("/register", []string{"name", "X", "email", email, "password", testPassword}).is(429)
	}
	spread := 0
	for ; spread < 100 && a.anonymous().post("/forgot", []string{"email", "p" + strconv.Itoa(spread) + "@example.org"}).status == 303; spread++ {
	}
	if spread > 45 {
		t.Errorf("%d addresses were tried from one network", spread)
	}
	tried := 0
	for ; tried < 100 && a.anonymous().post("/reset/x"+strconv.Itoa(tried), []string{"password", otherPassword}).status == 404; tried++ {
	}
	if tried < 30 || tried > 45 {
		t.Errorf("%d links were tried from one network", tried)
	}
}

func TestEmailChange(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		ana, berta := a.newConfirmedUser(t, "Ana", "ana@example.org"), a.newConfirmedUser(t, "Berta",
			"berta@example.org")
		move := func(email, current string, headers ...string) *answer {
			return ana.post("/settings/email", []string{"email", email, "current", current}, headers...)
		}
		move("nueva@example.org", "not this one").is(422).has("Wrong password").shows("[value='nueva@example.org']")
		move("no address", testPassword).is(422)
		move("berta@example.org", testPassword).redirectsTo("/settings?saved=email")
		equal(t, "notice to the owner", a.deliverOne(t, "berta@example.org").Subject,
			"Someone tried to use your e-mail address")

		move("nueva@example.org", testPassword).redirectsTo("/settings?saved=email")
		ana.get("/settings?saved=email").is(200).has("We sent a link", "ana@example.org")
		email := a.deliverOne(t, "nueva@example.org")
		lacks(t, email.Raw, "Ana") // a name could be chosen to mislead the recipient
		path := linkIn(t, email)
		a.anonymous().withT(t).get(path).is(200).has("nueva@example.org")
		a.anonymous().withT(t).logIn("nueva@example.org", testPassword).is(401) // opening the page changes nothing yet
		a.anonymous().withT(t).post(path, nil).is(200)
		a.anonymous().withT(t).post(path, nil).is(404)
		equal(t, "notice to the old address", a.deliverOne(t, "ana@example.org").Subject, "Your e-mail address was changed")
		a.anonymous().withT(t).logIn("nueva@example.org", testPassword).redirectsTo("/chat")
		a.anonymous().withT(t).logIn("ana@example.org", testPassword).is(401)
		ana.get("/settings", asJSON).is(200).has(`"email":"nueva@example.org","email_confirmed":true`)

		move("tercera@example.org", testPassword).is(303)
		late := linkIn(t, a.deliverOne(t, "tercera@example.org"))
		a.exec(`UPDATE users SET email = 'tercera@example.org', email_key = 'tercera@example.org' WHERE id = $1`,
			berta.user.ID)
		a.anonymous().withT(t).post(late, nil).is(404) // another account has the address now

		ana.post("/settings/password", []string{"current", testPassword, "password", otherPassword}).
			redirectsTo("/settings?saved=password")
		equal(t, "notice of the new password", a.deliverOne(t, "nueva@example.org").Subject,
			"Your password was changed")
	})
}

func TestEmailChangeWithoutSMTP(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.anonymous().register("Ana", "ana@example.org")
	s.anonymous().register("Berta", "berta@example.org")
	ana.get("/settings").is(200).hides("[action='/settings/mail']").hides("[action='/settings/push']")
	ana.post("/settings/email", []string{"email", "Berta@example.org", "current", testPassword}, asJSON).
		isError(409, "conflict", "email")
	ana.post("/settings/email", []string{"email", "nueva@example.org", "current", testPassword}).
		redirectsTo("/settings?saved=email")
	s.anonymous().logIn("nueva@example.org", testPassword).redirectsTo("/chat")
	s.anonymous().get("/login").is(200).lacks("/forgot")
	equal(t, "notifications", s.count(`SELECT COUNT(*) FROM notifications`), 0)
}

// A thief who knows the password asks to change the address, but the mail server does not accept the e-mail yet. When
// the owner sets a new password, the waiting e-mail must not be sent, because its link would hand the account over.
func TestPasswordResetCancelsQueuedEmails(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		thief := a.newConfirmedUser(t, "Ana", "ana@example.org")
		thief.post("/settings/email", []string{"email", "thief@example.net", "current", testPassword}).is(303)
		sent := linkIn(t, a.deliverOne(t, "thief@example.net"))
		a.mail.SetFault(emailtest.RejectTemporarily)
		thief.post("/settings/email", []string{"email", "thief@example.net", "current", testPassword}).is(303)
		equal(t, "e-mails", len(a.deliverAll(t)), 0)
		equal(t, "waiting", a.count(`SELECT COUNT(*) FROM notifications`), 1)
		a.mail.SetFault(emailtest.None)

		a.anonymous().post("/forgot", []string{"email", "ana@example.org"}).is(303)
		a.anonymous().post(linkIn(t, a.deliverOne(t, "ana@example.org")), []string{"password", otherPassword}).is(303)
		a.exec(`UPDATE notifications SET next_attempt_at = 1`)
		equal(t, "the only notice", a.deliverOne(t, "ana@example.org").Subject, "Your password was changed")
		a.anonymous().post(sent, nil).is(404)
		equal(t, "moved", a.count(`SELECT COUNT(*) FROM users WHERE email <> 'ana@example.org'`), 0)
	})
}

func TestEmailLinksEndWithTheirReason(t *testing.T) {
	t.Parallel()
	a := withNotifications(t, openSQLite(t, withMedia))
	ana := a.newConfirmedUser(t, "Ana", "ana@example.org")
	ana.post("/settings/email", []string{"email", "nueva@example.org", "current", testPassword}).is(303)
	move := linkIn(t, a.deliverOne(t, "nueva@example.org"))
	a.anonymous().post("/forgot", []string{"email", "ana@example.org"}).is(303)
	reset := linkIn(t, a.deliverOne(t, "ana@example.org"))
	a.exec(`UPDATE users SET disabled_at = 1`)
	a.anonymous().post(move, nil).is(404)
	a.anonymous().post(reset, []string{"password", otherPassword}).is(404)
	a.exec(`UPDATE users SET disabled_at = 0, email = 'other@example.org', email_key = 'other@example.org'`)
	a.anonymous().post(reset, []string{"password", otherPassword}).is(404)
	// the address is no longer that of the account
}
