package handlers_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"charla/chat"
	"charla/db/dbtest"
	"charla/handlers/web"
)

// caller is somebody who calls the routes. A caller with a role in the room is a member of the room of the test; all
// others are outsiders.
type caller struct {
	name      string
	client    *client
	signedOut bool
	role      chat.Role // in the community
	roomRole  chat.Role
}

// botStatuses are the statuses of JSON answers to bots where they differ from those to people.
var botStatuses = map[string]int{
	"POST /bots": 403, "POST /invite/:token": 403, "POST /settings/delete": 403, "POST /settings/password": 403,
	"POST /settings/email": 403,
}

// endsSessions are the routes that can end the session of the caller, who gets a new one afterwards.
var endsSessions = []string{"POST /logout", "DELETE /tokens/current", "POST /sessions/end-others"}

// expected returns the statuses that a route owes a caller. They follow from what the route says about its callers,
// from the table of actions and roles, and from the statuses for outsiders, members and owners in routeCases.
func (c caller) expected(r web.Route, l routeCase) statuses {
	switch {
	case c.signedOut:
		return l.anonymous
	case r.Action == "":
		return c.expectedByRelation(l)
	}
	p := chat.DefaultPermission(r.Action)
	if r.Action == chat.InviteToOpenRoom { // the rooms of the test are by invitation
		p = chat.DefaultPermission(chat.InviteToRoom)
	}
	byRole := slices.Contains(p.CommunityRoles(), c.role)
	switch {
	case p.IsRoomAction() && c.roomRole == "":
		return l.outsider
	case p.IsRoomAction() && (byRole || slices.Contains(p.RoomRoles(), c.roomRole)):
		return l.owner
	case p.IsRoomAction():
		return statuses{http.StatusForbidden, http.StatusForbidden}
	case !byRole && r.Method == http.MethodGet:
		return statuses{http.StatusNotFound, http.StatusNotFound}
	case !byRole:
		return statuses{http.StatusForbidden, http.StatusForbidden}
	case p.Community.AtLeast(chat.RoleAdmin):
		return l.admin
	}
	return c.expectedByRelation(l)
}

// expectedByRelation returns the statuses that a caller gets because of their relation to the room.
func (c caller) expectedByRelation(l routeCase) statuses {
	switch {
	case c.role.AtLeast(chat.RoleAdmin) && l.admin != l.outsider:
		return l.admin
	case c.roomRole == chat.RoleOwner:
		return l.owner
	case c.roomRole != "":
		return l.member
	}
	return l.outsider
}

// rolesWorld is a server with somebody of each role, in and outside of a room.
type rolesWorld struct {
	*testServer
	callers   []caller
	roomOwner *client
	room      int64
	fill      *strings.Replacer
}

func newRolesWorld(t *testing.T, s *testServer) *rolesWorld {
	w := &rolesWorld{testServer: s}
	owner := s.newUser("owner")
	add := func(name string, role, roomRole chat.Role) *client {
		b := s.newUser(name).withT(t)
		s.exec(`UPDATE users SET role = $2 WHERE id = $1`, b.user.ID, string(role))
		b.user.Role = role
		w.callers = append(w.callers, caller{name: name, client: b, role: role, roomRole: roomRole})
		return b
	}
	disabled := s.newUser("disabled").withT(t)
	w.callers = []caller{
		{name: "anonymous", client: s.anonymous().withT(t), signedOut: true},
		{name: "disabled", client: disabled, signedOut: true},
	}
	add("guest", chat.RoleGuest, "")
	add("member", chat.RoleMember, "")
	add("moderator", chat.RoleModerator, "")
	add("admin", chat.RoleAdmin, "")
	w.callers = append(w.callers, caller{name: "owner", client: owner.withT(t), role: chat.RoleOwner})
	inRoom := []*client{
		add("guest in the room", chat.RoleGuest, chat.RoleMember), add("room member", chat.RoleMember, chat.RoleMember),
		add("room moderator", chat.RoleMember, chat.RoleModerator), add("admin in the room", chat.RoleAdmin, chat.RoleMember),
	}
	w.roomOwner = add("room owner", chat.RoleMember, chat.RoleOwner)
	bystander, target := s.newUser("bystander"), s.newUser("target")
	bot := bystander.createBot("bot")
	w.callers = append(w.callers, caller{name: "bot", client: bot.withT(t), role: chat.RoleMember})
	owner.post("/people/"+formatID(disabled.user.ID)+"/disable", nil, asJSON).is(204)

	w.room = w.roomOwner.createRoom("Cellar", "invited", bystander)
	for i, b := range inRoom {
		role := []chat.Role{chat.RoleMember, chat.RoleMember, chat.RoleModerator, chat.RoleMember}[i]
		s.exec(`INSERT INTO members (room_id, user_id, joined_seq, read_seq, role) VALUES ($1, $2, 2, 2, $3)`, w.room, b.user.ID, string(role))
	}
	m := w.roomOwner.sendWithFiles("room="+formatID(w.room), "a secret", w.roomOwner.upload("secret.txt", "secret"),
		w.roomOwner.upload("secret.png", blankPNG(t)))
	w.fill = strings.NewReplacer("ROOM", formatID(w.room), "MESSAGE", formatID(m.ID), "SEQ", formatID(m.Seq), "TARGET", formatID(target.user.ID),
		"/messages/:id", "/messages/"+formatID(m.ID), "/sessions/:id", "/sessions/"+formatID(s.count(`SELECT MIN(id) FROM sessions WHERE user_id = $1`, target.user.ID)),
		"/files/:id", m.Files[0].URL, ":file", formatID(m.Files[1].ID), ":secret", "unknown", "/people/:id", "/people/"+formatID(target.user.ID),
		":user", formatID(bystander.user.ID), "*", "nothing")
	return w
}

