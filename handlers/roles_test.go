package handlers_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
)

func (b *client) rolePath() string { return "/people/" + formatID(b.user.ID) + "/role" }

// roleOf returns the role of a user in the community, as the database has it.
func (s *testServer) roleOf(b *client) (role string) {
	s.t.Helper()
	if err := s.sql.QueryRow(`SELECT role FROM users WHERE id = $1`, b.user.ID).Scan(&role); err != nil {
		s.t.Fatal(err)
	}
	return role
}

// isIn reports whether a user is a member of a room.
func (s *testServer) isIn(b *client, room int64) bool {
	s.t.Helper()
	return s.count(`SELECT COUNT(*) FROM members WHERE room_id = $1 AND user_id = $2`, room, b.user.ID) > 0
}

func TestRolesInTheCommunity(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		owner, ana, berta := s.newUser("Owner").withT(t), s.newUser("Ana").withT(t), s.newUser("Berta").withT(t)
		equal(t, "the first", s.roleOf(owner), "owner")
		owner.get("/people").is(200).shows("form[action='" + ana.rolePath() + "'] [value=member][selected]").
			hides("form[action='" + owner.rolePath() + "']")
		owner.post(ana.rolePath(), []string{"role", "admin"}).redirectsTo("/people")
		owner.get("/people").is(200).shows("form[action='" + ana.rolePath() + "'] [value=admin][selected]").
			shows("form[action='" + ana.rolePath() + "'] [value=owner]")
		owner.get("/people?q=ana", asJSON).is(200).has(`"role":"admin"`)

		ana.get("/people").is(200).hides("[value=owner]")
		ana.post(berta.rolePath(), []string{"role", "moderator"}, asJSON).is(204)
		berta.get("/roles", "Accept-Language: es").is(200).has("Tu rol: moderador", "Crear salas")
		berta.get("/people", asJSON).is(404)
		berta.post(ana.rolePath(), []string{"role", "member"}, asJSON).isError(403, "forbidden", "")
		ana.post(berta.rolePath(), []string{"role", "owner"}, asJSON).isError(403, "forbidden", "")
		ana.post(owner.rolePath(), []string{"role", "member"}, asJSON).isError(403, "forbidden", "")
		ana.post("/people/"+formatID(owner.user.ID)+"/disable", nil, asJSON).isError(403, "forbidden", "")
		ana.post(berta.rolePath(), []string{"role", "king"}, asJSON).isError(422, "invalid", "role").has("moderator")
		ana.post("/people/999/role", []string{"role", "member"}, asJSON).isError(404, "not_found", "")
		owner.post(owner.rolePath(), []string{"role", "member"}, asJSON).isError(409, "conflict", "")
		bot := ana.createBot("Robot")
		owner.post(bot.rolePath(), []string{"role", "admin"}, asJSON).isError(403, "forbidden", "")

		berta.createBot("Robot of Berta")
		cellar := ana.createRoom("Cellar", "open", berta)
		stream := berta.listen("/events?room=1&after=0")
		ana.post(berta.rolePath(), []string{"role", "guest"}, asJSON).is(204)
		stream.waitForNamed("gone")
		equal(t, "a guest stays in rooms but General", fmt.Sprint(s.isIn(berta, cellar), s.isIn(berta, 1)), "true false")
		equal(t, "bots of the guest", s.count(`SELECT COUNT(*) FROM users WHERE owner_id = $1 AND disabled_at = 0`, berta.user.ID), 0)
		berta.get("/roles", "Accept-Language: es").is(200).has("Tu rol: invitado")
		berta.post("/bots", []string{"name", "Robot"}, asJSON).isError(403, "forbidden", "")
		berta.post("/rooms", []string{"name", "Attic", "access", "open"}, asJSON).isError(403, "forbidden", "")
		ana.post(berta.rolePath(), []string{"role", "moderator"}, asJSON).is(204)
		equal(t, "who stops being a guest joins General", s.isIn(berta, 1), true)

		owner.post(berta.rolePath(), []string{"role", "owner"}, asJSON).is(204)
		equal(t, "the old owner", s.roleOf(owner), "admin")
		equal(t, "the new owner", s.roleOf(berta), "owner")
		owner.post(berta.rolePath(), []string{"role", "member"}, asJSON).isError(403, "forbidden", "")
		ana.post(ana.rolePath(), []string{"role", "member"}).redirectsTo("/roles")
		ana.get("/people").is(404)
		berta.post(ana.rolePath(), []string{"role", "admin"}, asJSON).is(204)
		berta.post("/people/"+formatID(ana.user.ID)+"/disable", nil, asJSON).is(204)
		berta.post(ana.rolePath(), []string{"role", "moderator"}, asJSON).isError(409, "conflict", "")
	})
}

