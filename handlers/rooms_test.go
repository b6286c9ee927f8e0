package handlers_test

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"

	"charla/chat"
	"charla/db/dbtest"
)

// roomInfo is a room as programs receive it.
type roomInfo struct {
	ID           int64
	Name         string
	Unread       int
	Access, Role string
	levelInfo
}

// roomDetail is a room with a page of its members as programs receive it.
type roomDetail struct {
	roomInfo
	Count   int
	Members []struct {
		ID     int64
		Name   string
		Handle string
		Online bool
		Role   string
	}
	Next string
}

func (m roomDetail) memberNames() (names string) {
	for _, p := range m.Members {
		names += p.Name + ":" + p.Role + " "
	}
	return names
}

// createRoom creates a room and adds people to it.
func (b *client) createRoom(name, access string, people ...*client) int64 {
	b.t.Helper()
	r := decode[roomInfo](b.post("/rooms", []string{"name", name, "access", access}, asJSON).is(201))
	for _, p := range people {
		b.post("/rooms/"+formatID(r.ID)+"/members", []string{"user", formatID(p.user.ID)}, asJSON).is(204)
	}
	return r.ID
}

func TestRoomsForPrograms(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta, carla := s.newUser("Ana"), s.newUser("Berta"), s.newUser("Carla")
	made := decode[roomInfo](ana.postJSON("/rooms", map[string]string{"name": "Café", "access": "open"}).is(201))
	equal(t, "the room", made, roomInfo{ID: made.ID, Name: "Café", Access: "open", Role: "owner"})
	ana.postJSON("/rooms", map[string]string{"name": "CAFE", "access": "open"}).isError(409, "conflict", "name")
	ana.postJSON("/rooms", map[string]string{"access": "open"}).isError(422, "invalid", "name")
	ana.postJSON("/rooms", map[string]string{"name": "x", "access": "closed"}).isError(422, "invalid", "access")

	type list struct{ Rooms []roomInfo }
	found := decode[list](berta.get("/rooms?q=cafe", asJSON).is(200))
	equal(t, "rooms found", fmt.Sprint(found.Rooms),
		fmt.Sprint([]roomInfo{{ID: made.ID, Name: "Café", Access: "open"}}))
	equal(t, "rooms found by another query", len(decode[list](berta.get("/rooms?q=tea", asJSON)).Rooms), 0)
	berta.get("/rooms?q=%ff", asJSON).isError(422, "invalid", "q")
	path := "/rooms/" + formatID(made.ID)
	outside := decode[roomDetail](berta.get(path, asJSON).is(200))
	equal(t, "from outside", fmt.Sprint(outside.Role, outside.Count, outside.memberNames()), "1")
	berta.post(path+"/join", nil, asJSON).is(204)
	berta.postJSON(path+"/members", map[string]int64{"user": carla.user.ID}).is(204)
	ana.sendMessage("room="+formatID(made.ID), "hello")
	inside := decode[roomDetail](berta.get(path, asJSON).is(200))
	equal(t, "from inside", fmt.Sprint(inside.Role, inside.Count, inside.Unread, " ", inside.memberNames()),
		"member3 1 Ana:owner Berta:member Carla:member ")
	equal(t, "a filter", decode[roomDetail](berta.get(path+"?q=ana", asJSON)).memberNames(), "Ana:owner ")
	mine := decode[overviewInfo](berta.get("/chat", asJSON)).Rooms
	equal(t, "in the list", fmt.Sprint(mine[0]), fmt.Sprint(roomInfo{made.ID, "Café", 1, "open", "member", levelInfo{"mentions", "off"}}))
	carla.post(path+"/leave", nil, asJSON).is(204)
	carla.get("/messages?room="+formatID(made.ID), asJSON).isError(404, "not_found", "")
	ana.post(path+"/members/"+formatID(berta.user.ID)+"/remove", nil, asJSON).is(204)
	berta.post(path+"/join", nil, asJSON).isError(403, "forbidden", "")
	berta.post("/rooms/1/leave", nil, asJSON).isError(403, "forbidden", "")
}

