package handlers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"charla/db/dbtest"
)

// guestWorld is a community with a guest. The guest is in one room with one other person. A third person has left that
// room; what they wrote there stays. Everybody else and all other rooms must stay hidden from the guest.
type guestWorld struct {
	*testServer
	owner, hidden, visible, former, guest *client
	room, hiddenOpenRoom, hiddenRoom      int64
	message, hiddenMessage                message
	secrets                               []string // what no answer to the guest may contain
}

// newGuestWorld makes the community. The ids of its people and rooms are so large that they are found in an answer.
func newGuestWorld(t *testing.T, s *testServer) *guestWorld {
	t.Helper()
	w := &guestWorld{testServer: s, owner: s.newUser("Owner Olga").withT(t)}
	s.exec(`UPDATE sqlite_sequence SET seq = 87654300 WHERE name = 'users'`)
	s.exec(`UPDATE sqlite_sequence SET seq = 56473800 WHERE name = 'rooms'`)
	w.hidden, w.visible = s.newUser("Hidden Hilda").withT(t), s.newUser("Visible Vera").withT(t)
	w.former, w.guest = s.newUser("Former Fritz").withT(t), s.newUser("Guest Gina").withT(t)
	robot := w.hidden.createBot("Hidden Robot")
	for _, b := range []*client{w.hidden, w.visible, w.former} {
		b.postParts("/settings/avatar", []string{"<me.png", picture(60, 40)}).is(303)
	}
	w.room = w.visible.createRoom("Lobby", "invited", w.former, w.guest)
	w.hiddenOpenRoom = w.hidden.createRoom("Secret Attic", "open", w.visible)
	w.hiddenRoom = w.hidden.createRoom("Secret Cellar", "invited", w.former)
	w.visible.post(fmt.Sprintf("/rooms/%d/members/%d/role", w.room, w.guest.user.ID), []string{"role", "moderator"}, asJSON).is(204)
	w.message = w.former.sendMessage("room="+formatID(w.room), "words of somebody who left")
	w.visible.react(w.message, "🎉")
	w.former.react(w.message, "👍")
	w.former.post(fmt.Sprintf("/rooms/%d/leave", w.room), nil, asJSON).is(204)
	w.hiddenMessage = w.hidden.sendWithFiles("room="+formatID(w.hiddenRoom), "unheard words", w.hidden.upload("secret.txt", "secret"),
		w.hidden.upload("secret.png", blankPNG(t)))
	w.hidden.sendMessage("room=1", "unheard words in General")
	w.hidden.sendMessage(w.former.peerQuery(), "unheard words to one person")
	w.owner.post(w.guest.rolePath(), []string{"role", "guest"}, asJSON).is(204)
	w.secrets = []string{
		"Hidden", "Owner Olga", "hidden.hilda", "hidden.robot", "owner.olga", "Secret Attic", "Secret Cellar", "unheard words", w.hidden.user.Email, w.owner.user.Email,
		formatID(w.hidden.user.ID), formatID(robot.user.ID), formatID(w.hiddenOpenRoom), formatID(w.hiddenRoom),
		w.avatarOf(w.hidden), `"name":"General"`, ">General<",
	}
	return w
}

// avatarOf returns the URL of the profile picture of a user.
func (s *testServer) avatarOf(b *client) string {
	return fmt.Sprintf("/files/%d", s.count(`SELECT avatar_file_id FROM users WHERE id = $1`, b.user.ID))
}

// fill returns a replacer that puts ids into the requests of routeCases: those of the guest's room, or hidden ones.
func (w *guestWorld) fill(room int64, m message, person *client, file string) *strings.Replacer {
	return strings.NewReplacer("ROOM", formatID(room), "MESSAGE", formatID(m.ID), "SEQ", formatID(m.Seq),
		"TARGET", formatID(person.user.ID), "/messages/:id", m.path(), "/rooms/:id", "/rooms/"+formatID(room),
		"/files/:id", file, "/people/:id", "/people/"+formatID(person.user.ID), ":user", formatID(person.user.ID),
		":file", formatID(m.ID), ":secret", "unknown", ":token", "unknown", ":id", formatID(person.user.ID), ":hook", "1", "*", "nothing")
}