// copyRoom returns a new room with the same members, for a request that changes them.
func (w *rolesWorld) copyRoom() int64 {
	room := w.newSession(w.roomOwner.user).createRoom("Copy", "invited")
	w.exec(`INSERT INTO members (room_id, user_id, joined_seq, read_seq, role)
		SELECT $1, user_id, 1, 1, role FROM members WHERE room_id = $2 AND role <> 'owner'`, room, w.room)
	return room
}

// status sends the request of a case and returns the status of the answer.
func (w *rolesWorld) status(c caller, l routeCase, format string) int {
	if method, _, _ := strings.Cut(l.route, " "); strings.Contains(l.route, "/rooms/:id") {
		room := w.room
		if method != http.MethodGet {
			room = w.copyRoom()
		}
		l.route = strings.Replace(l.route, ":id", formatID(room), 1)
	}
	l = l.withOwnObject(w.roomOwner, w.roomOwner, w.roomOwner)
	b := c.client
	if slices.Contains(endsSessions, l.route) && !c.signedOut {
		defer w.renewSession(c)
	}
	method, path, _ := strings.Cut(w.fill.Replace(l.route+l.query), " ")
	if l.streams {
		response, cancel := b.openStream(path, format)
		defer response.Body.Close()
		defer cancel()
		return response.StatusCode
	}
	headers := []string{format}
	if method != http.MethodGet {
		headers = append(headers, inForm)
	}
	return b.do(method, path, l.body(b, w.fill), headers...).status
}

// renewSession gives a caller a new session.
func (w *rolesWorld) renewSession(c caller) {
	w.t.Helper()
	if c.name != "bot" {
		c.client.cookies = w.newSession(c.client.user).cookies
		return
	}
	owner := w.count(`SELECT owner_id FROM users WHERE id = $1`, c.client.user.ID)
	_, token, err := w.chat.RotateBotToken(w.t.Context(), chat.User{ID: owner}, c.client.user.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	c.client.token = token
}

// TestAllRoutesForAllRoles calls every route as somebody of every role, as a page and as JSON; a route with a stream
// opens it. The statuses follow from the table of routes and the table of actions and roles, so a route that forgets
// its check, or an action whose check is missing, fails the test. A route must say who may call it.
func TestAllRoutesForAllRoles(t *testing.T) {
	skipWalkIfShort(t)
	t.Parallel()
	for _, database := range []string{"SQLite", "PostgreSQL"} {
		t.Run(database, func(t *testing.T) {
			var w *rolesWorld
			if database == "SQLite" {
				w = newRolesWorld(t, openSQLite(t))
			} else {
				w = newRolesWorld(t, openPostgres(t, dbtest.PostgresURL(t)))
			}
			routes := map[string]web.Route{}
			for _, r := range w.handler.RouteTable() {
				if routes[r.Label()] = r; r.Access == 0 {
					t.Errorf("the route %s does not say who may call it", r.Label())
				}
			}
			for _, l := range routeCases {
				r := routes[l.route]
				if database == "PostgreSQL" && (r.Action == "" || chat.DefaultPermission(r.Action).IsRoomAction()) {
					continue // the queries of the other routes have tests on both databases
				}
				w.checkRoute(t, r, l.withDefaults())
			}
		})
	}
}

// checkRoute calls a route as each caller and compares the statuses with the expected ones.
func (w *rolesWorld) checkRoute(t *testing.T, r web.Route, l routeCase) {
	for _, c := range w.callers {
		want := c.expected(r, l)
		if c.name == "bot" {
			if status, ok := botStatuses[l.route]; ok {
				want.json = status
			}
		} else if got := w.status(c, l, "Accept: text/html"); got != want.page {
			t.Errorf("%s as a page for %s: status %d, want %d", l.route, c.name, got, want.page)
		}
		if got := w.status(c, l, asJSON); got != want.json {
			t.Errorf("%s as JSON for %s: status %d, want %d", l.route, c.name, got, want.json)
		}
	}
}
