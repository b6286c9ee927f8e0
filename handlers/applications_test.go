package handlers_test

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// applicationsInfo is a list of applications as programs receive it.
type applicationsInfo struct {
	Registrations []struct {
		ID                  int64
		Name, Email, Reason string
		Confirmed           bool
		CreatedAt           time.Time `json:"created_at"`
	}
}

// applications returns the open applications.
func (b *client) applications() applicationsInfo {
	b.t.Helper()
	return decode[applicationsInfo](b.get("/admin/registrations", asJSON).is(200))
}

// decide approves or rejects the open application of a name.
func (b *client) decide(name, decision, message string) *answer {
	b.t.Helper()
	for _, r := range b.applications().Registrations {
		if r.Name == name {
			return b.post("/admin/registrations/"+formatID(r.ID)+"/"+decision, []string{"message", message})
		}
	}
	b.t.Fatalf("no application of %s", name)
	return nil
}

// applicant returns the form with which somebody applies for an account.
func applicant(name, reason string) []string { return append(newcomer(name), "reason", reason) }

func TestApplications(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		admin, ana := s.newUser("Admin").withT(t), s.newUser("Ana").withT(t)
		visitor := func() *client { return s.anonymous().withT(t) }
		admin.post("/admin", []string{"registration", "approval", "domains", "example.org"}).is(303)
		visitor().get("/login").is(200).shows("a[href='/register']")
		visitor().get("/register").is(200).shows("form textarea[name=reason]")
		visitor().post("/register", newcomer("Berta")).is(422).shows("#reason-error").shows("[name=name][value=Berta]")
		visitor().post("/register", applicant("Berta", strings.Repeat("x", 1001)), asJSON).isError(422, "invalid", "reason")
		visitor().post("/register", []string{"name", "B", "email", "b@example.net", "password", testPassword, "reason", "x"}).
			is(422).shows("#email-error").has("example.org")

		visitor().post("/register", applicant("Berta", " I play chess\ntoo. ")).redirectsTo("/register?applied=1")
		visitor().get("/register?applied=1", "Accept-Language: es").is(200).has("Solicitud enviada")
		visitor().post("/register", applicant("Carla", "me too"), asJSON).is(202)
		visitor().post("/register", applicant("Berta", "again"), asJSON).isError(409, "conflict", "email")
		visitor().post("/register", []string{"name", "A", "email", ana.user.Email, "password", testPassword, "reason", "x"}, asJSON).
			isError(409, "conflict", "email")
		equal(t, "accounts", s.count(`SELECT COUNT(*) FROM users`), 2)
		visitor().logIn("berta@example.org", testPassword).is(401).has("reviewed your application yet")
		visitor().logIn("berta@example.org", testPassword, asJSON).isError(401, "unauthenticated", "").has("reviewed your application yet")
		visitor().logIn("berta@example.org", "another password").is(401).lacks("reviewed your application yet")

		ana.get("/admin/registrations").is(404)
		admin.get("/admin").is(200).shows("a[href='/admin/registrations']", "2 open applications")
		admin.get("/admin", asJSON).is(200).has(`"applications":2`)
		list := admin.applications().Registrations
		equal(t, "applications", len(list), 2)
		equal(t, "the reason", list[0].Reason, "I play chess\ntoo.")
		admin.get("/admin/registrations", "Accept-Language: es").is(200).has("Solicitudes", "me too", "sin confirmar")
		admin.decide("Berta", "approve", strings.Repeat("x", 1001)).is(422).shows(".field__error").has(strings.Repeat("x", 1001))
		admin.decide("Berta", "approve", "Welcome!").redirectsTo("/admin/registrations")
		admin.post("/admin/registrations/"+formatID(list[0].ID)+"/reject", nil, asJSON).isError(404, "not_found", "")
		admin.decide("Carla", "reject", "We are full.").redirectsTo("/admin/registrations")
		admin.get("/admin/registrations").is(200).has("No open applications.")

		berta := visitor()
		berta.logIn("berta@example.org", testPassword).redirectsTo("/chat")
		berta.get("/messages?room=1").is(200)
		visitor().logIn("carla@example.org", testPassword).is(401).has("Your application was rejected: We are full.")
		visitor().post("/register", applicant("Carla", "please"), asJSON).is(202)
		visitor().logIn("carla@example.org", testPassword, asJSON).is(401).has("reviewed your application yet")

		// An invitation needs no approval, and ends the application.
		_, path := admin.invite(map[string]any{})
		visitor().post(path, newcomer("Carla"), asJSON).is(201)
		equal(t, "applications left", s.count(`SELECT COUNT(*) FROM applications`), 0)
	})
}