// A guest asks every route for hidden and for visible things, as a page, as a fragment and as JSON. No answer contains
// anything about people and rooms outside of the guest's room.
func TestAllRoutesHideOtherRoomsFromGuests(t *testing.T) {
	skipWalkIfShort(t)
	t.Parallel()
	w := newGuestWorld(t, openSQLite(t))
	visible := w.fill(w.room, w.message, w.visible, w.avatarOf(w.visible))
	hidden := w.fill(w.hiddenRoom, w.hiddenMessage, w.hidden, w.avatarOf(w.hidden))
	cases := append([]routeCase{
		{route: "GET /chat?q="}, {route: "GET /chat?q=hid"}, {route: "GET /chat?q=e&open=first"}, {route: "GET /rooms?q=sec"},
		{route: "GET /rooms/:id?invite=h"}, {route: "GET /rooms/:id?invite="}, {route: "GET /rooms/:id?q=h"},
		{route: "GET /search?q=unheard"}, {route: "GET /search?q=words&sort=best"}, {route: "GET /search?q=&from=TARGET"}, {route: "GET /search?q=&in=ROOM"},
		{route: "GET /messages?with=TARGET"}, {route: "GET " + w.hiddenMessage.Files[0].URL},
		{route: "POST /rooms/" + formatID(w.hiddenOpenRoom) + "/join"}, {route: "GET /rooms/" + formatID(w.hiddenOpenRoom)},
		{route: "POST /messages", form: "with=" + formatID(w.hidden.user.ID) + "&body=hello"},
		{route: "POST /rooms/" + formatID(w.room) + "/members", form: "user=" + formatID(w.hidden.user.ID)},
		{route: "POST /notify", form: "with=" + formatID(w.hidden.user.ID) + "&mute=1h"},
		{route: "POST /drafts", form: "with=" + formatID(w.hidden.user.ID) + "&body=hello"},
	}, routeCases...)
	for _, l := range cases {
		if l.streams || l.route == "POST /rooms/:id/leave" {
			continue
		}
		for _, fill := range []*strings.Replacer{hidden, visible} {
			method, path, _ := strings.Cut(fill.Replace(l.route+l.query), " ")
			for _, header := range []string{asJSON, asHTMX, "Accept: text/html"} {
				answer := w.newSession(w.guest.user).withT(t).do(method, path, strings.NewReader(fill.Replace(l.form)), header, inForm)
				text := fmt.Sprint(answer.header, answer.body)
				for _, secret := range w.secrets {
					asked := strings.Contains(path, secret) // a form may repeat the id that the guest asked for
					if at := strings.Index(text, secret); at >= 0 && !asked {
						t.Errorf("%s %s (%s) answers a guest: …%s…", method, path, header, text[max(0, at-60):min(len(text), at+60)])
					}
				}
			}
		}
	}
	equal(t, "messages to hidden people", w.count(`SELECT COUNT(*) FROM rooms WHERE pair_low IS NOT NULL AND
		$1 IN (pair_low, pair_high) AND $2 IN (pair_low, pair_high)`, w.guest.user.ID, w.hidden.user.ID), 0)
	equal(t, "the guest is in", fmt.Sprint(w.isIn(w.guest, w.hiddenOpenRoom), w.isIn(w.hidden, w.room)), "false false")
}

// What a guest does see: the people of their rooms, and what others wrote there who left.
func TestGuestsSeeTheirRooms(t *testing.T) {
	t.Parallel()
	w := newGuestWorld(t, openSQLite(t))
	guest := w.newSession(w.guest.user).withT(t)
	guest.get("/chat", asJSON).is(200).has("Visible Vera", `"name":"Lobby"`).lacks("Former Fritz")
	guest.get("/chat?q=f", asJSON).is(200).lacks("Former Fritz")
	guest.get("/messages?room="+formatID(w.room), asJSON).is(200).has("words of somebody who left", "Former Fritz")
	guest.get(w.avatarOf(w.visible)).is(200)
	guest.get(w.avatarOf(w.former)).is(200)
	guest.get(w.avatarOf(w.hidden)).is(404)
	guest.get("/rooms").is(404)
	guest.get("/chat").is(200).hides("a[href='/rooms']")
	w.hidden.get("/chat").is(200).shows("a[href='/rooms']")
	guest.sendMessage(w.visible.peerQuery(), "hello Vera")
	guest.post("/messages", []string{"with", formatID(w.former.user.ID), "body", "hello"}, asJSON).isError(404, "not_found", "")
	guest.get("/conversations", asJSON).is(200).has("Visible Vera")

	guest.get("/settings").is(200).hides("a[href='/bots']")

	// Only the people of the room and admins see the guest.
	w.hidden.get("/chat?q=gina", asJSON).is(200).lacks("Gina")
	w.hidden.post("/messages", []string{"with", formatID(w.guest.user.ID), "body", "hello"}, asJSON).isError(404, "not_found", "")
	w.visible.get("/chat?q=gina", asJSON).is(200).has("Gina")
	w.owner.get("/chat?q=gina", asJSON).is(200).has("Gina")
	guest.post(fmt.Sprintf("/rooms/%d/leave", w.room), nil).redirectsTo("/chat")
	guest.get("/chat", asJSON).is(200).lacks("Lobby")
}