func TestTableOfRoles(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	owner := s.newUser("Owner")
	type table struct {
		Roles []struct {
			Action    string
			Roles     []string
			RoomRoles []string `json:"room_roles"`
		}
	}
	rolesOf := func(action string) string {
		for _, row := range decode[table](s.newSession(owner.user).get("/roles", asJSON).is(200)).Roles {
			if row.Action == action {
				return fmt.Sprint(row.Roles, row.RoomRoles)
			}
		}
		return "none"
	}
	equal(t, "making rooms", rolesOf("make_rooms"), "[member moderator admin owner] []")
	equal(t, "removing people", rolesOf("remove_from_room"), "[moderator admin owner] [moderator owner]")
	owner.post("/admin", []string{"rooms", "moderator"}).is(303)
	equal(t, "making rooms, by setting", rolesOf("make_rooms"), "[moderator admin owner] []")
	page := owner.get("/roles").is(200).shows("table caption")
	lacks(t, page.body, `<th scope="row"></th>`) // every action has a name
}

func TestRolesInARoom(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		admin, ana, berta, carla := s.newUser("Admin").withT(t), s.newUser("Ana").withT(t), s.newUser("Berta").withT(t), s.newUser("Carla").withT(t)
		dora := s.newUser("Dora").withT(t)
		room := ana.createRoom("Cellar", "invited", berta, carla)
		path := func(b *client) string { return fmt.Sprintf("/rooms/%d/members/%d/role", room, b.user.ID) }
		stream := carla.listen(fmt.Sprintf("/events?room=%d&after=0", room))
		ana.get(fmt.Sprintf("/rooms/%d", room)).is(200).shows("form[action='" + path(berta) + "'] [value=owner]")
		berta.get(fmt.Sprintf("/rooms/%d", room)).is(200).hides("form[action='" + path(carla) + "']")
		berta.post(path(carla), []string{"role", "moderator"}, asJSON).isError(403, "forbidden", "")
		dora.post(path(carla), []string{"role", "moderator"}, asJSON).isError(404, "not_found", "")
		admin.post(path(carla), []string{"role", "moderator"}, asJSON).isError(404, "not_found", "")
		ana.post(path(dora), []string{"role", "moderator"}, asJSON).isError(404, "not_found", "")
		ana.post(path(carla), []string{"role", "admin"}, asJSON).isError(422, "invalid", "role").has("moderator")
		ana.post(path(ana), []string{"role", "member"}, asJSON).isError(409, "conflict", "")
		before := s.lastSeq(room)
		ana.post(path(berta), []string{"role", "moderator"}).redirectsTo(fmt.Sprintf("/rooms/%d", room))
		equal(t, "the change of the role has a number", s.lastSeq(room), before+1)
		berta.get(fmt.Sprintf("/rooms/%d", room), asJSON).is(200).has(`"role":"moderator"`)

		// A moderator can invite and remove members, but neither moderators nor the owner.
		berta.post(fmt.Sprintf("/rooms/%d/members", room), []string{"user", formatID(dora.user.ID)}, asJSON).is(204)
		ana.post(path(carla), []string{"role", "moderator"}, asJSON).is(204)
		remove := func(b *client) string { return strings.TrimSuffix(path(b), "role") + "remove" }
		berta.post(remove(carla), nil, asJSON).isError(403, "forbidden", "")
		berta.post(remove(ana), nil, asJSON).isError(403, "forbidden", "")
		berta.post(remove(dora), nil, asJSON).is(204)

		ana.post(path(berta), []string{"role", "owner"}, asJSON).is(204)
		ana.get(fmt.Sprintf("/rooms/%d", room), asJSON).is(200).has(`"role":"moderator"`)
		equal(t, "owners", s.count(`SELECT COUNT(*) FROM members WHERE room_id = $1 AND role = 'owner'`, room), 1)
		ana.post(path(carla), []string{"role", "member"}, asJSON).isError(403, "forbidden", "")
		berta.sendMessage("room="+formatID(room), "still in order")
		stream.waitFor("still in order")

		// An admin of the community who is a member can do what the owner can. Nobody owns General.
		berta.post(fmt.Sprintf("/rooms/%d/members", room), []string{"user", formatID(admin.user.ID)}, asJSON).is(204)
		admin.post(path(carla), []string{"role", "owner"}, asJSON).is(204)
		general := fmt.Sprintf("/rooms/1/members/%d/role", ana.user.ID)
		admin.post(general, []string{"role", "owner"}, asJSON).isError(409, "conflict", "")
		admin.post(general, []string{"role", "moderator"}, asJSON).is(204)
		admin.get("/rooms/1").is(200).hides("[value=owner]")
	})
}

