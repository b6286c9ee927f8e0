package handlers_test

import (
	"fmt"
	"net/url"
	"sync"
	"testing"
	"time"

	"charla/db/dbtest"
)

// invitationInfo is an invitation as programs receive it.
type invitationInfo struct {
	ID        int64
	URL       string
	ExpiresAt *time.Time `json:"expires_at"`
	UsesLeft  *int       `json:"uses_left"`
	Rooms     []struct {
		ID   int64
		Name string
	}
	Role string
	By   struct {
		ID   int64
		Name string
	}
}

// invite makes an invitation and returns it with the path of its link.
func (b *client) invite(fields map[string]any) (in invitationInfo, path string) {
	b.t.Helper()
	in = decode[invitationInfo](b.postJSON("/invites", fields).is(201))
	link, err := url.Parse(in.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	return in, link.Path
}

// newcomer returns the form with which somebody new accepts an invitation.
func newcomer(name string) []string {
	return []string{"name", name, "email", name + "@example.org", "password", testPassword}
}

func (s *testServer) isMember(room int64, name string) bool {
	s.t.Helper()
	return s.count(`SELECT COUNT(*) FROM members m JOIN users u ON u.id = m.user_id
		WHERE m.room_id = $1 AND u.name = $2`, room, name) == 1
}

func TestInvitation(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		admin, ana := s.newUser("Admin").withT(t), s.newUser("Ana").withT(t)
		cellar, attic := admin.createRoom("Cellar", "invited"), admin.createRoom("Attic", "invited")
		hidden := ana.createRoom("Hidden", "invited")
		admin.post("/admin", []string{"registration", "closed"}).is(303)
		admin.get("/settings").is(200).shows("a[href='/invites']")
		ana.get("/settings").is(200).hides("a[href='/invites']")
		admin.get("/invites").is(200).shows("form[action='/invites'] [name=rooms][value='" + formatID(cellar) + "']").
			hides("[name=rooms][value='" + formatID(hidden) + "']").hides("[name=role] [value=owner]")

		in, path := admin.invite(map[string]any{"uses": 3, "expires": "1d", "rooms": []int64{cellar, attic}, "role": "moderator"})
		equal(t, "uses left", *in.UsesLeft, 3)
		equal(t, "days", time.Until(*in.ExpiresAt).Round(time.Hour), 24*time.Hour)
		equal(t, "rooms, role and inviter", fmt.Sprint(in.Rooms, in.Role, in.By.Name),
			fmt.Sprintf("[{%d Cellar} {%d Attic}]moderatorAdmin", cellar, attic))
		admin.get("/invites").is(200).shows("input[readonly][value='" + in.URL + "']")
		list := admin.get("/invites", asJSON).is(200).has(`"url":"` + in.URL + `"`).body
		lacks(t, list, `"next"`)

		s.anonymous().withT(t).get("/register").is(403)
		s.anonymous().withT(t).get(path, "Accept-Language: es").is(200).shows("form[action='"+path+"'] [name=password]").
			shows("a[href='/login?next="+path+"']").has("Admin te invita a unirte a Charla", "Cellar, Attic")
		s.anonymous().withT(t).get(path, asJSON).is(200).has(`"community":"Charla"`, `"name":"Admin"`, `"name":"Attic"`)
		wrong := []string{"name", "Berta", "email", "nobody", "password", "short"}
		s.anonymous().withT(t).post(path, wrong).is(422).shows("#email-error").shows("[name=name][value=Berta]")
		s.anonymous().withT(t).post(path, wrong, asHTMX).is(422).isFragment().shows("form[action='" + path + "'] #password-error")
		s.anonymous().withT(t).post(path, wrong, asJSON).isError(422, "invalid", "email")

		berta := s.anonymous().withT(t)
		berta.post(path, newcomer("Berta")).redirectsTo("/messages?room=" + formatID(cellar))
		berta.get("/messages?room=" + formatID(attic)).is(200)
		equal(t, "in General", s.isMember(1, "Berta"), true)
		equal(t, "moderators", s.count(`SELECT COUNT(*) FROM users WHERE name = 'Berta' AND role = 'moderator'`), 1)
		s.anonymous().withT(t).post(path, newcomer("Berta"), asJSON).isError(409, "conflict", "email")

		// Somebody who is signed in joins the rooms and keeps their role.
		ana.get(path).is(200).shows("form[action='" + path + "'] button").hides("[name=email]")
		ana.post(path, nil).redirectsTo("/messages?room=" + formatID(cellar))
		ana.post(path, nil, asJSON).is(204)
		equal(t, "the role of Ana", s.roleOf(ana), "member")
		equal(t, "uses", s.count(`SELECT uses FROM invitations`), 2)

		equal(t, "the next one", s.anonymous().withT(t).post(path, newcomer("Carla"), asJSON).is(201).has(`"name":"Carla"`).status, 201)
		for _, b := range []*client{s.anonymous().withT(t), ana} {
			b.get(path).is(404).has("has ended or was used up")
			b.post(path, newcomer("Dora")).is(404)
			b.post(path, newcomer("Dora"), asJSON).isError(404, "not_found", "")
		}
		admin.get("/invites", asJSON).is(200).lacks(in.URL)
	})
}