// onlineOnStream returns what says on the stream of a page that a user is online.
func onlineOnStream(b *client) string { return fmt.Sprintf(`id="u%d"`, b.user.ID) }

// The streams of a guest say who is online among the people of their rooms, and nothing about others.
func TestStreamsOfGuests(t *testing.T) {
	t.Parallel()
	w := newGuestWorld(t, openSQLite(t))
	guest := w.newSession(w.guest.user).withT(t)
	room := fmt.Sprintf("/events?room=%d&after=0", w.room)
	page, program, all := guest.listen(room), guest.listen(room, asJSON), guest.listen("/events", asJSON)
	chatPage := guest.listen("/events")
	member := w.hidden.listen("/events", asJSON)
	w.former.listen("/events")
	w.hidden.post("/settings/name", []string{"name", "Hidden Helga"}).is(303)
	w.hidden.sendMessage("room=1", "unheard words again")
	member.waitFor("Former Fritz")
	member.waitFor("Hidden Helga", "renamed")
	w.visible.sendMessage("room="+formatID(w.room), "a word to all")
	w.visible.listen("/events")
	for _, stream := range []*eventStream{page, program, all, chatPage} {
		isVera := func(e event) bool {
			return strings.Contains(e.data, onlineOnStream(w.visible)) || e.name == "presence" && strings.Contains(e.data, "Visible Vera")
		}
		last, before := stream.readUntil("Vera is online", isVera)
		for _, e := range append(before, last) {
			lacks(t, e.data, w.secrets...)
			lacks(t, e.data, onlineOnStream(w.former), "with="+formatID(w.former.user.ID))
		}
		contains(t, last.data, map[bool]string{true: `"count":2`, false: ">2<"}[last.name == "presence"])
	}
	// The list of others leaves the guest out.
	w.hidden.listen("/events", asJSON).waitForNamed("presence")
	equal(t, "the guest in the shared list", strings.Contains(w.hidden.get("/chat", asJSON).is(200).body, "Gina"), false)
}

// What a guest sees changes within two seconds on all nodes when they come into a room or leave it, also while their
// page is open, and everything ends for somebody who becomes a guest.
func TestViewOfGuestsChangesOnAllNodes(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	here, there := openPostgres(t, url), openPostgres(t, url)
	owner, ana, berta, gina := here.newUser("Owner"), here.newUser("Ana"), here.newUser("Berta"), here.newUser("Gina")
	lobby, annex := ana.createRoom("Lobby", "invited", gina), berta.createRoom("Annex", "invited")
	berta.onNode(there).listen("/events")
	before := gina.onNode(there).listen("/events?room=1&after=0")
	within := func(what string, limit time.Duration, wait func()) {
		t.Helper()
		start := time.Now()
		if wait(); time.Since(start) > limit {
			t.Errorf("%s took %v", what, time.Since(start))
		}
	}
	before.waitFor(onlineOnStream(berta))
	owner.post(gina.rolePath(), []string{"role", "guest"}, asJSON).is(204)
	within("the end of the stream in General", 3*time.Second, func() { before.readToEnd() })

	stream := gina.onNode(there).listen(fmt.Sprintf("/events?room=%d&after=0", lobby))
	stream.waitFor(onlineOnStream(gina))
	gina.onNode(there).get("/chat", asJSON).is(200).has("Ana").lacks("Berta", "Annex")
	berta.get(fmt.Sprintf("/rooms/%d?invite=gina", annex)).is(200).lacks("Gina") // they do not see each other
	owner.post("/messages", []string{"with", formatID(gina.user.ID), "body", "hello"}, asJSON).is(201)
	berta.post(fmt.Sprintf("/rooms/%d/members", annex), []string{"user", formatID(owner.user.ID)}, asJSON).is(204)
	owner.post(fmt.Sprintf("/rooms/%d/members", annex), []string{"user", formatID(gina.user.ID)}, asJSON).is(204)
	within("seeing the people of a new room", 4*time.Second, func() { stream.waitFor(onlineOnStream(berta)) })
	gina.onNode(there).get("/chat", asJSON).is(200).has("Berta", "Annex")
	berta.post(fmt.Sprintf("/rooms/%d/members/%d/remove", annex, gina.user.ID), nil, asJSON).is(204)
	within("no longer seeing them", 4*time.Second, func() {
		stream.readUntil("a list without Berta", func(e event) bool {
			return strings.Contains(e.data, onlineOnStream(gina)) && !strings.Contains(e.data, onlineOnStream(berta))
		})
	})
	gina.onNode(there).get("/chat", asJSON).is(200).lacks("Berta", "Annex")
}