// Two people act at the same time on two nodes. The community has exactly one owner before and after.
func TestThereIsAlwaysOneOwner(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	sqlite := openSQLite(t)
	for name, nodes := range map[string][2]*testServer{
		"PostgreSQL": {openPostgres(t, url), openPostgres(t, url)}, "SQLite": {sqlite, sqlite},
	} {
		t.Run(name, func(t *testing.T) {
			here, there := nodes[0], nodes[1]
			people := []*client{here.newUser("Owner"), here.newUser("Ana"), here.newUser("Berta")}
			on := func(s *testServer, b *client) *client { return s.newSession(b.user).withT(t) }
			for range 10 {
				var owner, others = (*client)(nil), []*client(nil)
				for _, b := range people {
					if here.roleOf(b) == "owner" {
						owner = b
						continue
					}
					others = append(others, b)
				}
				for _, b := range others {
					on(here, owner).post(b.rolePath(), []string{"role", "admin"}, asJSON).is(204)
				}
				role := func(s *testServer, by, of *client, role string) func() {
					by = on(s, by)
					return func() { by.post(of.rolePath(), []string{"role", role}, asJSON) }
				}
				disabling := on(here, others[1])
				requests := []func(){
					role(here, owner, others[0], "owner"), role(there, owner, others[1], "owner"),
					role(here, others[0], others[1], "member"), role(there, others[1], others[0], "member"),
					role(there, others[0], owner, "member"),
					func() { disabling.post("/people/"+formatID(owner.user.ID)+"/disable", nil, asJSON) },
				}
				var all sync.WaitGroup
				for _, request := range requests {
					all.Go(request)
				}
				all.Wait()
				equal(t, "owners", here.count(`SELECT COUNT(*) FROM users WHERE role = 'owner' AND disabled_at = 0`), 1)
				here.exec(`UPDATE users SET disabled_at = 0`)
			}
		})
	}
}

// A demotion acts at once on pages that are open, also on another node.
func TestDemotionActsOnOpenPages(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	here, there := openPostgres(t, url), openPostgres(t, url)
	owner, ana, berta := here.newUser("Owner"), here.newUser("Ana"), here.newUser("Berta")
	owner.post(ana.rolePath(), []string{"role", "admin"}, asJSON).is(204)
	open := there.newSession(ana.user)
	open.get("/people").is(200)
	open.get("/admin").is(200)
	stream := open.listen("/events")
	owner.post(ana.rolePath(), []string{"role", "member"}, asJSON).is(204)
	demoted := time.Now()
	open.get("/people").is(404)
	open.get("/admin", asJSON).is(404)
	for _, post := range [][]string{
		{"/admin", "name", "Mine"}, {berta.rolePath(), "role", "admin"}, {ana.rolePath(), "role", "admin"},
		{"/people/" + formatID(berta.user.ID) + "/disable"}, {"/people/" + formatID(berta.user.ID) + "/admin"},
	} {
		open.post(post[0], post[1:]).is(403)
		open.post(post[0], post[1:], asHTMX).is(403)
		open.post(post[0], post[1:], asJSON).isError(403, "forbidden", "")
	}
	equal(t, "members", here.count(`SELECT COUNT(*) FROM users WHERE role = $1`, string(chat.RoleMember)), 2)
	if names := stream.readToEnd(); !slices.Contains(names, "resync") || time.Since(demoted) > 3*time.Second {
		t.Errorf("the stream of the old role ended after %v with %q", time.Since(demoted), names)
	}
}

// The owner of others can delete the account only if an admin is there, who then becomes the owner.
func TestOwnerDeletesAccount(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	owner := s.anonymous().register("Owner", "owner@example.org")
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	form := []string{"current", testPassword, "messages", "keep"}
	owner.post("/settings/delete", form, asJSON).isError(409, "conflict", "")
	owner.post(berta.rolePath(), []string{"role", "moderator"}, asJSON).is(204)
	owner.post("/settings/delete", form, asJSON).isError(409, "conflict", "")
	owner.post(ana.rolePath(), []string{"role", "admin"}, asJSON).is(204)
	owner.post("/settings/delete", form, asJSON).is(204)
	equal(t, "the new owner", s.roleOf(ana), "owner")
}