func TestMemberPagination(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	for i := range 2 * chat.MaxMembers {
		s.newUser(fmt.Sprintf("Person %03d", i))
	}
	seen := map[string]bool{}
	path, pages := "/rooms/1", 0
	for ; path != ""; pages++ {
		m := decode[roomDetail](ana.get(path, asJSON).is(200))
		for _, p := range m.Members {
			seen[p.Name] = true
		}
		ana.get(path).is(200).has("101 members", m.Members[0].Name)
		path = m.Next
	}
	equal(t, "people", len(seen), 2*chat.MaxMembers+1)
	equal(t, "pages", pages, 3)
}

func TestRoomsByForms(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	ana.get("/rooms").is(200).shows("form[action='/rooms'] [name=access]").has("No rooms found.")
	ana.post("/rooms", []string{"name", " ", "access", "open"}).is(422).has("Enter a name for the room.")
	ana.post("/rooms", []string{"name", "G\u200beneral", "access", "open"}).is(422).
		has("contains characters that")
	ana.post("/rooms", []string{"name", "GENERAL", "access", "open"}).is(409).
		has("There is already an open room").shows("[name=name][value=GENERAL]")
	ana.post("/rooms", []string{"name", "<b>Café</b>", "access", "open"}).redirectsTo("/messages?room=2")
	ana.get("/messages?room=2").is(200).shows("a[href='/rooms/2']").has("&lt;b&gt;Café").hides("b", "Café")
	ana.get("/rooms/2").is(200).has("Invite people", "1 member").shows("[action='/rooms/2/leave']").
		hides("[action$='/join']").hides("[action$='/remove']").hides("b", "Café")
	ana.get("/rooms/2?invite=ber").is(200).shows("[name=user][value='" + formatID(berta.user.ID) + "']")
	ana.post("/rooms/2/members", []string{"user", formatID(berta.user.ID)}).redirectsTo("/rooms/2")
	ana.get("/rooms/2?invite=ber").is(200).has("No one to invite matches “ber”").hides("[name=user]")
	ana.get("/rooms/2").is(200).shows("[action='/rooms/2/members/" + formatID(berta.user.ID) + "/remove']")
	berta.get("/rooms/2").is(200).has("Owner:").lacks("/remove")
	berta.post("/rooms/2/leave", nil).redirectsTo("/rooms")
	berta.get("/rooms").is(200).shows("[action='/rooms/2/join']")
	berta.get("/rooms/2").is(200).shows("[action='/rooms/2/join']").hides("[action='/rooms/2/leave']").lacks("Members")
	berta.post("/rooms/2/join", nil).redirectsTo("/messages?room=2")
	ana.post("/rooms/2/members/"+formatID(berta.user.ID)+"/remove", nil).redirectsTo("/rooms/2")
	berta.post("/rooms/2/join", nil).is(403).has("You were removed from this room.")
	ana.get("/rooms", "Accept-Language: es").is(200).has("Crear una sala")
	ana.get("/rooms/1").is(200).has("2 members").lacks("/leave", "/remove", "Invite people")
	hostile := strings.Repeat("x", 41)
	ana.post("/rooms", []string{"name", hostile, "access", "open"}).is(422).has("at most 40")
}

// A removed member must get nothing more, on both databases and whatever happens to the events.
func TestRemovedMembersGetNothing(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); testRemoval(t, openSQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { t.Parallel(); testRemoval(t, openPostgres(t, dbtest.PostgresURL(t))) })
}

