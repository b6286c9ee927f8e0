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

// room is a room as programs see it.
type room struct {
	ID           int64
	Name         string
	Unread       int
	Access, Role string
}

// members is the page of a room as programs see it.
type members struct {
	room
	Count   int
	Members []struct {
		ID     int64
		Name   string
		Online bool
		Role   string
	}
	Next string
}

func (m members) names() (names string) {
	for _, p := range m.Members {
		names += p.Name + ":" + p.Role + " "
	}
	return names
}

// makes makes a room and lets people in.
func (b *browser) makes(name, access string, people ...*browser) int64 {
	b.t.Helper()
	r := decode[room](b.post("/rooms", []string{"name", name, "access", access}, asJSON).is(201))
	for _, p := range people {
		b.post("/rooms/"+text(r.ID)+"/members", []string{"user", text(p.user.ID)}, asJSON).is(204)
	}
	return r.ID
}

func TestRoomsForPrograms(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta, carla := s.person("Ana"), s.person("Berta"), s.person("Carla")
	made := decode[room](ana.postJSON("/rooms", map[string]string{"name": "Café", "access": "open"}).is(201))
	equal(t, "the room", made, room{ID: made.ID, Name: "Café", Access: "open", Role: "owner"})
	ana.postJSON("/rooms", map[string]string{"name": "CAFE", "access": "open"}).failed(409, "conflict", "name")
	ana.postJSON("/rooms", map[string]string{"access": "open"}).failed(422, "invalid", "name")
	ana.postJSON("/rooms", map[string]string{"name": "x", "access": "closed"}).failed(422, "invalid", "access")

	type list struct{ Rooms []room }
	found := decode[list](berta.get("/rooms?q=cafe", asJSON).is(200))
	equal(t, "what Berta finds", fmt.Sprint(found.Rooms), fmt.Sprint([]room{{ID: made.ID, Name: "Café", Access: "open"}}))
	equal(t, "what nobody finds", len(decode[list](berta.get("/rooms?q=tea", asJSON)).Rooms), 0)
	berta.get("/rooms?q=%ff", asJSON).failed(422, "invalid", "q")
	path := "/rooms/" + text(made.ID)
	outside := decode[members](berta.get(path, asJSON).is(200))
	equal(t, "from outside", fmt.Sprint(outside.Role, outside.Count, outside.names()), "1")
	berta.post(path+"/join", nil, asJSON).is(204)
	berta.postJSON(path+"/members", map[string]int64{"user": carla.user.ID}).is(204)
	ana.say("room="+text(made.ID), "hello")
	inside := decode[members](berta.get(path, asJSON).is(200))
	equal(t, "from inside", fmt.Sprint(inside.Role, inside.Count, inside.Unread, " ", inside.names()), "member3 1 Ana:owner Berta:member Carla:member ")
	equal(t, "a filter", decode[members](berta.get(path+"?q=ana", asJSON)).names(), "Ana:owner ")
	mine := decode[overview](berta.get("/chat", asJSON)).Rooms
	equal(t, "in the list", fmt.Sprint(mine[0]), fmt.Sprint(room{made.ID, "Café", 1, "open", "member"}))
	carla.post(path+"/leave", nil, asJSON).is(204)
	carla.get("/messages?room="+text(made.ID), asJSON).failed(404, "not_found", "")
	ana.post(path+"/members/"+text(berta.user.ID)+"/remove", nil, asJSON).is(204)
	berta.post(path+"/join", nil, asJSON).failed(403, "forbidden", "")
	berta.post("/rooms/1/leave", nil, asJSON).failed(403, "forbidden", "")
}

func TestALongListOfMembersIsTurnedPageByPage(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana := s.person("Ana")
	for i := range 2 * chat.MaxMembers {
		s.person(fmt.Sprintf("Person %03d", i))
	}
	seen := map[string]bool{}
	path, pages := "/rooms/1", 0
	for ; path != ""; pages++ {
		m := decode[members](ana.get(path, asJSON).is(200))
		for _, p := range m.Members {
			seen[p.Name] = true
		}
		ana.get(path).is(200).has("101 people", m.Members[0].Name)
		path = m.Next
	}
	equal(t, "people", len(seen), 2*chat.MaxMembers+1)
	equal(t, "pages", pages, 3)
}