func TestInvitationEnds(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	admin, ana := s.newUser("Admin"), s.newUser("Ana")
	admin.post("/admin", []string{"registration", "invited", "invites", "member"}).is(303)
	s.anonymous().get("/login").is(200).hides("a[href='/register']")
	s.anonymous().get("/register").is(403).has("You need an invitation")
	s.anonymous().post("/register", newcomer("X")).is(403).has("You need an invitation")
	s.anonymous().post("/register", newcomer("X"), asJSON).isError(403, "forbidden", "").has("You need an invitation")

	forever, path := ana.invite(map[string]any{"expires": "never"})
	if forever.ExpiresAt != nil || forever.UsesLeft != nil {
		t.Errorf("an invitation without limits has some: %+v", forever)
	}
	s.anonymous().get(path).is(200)
	s.newUser("Berta").post("/invites/"+formatID(forever.ID)+"/remove", nil, asJSON).isError(404, "not_found", "")
	ana.post("/invites/"+formatID(forever.ID)+"/remove", nil).redirectsTo("/invites")
	s.anonymous().get(path).is(404)
	_, path = ana.invite(map[string]any{})
	s.exec(`UPDATE invitations SET expires_at = 1`)
	s.anonymous().post(path, newcomer("X"), asJSON).isError(404, "not_found", "")
	if err := s.chat.PruneNotifications(t.Context()); err != nil {
		t.Fatal(err)
	}
	equal(t, "kept", s.count(`SELECT COUNT(*) FROM invitations`), 0)

	// It works only as long as the person who invites may do so.
	_, path = ana.invite(map[string]any{})
	admin.post("/admin", []string{"invites", "moderator"}).is(303)
	s.anonymous().get(path).is(404)
	admin.post(ana.rolePath(), []string{"role", "moderator"}).is(303)
	s.anonymous().get(path).is(200)
	ana = s.newSession(ana.user)
	high, _ := ana.invite(map[string]any{"role": "moderator"})
	admin.post("/admin", []string{"invites", "member"}).is(303)
	admin.post(ana.rolePath(), []string{"role", "member"}).is(303)
	s.anonymous().get(path).is(200)
	highPath, _ := url.Parse(high.URL)
	s.anonymous().post(highPath.Path, newcomer("X"), asJSON).isError(404, "not_found", "")
	admin.get("/invites", asJSON).is(200).has(high.URL) // an admin sees and removes those of others
	admin.post("/people/"+formatID(ana.user.ID)+"/disable", nil).is(303)
	s.anonymous().get(path).is(404)
	equal(t, "kept after the inviter was deactivated", s.count(`SELECT COUNT(*) FROM invitations`), 0)
}