func testRemoval(t *testing.T, s *testServer) {
	for _, how := range []string{"announced", "lost", "turned round"} {
		t.Run(how, func(t *testing.T) {
			ana, berta, carla := s.newUser("Ana").withT(t), s.newUser("Berta").withT(t), s.newUser("Carla").withT(t)
			id := ana.createRoom("Cellar", "invited", berta, carla)
			place, path := "room="+formatID(id), "/rooms/"+formatID(id)
			before := ana.sendMessage(place, "before")
			removed, stays, state := berta.listen("/events?"+place+"&after=0"), carla.listen(
				"/events?"+place+"&after=0"), berta.listen("/events")
			removed.waitFor("before")
			stays.waitFor("before")
			state.waitFor("Cellar")
			response, hangUp := berta.openStream("/messages/live?" + place)
			defer hangUp()
			defer response.Body.Close()
			if how != "announced" {
				s.gate.hold()
			}
			ana.post(path+"/members/"+formatID(berta.user.ID)+"/remove", nil, asJSON).is(204)
			after := ana.sendMessage(place, "after")
			switch how {
			case "lost":
				s.gate.release(dropAll)
			case "turned round":
				s.gate.release(func(held, _ []chat.Event) []chat.Event { return []chat.Event{held[1], held[0]} })
			}
			var names []string
			for e, err := removed.next(); err == nil; e, err = removed.next() {
				lacks(t, e.data, "after</div>")
				if e.name != "" {
					names = append(names, e.name)
				}
			}
			equal(t, "end of the stream", strings.Join(names, " "), "gone bye")
			endless, err := io.ReadAll(bufio.NewReader(response.Body))
			if err != nil {
				t.Fatal(err)
			}
			contains(t, string(endless), "before</div>", "You are no longer a member of that room.")
			shows(t, string(endless), "a[href='/chat']")
			lacks(t, string(endless), "after</div>", "refresh")
			equal(t, "id for a member", stays.waitFor("after</div>").id, formatID(after.Seq))
			state.readUntil("the list without the room", func(e event) bool {
				return strings.Contains(e.data, `hx-target="#conversation-list"`) && !strings.Contains(e.data, "Cellar")
			})

			for _, cursor := range []string{"&after=0", "&after=" + formatID(before.Seq), "&after=" + formatID(after.Seq), ""} {
				equal(t, "coming back", strings.Join(berta.listen("/events?"+place+cursor).readToEnd(), " "),
					"gone bye")
			}
			berta.get("/events?"+place, asJSON).isError(404, "not_found", "")
			for _, page := range []string{"/messages?" + place, "/messages/live?" + place, "/messages/" + formatID(after.ID), "/messages/" + formatID(before.ID), path} {
				berta.get(page).is(404).lacks("Cellar", "before</div>")
			}
			berta.get("/messages/live?" + place).is(404).has("You are no longer a member of that room.").
				shows("[target=_top]")
			berta.post("/messages", []string{"room", formatID(id), "body", "let me in"}, asJSON).
				isError(404, "not_found", "")
			berta.post("/read", []string{"room", formatID(id), "seq", formatID(after.Seq)}, asJSON).
				isError(404, "not_found", "")
			berta.get("/chat?gone=1").is(200).has("You are no longer a member of that room.").lacks("Cellar")
		})
	}
}

// Without a relay, the other node finds a removal by polling.
func TestRemovalReachesOtherNodesByPolling(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	here, there := openPostgres(t, url), openPostgres(t, url)
	admin, ana := here.newUser("Admin"), here.anonymous().register("Ana", "ana@example.org")
	id := admin.createRoom("Cellar", "open", ana)
	on := func(b *client) *client { c := b.clone(); c.server = there; return c }
	removed, stays := on(ana).listen("/events?room="+formatID(id)), on(admin).listen("/events?room="+formatID(id))
	removed.waitForPresence()
	stays.waitForPresence()
	admin.post("/rooms/"+formatID(id)+"/members/"+formatID(ana.user.ID)+"/remove", nil, asJSON).is(204)
	admin.sendMessage("room="+formatID(id), "after")
	equal(t, "end of the removed user's stream", strings.Join(removed.readToEnd(), " "), "gone bye")
	stays.waitFor("after</div>")

	second := there.anonymous()
	second.logIn("ana@example.org", testPassword).is(303)
	out := second.listen("/events")
	out.waitForPresence()
	ana.post("/settings/password", []string{"current", testPassword, "password", "tortilla y queso"}, asJSON).is(204)
	equal(t, "after a new password", strings.Join(out.readToEnd(), " "), "logout bye")
	out = on(ana).listen("/events")
	out.waitForPresence()
	admin.post("/people/"+formatID(ana.user.ID)+"/disable", nil, asJSON).is(204)
	equal(t, "a disabled person", strings.Join(out.readToEnd(), " "), "logout bye")
}