func TestRoomsByForms(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	ana.get("/rooms").is(200).has(`action="/rooms"`, `name="access"`, "There is no other room here.")
	ana.post("/rooms", []string{"name", " ", "access", "open"}).is(422).has("Give the room a name.")
	ana.post("/rooms", []string{"name", "G\u200beneral", "access", "open"}).is(422).has("characters that cannot be used")
	ana.post("/rooms", []string{"name", "GENERAL", "access", "open"}).is(409).has("There is already an open room", `value="GENERAL"`)
	ana.post("/rooms", []string{"name", "<b>Café</b>", "access", "open"}).to("/messages?room=2")
	ana.get("/messages?room=2").is(200).has(`href="/rooms/2"`, "&lt;b&gt;Café").lacks("<b>Café")
	ana.get("/rooms/2").is(200).has("Invite somebody", "one person", `action="/rooms/2/leave"`).lacks("/join", "/remove", "<b>Café")
	ana.get("/rooms/2?invite=ber").is(200).has(`name="user" value="` + text(berta.user.ID) + `"`)
	ana.post("/rooms/2/members", []string{"user", text(berta.user.ID)}).to("/rooms/2")
	ana.get("/rooms/2?invite=ber").is(200).has("Nobody outside has “ber”").lacks(`name="user"`)
	ana.get("/rooms/2").is(200).has(`action="/rooms/2/members/` + text(berta.user.ID) + `/remove"`)
	berta.get("/rooms/2").is(200).has("Owner:").lacks("/remove")
	berta.post("/rooms/2/leave", nil).to("/rooms")
	berta.get("/rooms").is(200).has(`action="/rooms/2/join"`)
	berta.get("/rooms/2").is(200).has(`action="/rooms/2/join"`).lacks("In this room", `action="/rooms/2/leave"`)
	berta.post("/rooms/2/join", nil).to("/messages?room=2")
	ana.post("/rooms/2/members/"+text(berta.user.ID)+"/remove", nil).to("/rooms/2")
	berta.post("/rooms/2/join", nil).is(403).has("You were removed from this room.")
	ana.get("/rooms", "Accept-Language: es").is(200).has("Crea una sala")
	ana.get("/rooms/1").is(200).has("2 people").lacks("/leave", "/remove", "Invite somebody")
	hostile := strings.Repeat("x", 41)
	ana.post("/rooms", []string{"name", hostile, "access", "open"}).is(422).has("at most 40")
}

// Removal is final, whatever the hints do, on both databases.
func TestNothingReachesTheRemoved(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); testRemoval(t, open(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { t.Parallel(); testRemoval(t, openPostgres(t, dbtest.Postgres(t))) })
}

func testRemoval(t *testing.T, s *site) {
	for _, how := range []string{"announced", "lost", "turned round"} {
		t.Run(how, func(t *testing.T) {
			ana, berta, carla := s.person("Ana").in(t), s.person("Berta").in(t), s.person("Carla").in(t)
			id := ana.makes("Cellar", "invited", berta, carla)
			place, path := "room="+text(id), "/rooms/"+text(id)
			before := ana.say(place, "before")
			removed, stays, state := berta.listen("/events?"+place+"&after=0"), carla.listen("/events?"+place+"&after=0"), berta.listen("/events")
			removed.brings("before")
			stays.brings("before")
			state.brings("Cellar")
			response, hangUp := berta.endless("/messages/live?" + place)
			defer hangUp()
			defer response.Body.Close()
			if how != "announced" {
				s.courier.hold()
			}
			ana.post(path+"/members/"+text(berta.user.ID)+"/remove", nil, asJSON).is(204)
			after := ana.say(place, "after")
			switch how {
			case "lost":
				s.courier.release(nothing)
			case "turned round":
				s.courier.release(func(held, _ []chat.Event) []chat.Event { return []chat.Event{held[1], held[0]} })
			}
			var names []string
			for e, err := removed.next(); err == nil; e, err = removed.next() {
				lacks(t, e.data, "after</div>")
				if e.name != "" {
					names = append(names, e.name)
				}
			}
			equal(t, "how the stream ends", strings.Join(names, " "), "gone bye")
			endless, err := io.ReadAll(bufio.NewReader(response.Body))
			if err != nil {
				t.Fatal(err)
			}
			contains(t, string(endless), "before</div>", "You are no longer in that room.", `href="/chat"`)
			lacks(t, string(endless), "after</div>", "refresh")
			equal(t, "the id for who stays", stays.brings("after</div>").id, text(after.Seq))
			state.until("the list without the room", func(e event) bool {
				return strings.Contains(e.data, `hx-target="#mine"`) && !strings.Contains(e.data, "Cellar")
			})

			for _, cursor := range []string{"&after=0", "&after=" + text(before.Seq), "&after=" + text(after.Seq), ""} {
				equal(t, "coming back", strings.Join(berta.listen("/events?"+place+cursor).ends(), " "), "gone bye")
			}
			berta.get("/events?"+place, asJSON).failed(404, "not_found", "")
			for _, page := range []string{"/messages?" + place, "/messages/live?" + place, "/messages/" + text(after.ID), "/messages/" + text(before.ID), path} {
				berta.get(page).is(404).lacks("Cellar", "before</div>")
			}
			berta.get("/messages/live?"+place).is(404).has("You are no longer in that room.", `target="_top"`)
			berta.post("/messages", []string{"room", text(id), "body", "let me in"}, asJSON).failed(404, "not_found", "")
			berta.post("/read", []string{"room", text(id), "seq", text(after.Seq)}, asJSON).failed(404, "not_found", "")
			berta.get("/chat?gone=1").is(200).has("You are no longer in that room.").lacks("Cellar")
		})
	}
}