func TestWrongInvitations(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	admin, ana := s.newUser("Admin"), s.newUser("Ana")
	mine := admin.createRoom("Cellar", "invited", ana)
	ana.postJSON("/invites", map[string]any{}).isError(403, "forbidden", "")
	admin.post("/admin", []string{"invites", "member"}).is(303)
	for field, values := range map[string][]any{
		"uses": {0, -1, "many", 10_001, 1.5}, "expires": {"soon", "0d", "367d", "-1h", "7", "2001-01-01T00:00:00Z"}, "role": {"king", "owner"},
	} {
		for _, value := range values {
			got := admin.postJSON("/invites", map[string]any{field: value})
			if value == "owner" {
				got.isError(403, "forbidden", "")
			} else {
				got.isError(422, "invalid", field)
			}
		}
	}
	admin.post("/invites", []string{"uses", "none", "rooms", formatID(mine), "role", "admin"}).is(422).
		shows("#uses-error").shows("[name=rooms][value='" + formatID(mine) + "'][checked]").shows("[value=admin][selected]")
	ana.postJSON("/invites", map[string]any{"role": "moderator"}).isError(403, "forbidden", "")
	ana.postJSON("/invites", map[string]any{"rooms": []int64{mine}}).isError(403, "forbidden", "")
	hidden := admin.createRoom("Hidden", "invited")
	unknown := ana.postJSON("/invites", map[string]any{"rooms": []int64{99}}).isError(404, "not_found", "")
	equal(t, "a hidden room", ana.postJSON("/invites", map[string]any{"rooms": []int64{hidden}}).body, unknown.body)
	bot := ana.createBot("Robot")
	bot.postJSON("/invites", map[string]any{}).isError(403, "forbidden", "")
	_, path := ana.invite(map[string]any{})
	bot.postJSON(path, map[string]any{}).isError(403, "forbidden", "")
	equal(t, "invitations", s.count(`SELECT COUNT(*) FROM invitations`), 1)
}

// An invitation must not bring somebody back whom a moderator of the room removed, nor lead into a room to which the
// person who invites may not invite any more.
func TestInvitationIntoRooms(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	admin, ana, berta := s.newUser("Admin"), s.newUser("Ana"), s.newUser("Berta")
	admin.post("/admin", []string{"invites", "member"}).is(303)
	garden := admin.createRoom("Garden", "open", ana, berta)
	cellar := ana.createRoom("Cellar", "invited", admin)
	_, path := ana.invite(map[string]any{"rooms": []int64{garden, cellar}})
	admin.post("/rooms/"+formatID(garden)+"/members/"+formatID(berta.user.ID)+"/remove", nil).is(303)
	berta.post(path, nil).is(303)
	equal(t, "back in the garden", s.isMember(garden, "Berta"), false)
	equal(t, "in the cellar", s.isMember(cellar, "Berta"), true)
	_, only := ana.invite(map[string]any{"rooms": []int64{garden}})
	berta.post(only, nil, asJSON).isError(403, "forbidden", "").has("You were removed")

	ana.post("/rooms/"+formatID(cellar)+"/leave", nil).is(303)
	s.anonymous().get(path, asJSON).is(200).has("Garden").lacks("Cellar")
	s.anonymous().post(path, newcomer("Carla")).is(303)
	equal(t, "Carla in the cellar", s.isMember(cellar, "Carla"), false)
	equal(t, "Carla in the garden", s.isMember(garden, "Carla"), true)
	garden2 := s.count(`SELECT last_seq FROM rooms WHERE id = $1`, garden)
	equal(t, "changes of the garden", garden2, s.count(`SELECT COUNT(*) FROM members WHERE room_id = $1`, garden)+2) // Berta came and went
}

// E-mail domains bind everybody but the people whom an admin invites.
func TestInvitationAndDomains(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	admin, ana := s.newUser("Admin"), s.newUser("Ana")
	admin.post("/admin", []string{"invites", "member", "domains", "example.net"}).is(303)
	_, path := ana.invite(map[string]any{})
	s.anonymous().post(path, newcomer("Berta"), asJSON).isError(422, "invalid", "email").has("example.net")
	_, path = admin.invite(map[string]any{})
	s.anonymous().post(path, newcomer("Berta"), asJSON).is(201)
}

// Of 20 people who use an invitation for three at the same time, on several nodes, three get in.
func TestConcurrentUsesOfAnInvitation(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	for name, nodes := range map[string][]*testServer{
		"SQLite":     {openSQLite(t)},
		"PostgreSQL": {openPostgres(t, url), openPostgres(t, url)},
	} {
		t.Run(name, func(t *testing.T) {
			admin := nodes[0].newUser("Admin").withT(t)
			room := admin.createRoom("Cellar", "invited")
			_, path := admin.invite(map[string]any{"uses": 3, "rooms": []int64{room}})
			answers := make([]*answer, 20)
			var all sync.WaitGroup
			for i := range answers {
				b := nodes[i%len(nodes)].anonymous().withT(t)
				if i < 4 { // some have an account already
					b = nodes[0].newUser(fmt.Sprint("member", i)).withT(t)
				}
				all.Go(func() {
					// A slow machine refuses requests until it has computed the hashes of others.
					for answers[i] == nil || answers[i].status == 429 {
						answers[i] = b.post(path, newcomer(fmt.Sprint("new", i)), asJSON)
					}
				})
			}
			all.Wait()
			got := map[int]int{}
			for _, a := range answers {
				got[a.status]++
			}
			equal(t, "got in", got[201]+got[204], 3)
			equal(t, "did not", got[404], 17)
			equal(t, "uses", nodes[0].count(`SELECT uses FROM invitations`), 3)
			equal(t, "members", nodes[0].count(`SELECT COUNT(*) FROM members WHERE room_id = $1`, room), 4)
			equal(t, "changes of the room", nodes[0].lastSeq(room), 4)
			equal(t, "accounts", nodes[0].count(`SELECT COUNT(*) FROM users`), int64(5+got[201]))
		})
	}
}