// Of two admins who decide about the same application at the same time, one succeeds.
func TestConcurrentDecisions(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		admin := s.newUser("Admin").withT(t)
		admin.post("/admin", []string{"registration", "approval"}).is(303)
		s.anonymous().withT(t).post("/register", applicant("Berta", "chess")).is(303)
		path := "/admin/registrations/" + formatID(admin.applications().Registrations[0].ID)
		decisions := []string{"approve", "approve", "reject", "reject"}
		answers := make([]*answer, len(decisions))
		var all sync.WaitGroup
		for i, decision := range decisions {
			all.Go(func() { answers[i] = admin.clone().post(path+"/"+decision, nil, asJSON) })
		}
		all.Wait()
		decided := 0
		for _, a := range answers {
			if a.status == 204 {
				decided++
			} else {
				a.isError(404, "not_found", "")
			}
		}
		equal(t, "decisions", decided, 1)
	})
}

func TestApplicationsWithEmail(t *testing.T) {
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		admin := a.newUser("Admin").withT(t)
		admin.post("/admin", []string{"registration", "approval", "name", "Club"}).is(303)
		visitor := func() *client { return a.anonymous().withT(t) }
		confirm := func(name, address string) {
			visitor().post("/register", applicant(name, "chess"), "Accept-Language: es").redirectsTo("/register?sent=1")
			visitor().post(linkIn(t, a.deliverOne(t, address)), []string{"password", testPassword}).
				redirectsTo("/register?applied=1")
		}
		visitor().post("/register", newcomer("Berta"), asJSON).isError(422, "invalid", "reason")
		confirm("Berta", "Berta@example.org")
		confirm("Carla", "Carla@example.org")
		confirm("Carla", "Carla@example.org") // the owner of the address replaces the first
		list := admin.applications().Registrations
		equal(t, "applications", len(list), 2)
		equal(t, "confirmed", list[0].Confirmed, true)
		visitor().logIn("berta@example.org", testPassword).is(401).has("reviewed your application yet")

		admin.decide("Berta", "approve", "Welcome!\nThe next match is on Friday.").is(303)
		approved := a.deliverOne(t, "Berta@example.org")
		equal(t, "subject", approved.Subject, "Tu solicitud fue aprobada")
		contains(t, approved.HTML, "Club", "Welcome!", "The next match is on Friday.", "https://chat.example.org/login")
		visitor().logIn("berta@example.org", testPassword).redirectsTo("/chat")
		equal(t, "confirmed", a.count(`SELECT COUNT(*) FROM users WHERE name = 'Berta' AND email_confirmed_at > 0`), 1)

		admin.decide("Carla", "reject", "").is(303)
		rejected := a.deliverOne(t, "Carla@example.org")
		equal(t, "subject", rejected.Subject, "Tu solicitud fue rechazada")
		visitor().logIn("carla@example.org", testPassword).is(401).has("Your application was rejected.")
		a.exec(`UPDATE applications SET rejected_at = 1`)
		if err := a.chat.PruneNotifications(t.Context()); err != nil {
			t.Fatal(err)
		}
		equal(t, "kept", a.count(`SELECT COUNT(*) FROM applications`), 0)

		// Who registered before approval was needed applies, and who applied before registration was opened gets in.
		admin.post("/admin", []string{"registration", "open"}).is(303)
		visitor().post("/register", newcomer("Dora")).is(303)
		dora := linkIn(t, a.deliverOne(t, "Dora@example.org"))
		admin.post("/admin", []string{"registration", "approval"}).is(303)
		visitor().post(dora, []string{"password", testPassword}, asJSON).is(202)
		visitor().post("/register", applicant("Elsa", "chess")).is(303)
		elsa := linkIn(t, a.deliverOne(t, "Elsa@example.org"))
		admin.post("/admin", []string{"registration", "open"}).is(303)
		visitor().post(elsa, []string{"password", testPassword}, asJSON).is(201)
	})
}