// Two nodes on one database, and no hint passes between them.
func TestAnotherNodeLearnsByLooking(t *testing.T) {
	t.Parallel()
	url := dbtest.Postgres(t)
	here, there := openPostgres(t, url), openPostgres(t, url)
	admin, ana := here.person("Admin"), here.guest().register("Ana", "ana@example.org")
	id := admin.makes("Cellar", "open", ana)
	on := func(b *browser) *browser { c := b.clone(); c.site = there; return c }
	removed, stays := on(ana).listen("/events?room="+text(id)), on(admin).listen("/events?room="+text(id))
	removed.brings("here-count")
	stays.brings("here-count")
	admin.post("/rooms/"+text(id)+"/members/"+text(ana.user.ID)+"/remove", nil, asJSON).is(204)
	admin.say("room="+text(id), "after")
	equal(t, "who was removed", strings.Join(removed.ends(), " "), "gone bye")
	stays.brings("after</div>")

	second := there.guest()
	second.logIn("ana@example.org", phrase).is(303)
	out := second.listen("/events")
	out.brings("here-count")
	ana.post("/settings/password", []string{"current", phrase, "password", "tortilla y queso"}, asJSON).is(204)
	equal(t, "after a new password", strings.Join(out.ends(), " "), "logout bye")
	out = on(ana).listen("/events")
	out.brings("here-count")
	admin.post("/people/"+text(ana.user.ID)+"/disable", nil, asJSON).is(204)
	equal(t, "a disabled person", strings.Join(out.ends(), " "), "logout bye")
}

func TestTheAdminDisablesAPerson(t *testing.T) {
	t.Parallel()
	s := open(t)
	admin := s.person("Admin")
	ana := s.guest().register("Ana", "ana@example.org")
	st, watcher := ana.listen("/events"), admin.listen("/events")
	watcher.brings(`hx-target="#here-count">2<`)
	ana.get("/people").is(404)
	admin.get("/settings").is(200).has(`href="/people"`)
	ana.get("/settings").is(200).lacks(`href="/people"`)
	path := "/people/" + text(ana.user.ID)
	admin.get("/people?q=ana@").is(200).has(`action="`+path+`/disable"`, "ana@example.org").lacks("Admin</bdi> <small")
	admin.post(path+"/disable", nil).to("/people")
	equal(t, "how the stream ends", strings.Join(st.ends(), " "), "logout bye")
	ana.get("/chat").to("/login?next=%2Fchat")
	s.guest().logIn("ana@example.org", phrase).is(401)
	watcher.brings(`hx-target="#here-count">1<`)
	admin.get("/people").is(200).has(`action="` + path + `/enable"`)
	admin.get("/people?q=ana", asJSON).is(200).has(`"disabled":true`)
	admin.post("/people/"+text(admin.user.ID)+"/disable", nil, asJSON).failed(409, "conflict", "")
	admin.post("/people/999/disable", nil, asJSON).failed(404, "not_found", "")
	admin.post(path+"/enable", nil, asJSON).is(204)
	s.guest().logIn("ana@example.org", phrase).is(303)
	ana.get("/chat").is(303)
}

func TestANewPasswordEndsStreamsElsewhere(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana := s.guest().register("Ana", "ana@example.org")
	other := s.guest()
	other.logIn("ana@example.org", phrase).is(303)
	elsewhere, here := other.listen("/events"), ana.listen("/events")
	ana.post("/settings/password", []string{"current", "not this one", "password", "tortilla y queso"}).is(422).has("This is not your password.").lacks("tortilla y queso")
	ana.post("/settings/password", []string{"current", phrase, "password", "short"}, asJSON).failed(422, "invalid", "password")
	ana.post("/settings/password", []string{"current", phrase, "password", "tortilla y queso"}).to("/settings?saved=password")
	equal(t, "how the other stream ends", strings.Join(elsewhere.ends(), " "), "logout bye")
	other.get("/chat").is(303)
	ana.say("room=1", "still here")
	here.brings("<title>")
	s.guest().logIn("ana@example.org", phrase).is(401)
	s.guest().logIn("ana@example.org", "tortilla y queso").is(303)
}
