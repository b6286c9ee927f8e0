package handlers_test

import (
	"strings"
	"testing"
	"time"

	"charla/db/dbtest"
)

// communityInfo is the settings of the community as programs receive them.
type communityInfo struct {
	Name, Welcome, Registration, Domains, Rooms, Invites string
	NotifyAll                                            string `json:"notify_all"`
	Pins                                                 string
	Applications                                         int
}

func TestCommunitySettings(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		admin, ana := s.newUser("Admin").withT(t), s.newUser("Ana").withT(t)
		want := communityInfo{
			Name: "Charla", Registration: "open", Rooms: "member", Invites: "admin", NotifyAll: "member", Pins: "member",
		}
		equal(t, "defaults", decode[communityInfo](admin.get("/admin", asJSON).is(200)), want)
		admin.get("/settings").is(200).shows("a[href='/admin']")
		ana.get("/settings").is(200).hides("a[href='/admin']")
		ana.get("/admin").is(404)
		ana.post("/admin", []string{"name", "Mine"}, asJSON).isError(403, "forbidden", "")

		admin.get("/admin").is(200).shows("[name=name][value=Charla]").
			shows("[name=rooms] [value=member][selected]").
			shows("[name=invites] [value=admin][selected]").shows("[name=pins] [value=member][selected]")
		fields := []string{"name", " Club  Ñandú ", "welcome", "Hello!\r\nBe kind.", "domains", "@Example.org, example.net",
			"registration", "open", "rooms", "admin", "invites", "member", "notify_all", "admin", "pins", "admin"}
		admin.post("/admin", fields).redirectsTo("/admin?saved=1")
		admin.get("/admin?saved=1", "Accept-Language: es").is(200).has("Guardado", "Configuración de la comunidad")
		want = communityInfo{"Club Ñandú", "Hello!\nBe kind.", "open", "example.org example.net", "admin", "member", "admin", "admin", 0}
		equal(t, "saved", decode[communityInfo](admin.get("/admin", asJSON)), want)

		want.Name = "Club"
		changed := admin.postJSON("/admin", map[string]string{"name": "Club"}).is(200)
		equal(t, "one field changed", decode[communityInfo](changed), want)
		s.anonymous().withT(t).get("/login").is(200).shows(".card-page__brand").has("<title>Sign in · Club</title>", "Be kind.")
		ana.get("/chat").is(200).has("<title>Club</title>").shows(".brand a[href='/chat']")

		wrong := []string{"name", " ", "welcome", strings.Repeat("w", 1001), "domains", "no domain!", "rooms", "everybody"}
		admin.post("/admin", wrong).is(422).shows("#name-error").shows("#welcome-error").shows("#domains-error").
			shows("[name=domains][value='no domain!']").has(strings.Repeat("w", 1001))
		admin.post("/admin", []string{"pins", "nobody"}, asJSON).isError(422, "invalid", "pins").has("member")
		admin.post("/admin", []string{"registration", ""}, asJSON).isError(422, "invalid", "registration").has("closed")
		equal(t, "still saved", decode[communityInfo](admin.get("/admin", asJSON)), want)
	})
}

func TestWhoMayMakeRooms(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	admin, ana := s.newUser("Admin"), s.newUser("Ana")
	ana.get("/rooms").is(200).shows("form[action='/rooms'] [name=access]")
	admin.post("/admin", []string{"rooms", "admin"}).is(303)
	ana.get("/rooms").is(200).hides("form[action='/rooms'] [name=access]")
	ana.post("/rooms", []string{"name", "Cellar", "access", "open"}, asJSON).isError(403, "forbidden", "")
	admin.post("/rooms", []string{"name", "Cellar", "access", "open"}, asJSON).is(201)
}

func TestClosedRegistration(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	admin := s.newUser("Admin")
	form := []string{"name", "Ana", "email", "ana@example.org", "password", testPassword}
	admin.post("/admin", []string{"domains", "example.org"}).is(303)
	other := []string{"name", "Ana", "email", "ana@sub.example.org", "password", testPassword}
	s.anonymous().post("/register", other).is(422).shows("#email-error").has("example.org")
	s.anonymous().post("/register", other, asJSON).isError(422, "invalid", "email")
	s.anonymous().register("Berta", "BERTA@EXAMPLE.org")

	admin.post("/admin", []string{"registration", "closed"}).is(303)
	s.anonymous().get("/login").is(200).hides("a[href='/register']")
	s.anonymous().get("/register").is(403).has("Registration is closed")
	s.anonymous().post("/register", form).is(403).has("Registration is closed")
	s.anonymous().post("/register", form, asHTMX).is(403).has("Registration is closed")
	s.anonymous().post("/register", form, asJSON).isError(403, "forbidden", "").has("Registration is closed")
	equal(t, "people", s.count(`SELECT COUNT(*) FROM users`), 2)
	admin.post("/admin", []string{"registration", "open"}).is(303)
	s.anonymous().register("Ana", "ana@example.org")
}

// A registration that waits for its confirmation must not be completed after registration was closed.
func TestClosingRegistrationStopsConfirmation(t *testing.T) {
	t.Parallel()
	a := withNotifications(t, openSQLite(t, withMedia))
	admin := a.newUser("Admin")
	admin.post("/admin", []string{"name", "Club Ñandú"}).is(303)
	a.anonymous().post("/register", []string{"name", "Ana", "email", "ana@example.org", "password", testPassword}).is(303)
	email := a.deliverOne(t, "ana@example.org")
	contains(t, email.HTML, "Club Ñandú")
	path := linkIn(t, email)
	admin.post("/admin", []string{"registration", "closed"}).is(303)
	a.anonymous().post(path, []string{"password", testPassword}).is(403).has("Registration is closed")
	a.anonymous().post("/register", []string{"name", "X", "email", "x@example.org", "password", testPassword}).is(403)
	equal(t, "people", a.count(`SELECT COUNT(*) FROM users`), 1)
	admin.post("/admin", []string{"registration", "open"}).is(303)
	a.anonymous().post(path, []string{"password", testPassword}).redirectsTo("/chat")
}

// Another node, which gets no relay messages, uses changed settings after at most a second.
func TestCommunitySettingsOnAnotherNode(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	here, there := openPostgres(t, url), openPostgres(t, url)
	admin, ana := here.newUser("Admin"), here.newUser("Ana")
	there.anonymous().get("/register").is(200)
	stream := there.newSession(ana.user).listen("/events?room=1&after=0")
	stream.waitFor("<title>General · Charla</title>")
	admin.post("/admin", []string{"name", "Club", "registration", "closed"}).is(303)
	start := time.Now()
	here.anonymous().get("/register").is(403)
	there.anonymous().post("/register", []string{"name", "X", "email", "x@example.org", "password", testPassword}).is(403)
	eventually(t, "the other node closes registration", func() bool { return there.anonymous().get("/register").status == 403 })
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("the other node learnt of the change after %v", took)
	}
	there.anonymous().get("/login").is(200).has("Sign in · Club")
	there.newSession(admin.user).sendMessage("room=1", "hello @ana")
	stream.waitFor("<title>(1) General · Club</title>")
}