func TestInvitationWithEmail(t *testing.T) {
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		admin := a.newUser("Admin").withT(t)
		room := admin.createRoom("Cellar", "invited")
		admin.post("/admin", []string{"registration", "closed"}).is(303)
		_, path := admin.invite(map[string]any{"uses": 1, "rooms": []int64{room}, "role": "admin"})
		a.anonymous().withT(t).post(path, newcomer("Berta")).redirectsTo("/register?sent=1")
		berta := linkIn(t, a.deliverOne(t, "Berta@example.org"))
		a.anonymous().withT(t).post(path, newcomer("Carla"), asJSON).is(202)
		carla := linkIn(t, a.deliverOne(t, "Carla@example.org"))
		equal(t, "uses", a.count(`SELECT uses FROM invitations`), 0)
		b := a.anonymous().withT(t)
		b.post(berta, []string{"password", testPassword}).redirectsTo("/chat")
		b.get("/messages?room=" + formatID(room)).is(200)
		b.get("/admin").is(200)
		a.anonymous().withT(t).post(carla, []string{"password", testPassword}).is(404)
		equal(t, "accounts", a.count(`SELECT COUNT(*) FROM users`), 2)
	})
}

func TestInvitationsInExportAndDeletion(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	admin := s.newUser("Admin")
	admin.post("/admin", []string{"invites", "member"}).is(303)
	ana := newDepartingUser(s)
	_, path := ana.invite(map[string]any{"uses": 5})
	_, other := admin.invite(map[string]any{})
	files := unzip(t, []byte(ana.get("/settings/export").is(200).body))
	contains(t, files["invitations.json"], path, `"max_uses":5`)
	lacks(t, files["invitations.json"], other)
	ana.post("/settings/delete", []string{"current", testPassword, "messages", "keep"}, asJSON).is(204)
	s.anonymous().get(path).is(404)
	equal(t, "left", s.count(`SELECT COUNT(*) FROM invitations`), 1)
}

func TestGuestInvitation(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		admin := s.newUser("Admin").withT(t)
		cellar := admin.createRoom("Cellar", "invited")
		admin.postJSON("/invites", map[string]any{"role": "guest"}).isError(422, "invalid", "rooms")
		admin.post("/invites", []string{"role", "guest"}).is(422).shows(".field__error").shows("[value=guest][selected]")
		general := s.lastSeq(1)
		_, path := admin.invite(map[string]any{"role": "guest", "rooms": []int64{cellar}})
		guest := s.anonymous().withT(t)
		guest.post(path, newcomer("Gast")).redirectsTo("/messages?room=" + formatID(cellar))
		equal(t, "guests", s.count(`SELECT COUNT(*) FROM users WHERE name = 'Gast' AND role = 'guest'`), 1)
		equal(t, "changes of General", s.lastSeq(1), general)
		guest.get("/messages?room=" + formatID(cellar)).is(200)
		guest.get("/messages?room=1").is(404)
		guest.get("/invites").is(404)

		_, path = admin.invite(map[string]any{"role": "guest", "rooms": []int64{1}})
		guest.post(path, nil).redirectsTo("/messages?room=1")
		guest.get("/messages?room=1").is(200)
		_, path = admin.invite(map[string]any{"role": "guest", "rooms": []int64{cellar}})
		s.exec(`DELETE FROM members WHERE room_id = $1 AND user_id = $2`, cellar, admin.user.ID)
		s.anonymous().withT(t).get(path).is(404) // no room is left
	})
}
