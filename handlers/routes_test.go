package handlers_test

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"charla/chat"
)

// statuses are the expected statuses of a page and of JSON.
type statuses struct{ page, json int }

// routeCase is a route with a request about a direct conversation of two users, or about a private room, and the
// expected answers. An outsider is signed in and member of neither, a member is in both; the owner owns the room and is
// the other user of the conversation; the admin is an outsider. If owner is empty, it is as for a member; if admin is
// empty, it is as for an outsider.
type routeCase struct {
	route                       string
	query, form                 string // ROOM, MESSAGE and SEQ stand for those of the conversation, HANDLE for one of the caller
	anonymous, outsider, member statuses
	owner, admin                statuses
	streams                     bool
}

// routeCases has every route. HEAD answers like GET.
var routeCases = []routeCase{
	{route: "GET /", anonymous: statuses{303, 200}, outsider: statuses{303, 200}, member: statuses{303, 200}},
	{route: "GET /register", anonymous: statuses{200, 406}, outsider: statuses{303, 406}, member: statuses{303, 406}},
	{route: "POST /register", form: "name=", anonymous: statuses{422, 422}, outsider: statuses{422, 422}, member: statuses{422, 422}},
	{route: "GET /setup/:token", anonymous: statuses{404, 406}, outsider: statuses{404, 406}, member: statuses{404, 406}},
	{route: "POST /setup/:token", form: "name=", anonymous: statuses{404, 404}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "GET /invites", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{404, 404}, admin: statuses{200, 200}},
	{route: "POST /invites", form: "uses=3", anonymous: statuses{303, 401}, outsider: statuses{403, 403}, member: statuses{403, 403}, admin: statuses{303, 201}},
	{route: "POST /invites/:id/remove", anonymous: statuses{303, 401}, outsider: statuses{403, 403}, member: statuses{403, 403}, admin: statuses{404, 404}},
	{route: "GET /invite/:token", anonymous: statuses{404, 404}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "POST /invite/:token", form: "name=", anonymous: statuses{404, 404}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "GET /login", anonymous: statuses{200, 406}, outsider: statuses{303, 406}, member: statuses{303, 406}},
	{route: "POST /login", form: "email=", anonymous: statuses{401, 401}, outsider: statuses{401, 401}, member: statuses{401, 401}},
	{route: "POST /logout", anonymous: statuses{303, 204}, outsider: statuses{303, 204}, member: statuses{303, 204}},
	{route: "GET /confirm/:token", anonymous: statuses{404, 404}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "POST /confirm/:token", anonymous: statuses{404, 404}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "GET /forgot", anonymous: statuses{404, 404}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "POST /forgot", anonymous: statuses{404, 404}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "GET /reset/:token", anonymous: statuses{404, 406}, outsider: statuses{404, 406}, member: statuses{404, 406}},
	{route: "POST /reset/:token", anonymous: statuses{404, 404}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "GET /email/:token", anonymous: statuses{404, 404}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "POST /email/:token", anonymous: statuses{404, 404}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "GET /unsubscribe/:token", anonymous: statuses{404, 406}, outsider: statuses{404, 406}, member: statuses{404, 406}},
	{route: "POST /unsubscribe/:token", anonymous: statuses{404, 404}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "GET /chat", anonymous: statuses{303, 401}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "GET /conversations", anonymous: statuses{303, 401}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "GET /messages", query: "?room=ROOM", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{200, 200}},
	{route: "POST /messages", form: "room=ROOM&body=hello", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{303, 201}},
	{route: "POST /messages/queue", form: "stored={}", anonymous: statuses{303, 401}, outsider: statuses{200, 406}, member: statuses{200, 406}},
	{route: "GET /messages/live", query: "?room=ROOM", streams: true, anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{200, 406}},
	{route: "GET /search", query: "?q=hello&in=ROOM", anonymous: statuses{303, 401}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "GET /inbox", anonymous: statuses{303, 401}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "POST /inbox/seen", form: "upto=1", anonymous: statuses{303, 401}, outsider: statuses{303, 204}, member: statuses{303, 204}},
	{route: "GET /messages/:id", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{200, 200}},
	{route: "GET /messages/:id/pictures/:file", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{200, 406}},
	{route: "POST /files", query: "?room=ROOM&name=a.txt", form: "a", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{303, 201}},
	{route: "GET /files/:id", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{200, 200}},
	{route: "POST /files/:id", form: "alt=words", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "DELETE /files/:id", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "POST /files/:id/delete", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "PUT /messages/:id", form: "body=another", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{403, 403}, owner: statuses{303, 200}},
	{route: "POST /messages/:id/edit", form: "body=a+third", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{403, 403}, owner: statuses{303, 200}},
	{route: "POST /messages/:id/reactions", form: "emoji=%F0%9F%8E%89", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{303, 200}},
	{route: "POST /messages/:id/pin", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{303, 200}},
	{route: "POST /messages/:id/unpin", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{303, 200}},
	{route: "GET /pins", query: "?room=ROOM", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{200, 200}},
	{route: "POST /messages/:id/save", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{303, 204}},
	{route: "POST /messages/:id/unsave", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{303, 204}},
	{route: "GET /saved", anonymous: statuses{303, 401}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "DELETE /messages/:id", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{403, 403}, owner: statuses{303, 204}},
	{route: "POST /messages/:id/delete", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{403, 403}, owner: statuses{303, 204}},
	{route: "GET /emoji", query: "?room=ROOM&q=tada", anonymous: statuses{303, 401}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "POST /emoji", form: "room=ROOM&emoji=🎉", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{200, 200}},
	{route: "POST /drafts", form: "room=ROOM&body=hello&key=k", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{303, 204}},
	{route: "POST /messages/:id/unread", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{303, 204}},
	{route: "POST /notify", form: "room=ROOM&level=all", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{303, 200}},
	{route: "POST /read", form: "room=ROOM&seq=SEQ", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{204, 204}},
	{route: "GET /events", query: "?room=ROOM&after=0", streams: true, anonymous: statuses{200, 401}, outsider: statuses{404, 404}, member: statuses{200, 200}},
	{route: "GET /sound", query: "?room=ROOM&seq=SEQ", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{204, 204}},
	{route: "GET /settings", anonymous: statuses{303, 401}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "POST /settings", form: "locale=&theme=", anonymous: statuses{303, 401}, outsider: statuses{303, 200}, member: statuses{303, 200}},
	{route: "POST /complete", form: "room=ROOM&body=@a", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{200, 200}},
	{route: "POST /settings/handle", form: "handle=HANDLE", anonymous: statuses{303, 401}, outsider: statuses{303, 200}, member: statuses{303, 200}},
	{route: "POST /settings/name", form: "name=Another", anonymous: statuses{303, 401}, outsider: statuses{303, 200}, member: statuses{303, 200}},
	{route: "POST /settings/export", anonymous: statuses{303, 401}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "GET /settings/export", anonymous: statuses{303, 401}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "GET /settings/delete", anonymous: statuses{303, 401}, outsider: statuses{200, 406}, member: statuses{200, 406}},
	{route: "POST /settings/delete", form: "current=x&messages=delete", anonymous: statuses{303, 401}, outsider: statuses{422, 422}, member: statuses{422, 422}},
	{route: "POST /settings/avatar", form: "x=y", anonymous: statuses{303, 401}, outsider: statuses{422, 422}, member: statuses{422, 422}},
	{route: "POST /settings/password", form: "current=x&password=y", anonymous: statuses{303, 401}, outsider: statuses{422, 422}, member: statuses{422, 422}},
	{route: "POST /settings/email", form: "email=x&current=y", anonymous: statuses{303, 401}, outsider: statuses{422, 422}, member: statuses{422, 422}},
	{route: "POST /settings/mail", form: "mail=off", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "POST /settings/push", form: "topic=x", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "POST /settings/push/test", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "GET /rooms", anonymous: statuses{303, 401}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "POST /rooms", form: "name=Cellar&access=invited", anonymous: statuses{303, 401}, outsider: statuses{303, 201}, member: statuses{303, 201}},
	{route: "GET /rooms/:id", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{200, 200}},
	{route: "POST /rooms/:id/join", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{303, 204}},
	{route: "POST /rooms/:id/leave", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{303, 204}},
	{route: "POST /rooms/:id/members", form: "user=TARGET", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{403, 403}, owner: statuses{303, 204}},
	{route: "POST /rooms/:id/members/:user/remove", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{403, 403}, owner: statuses{303, 204}},
	{route: "GET /people", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{404, 404}, admin: statuses{200, 200}},
	{route: "GET /admin", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{404, 404}, admin: statuses{200, 200}},
	{route: "POST /admin", form: "pins=member", anonymous: statuses{303, 401}, outsider: statuses{403, 403}, member: statuses{403, 403}, admin: statuses{303, 200}},
	{route: "POST /admin/checklist/dismiss", anonymous: statuses{303, 401}, outsider: statuses{403, 403}, member: statuses{403, 403}, admin: statuses{303, 204}},
	{route: "GET /admin/registrations", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{404, 404}, admin: statuses{200, 200}},
	{route: "POST /admin/registrations/:id/approve", anonymous: statuses{303, 401}, outsider: statuses{403, 403}, member: statuses{403, 403}, admin: statuses{404, 404}},
	{route: "POST /admin/registrations/:id/reject", anonymous: statuses{303, 401}, outsider: statuses{403, 403}, member: statuses{403, 403}, admin: statuses{404, 404}},
	{route: "POST /people/:id/reset-link", anonymous: statuses{303, 401}, outsider: statuses{403, 403}, member: statuses{403, 403}, admin: statuses{201, 201}},
	{route: "GET /roles", anonymous: statuses{303, 401}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "POST /people/:id/role", form: "role=member", anonymous: statuses{303, 401}, outsider: statuses{403, 403}, member: statuses{403, 403}, admin: statuses{303, 204}},
	{route: "POST /rooms/:id/members/:user/role", form: "role=moderator", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{403, 403}, owner: statuses{303, 204}},
	{route: "POST /people/:id/disable", anonymous: statuses{303, 401}, outsider: statuses{403, 403}, member: statuses{403, 403}, admin: statuses{303, 204}},
	{route: "POST /people/:id/enable", anonymous: statuses{303, 401}, outsider: statuses{403, 403}, member: statuses{403, 403}, admin: statuses{303, 204}},
	{route: "POST /people/:id/admin", anonymous: statuses{303, 401}, outsider: statuses{403, 403}, member: statuses{403, 403}, admin: statuses{303, 204}},
	{route: "GET /sessions", anonymous: statuses{303, 401}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "POST /sessions/:id/end", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{404, 404}, owner: statuses{404, 404}},
	{route: "POST /sessions/end-others", anonymous: statuses{303, 401}, outsider: statuses{303, 204}, member: statuses{303, 204}},
	{route: "POST /tokens", form: "email=", anonymous: statuses{401, 401}, outsider: statuses{401, 401}, member: statuses{401, 401}},
	{route: "POST /tokens/refresh", form: "refresh_token=x", anonymous: statuses{401, 401}, outsider: statuses{401, 401}, member: statuses{401, 401}},
	{route: "DELETE /tokens/current", anonymous: statuses{401, 401}, outsider: statuses{204, 204}, member: statuses{204, 204}},
	{route: "GET /bots", anonymous: statuses{303, 401}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "POST /bots", form: "name=Robot", anonymous: statuses{303, 401}, outsider: statuses{201, 201}, member: statuses{201, 201}},
	{route: "POST /bots/:id/renew", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{404, 404}, owner: statuses{200, 200}},
	{route: "POST /bots/:id/hooks", form: "room=1", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{404, 404}, owner: statuses{201, 201}},
	{route: "POST /bots/:id/hooks/:hook/remove", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{404, 404}, owner: statuses{303, 204}},
	{route: "POST /bots/:id/remove", anonymous: statuses{303, 401}, outsider: statuses{404, 404}, member: statuses{404, 404}, owner: statuses{303, 204}, admin: statuses{303, 204}},
	{route: "POST /hooks/:secret", form: "hello", anonymous: statuses{404, 404}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "GET /me.css", anonymous: statuses{200, 200}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "GET /openapi.json", anonymous: statuses{200, 200}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "GET /healthz", anonymous: statuses{200, 200}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "GET /readyz", anonymous: statuses{200, 200}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "GET /favicon.ico", anonymous: statuses{200, 200}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "GET /manifest.webmanifest", anonymous: statuses{200, 200}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "GET /robots.txt", anonymous: statuses{200, 200}, outsider: statuses{200, 200}, member: statuses{200, 200}},
	{route: "GET /.well-known/security.txt", anonymous: statuses{404, 404}, outsider: statuses{404, 404}, member: statuses{404, 404}},
	{route: "GET /.well-known/change-password", anonymous: statuses{302, 302}, outsider: statuses{302, 302}, member: statuses{302, 302}},
	{route: "GET /static/*", anonymous: statuses{404, 404}, outsider: statuses{404, 404}, member: statuses{404, 404}},
}

// body returns the form of the request.
func (l routeCase) body(b *client, fill *strings.Replacer) io.Reader {
	return strings.NewReader(strings.ReplaceAll(fill.Replace(l.form), "HANDLE", "h"+formatID(b.user.ID)))
}

// withDefaults returns the case with the statuses for the owner and the admin filled in.
func (l routeCase) withDefaults() routeCase {
	l.owner, l.admin = cmp.Or(l.owner, l.member), cmp.Or(l.admin, l.outsider)
	return l
}

func TestEveryRouteHasACase(t *testing.T) {
	s := openSQLite(t)
	known := map[string]bool{}
	for _, l := range routeCases {
		known[l.route] = true
		if path, ok := strings.CutPrefix(l.route, "GET "); ok {
			known["HEAD "+path] = true
		}
	}
	served := map[string]bool{}
	for _, route := range s.handler.RegisteredRoutes() {
		if served[route] = true; !known[route] {
			t.Errorf("%s is served but has no case", route)
		}
	}
	for route := range known {
		if !served[route] {
			t.Errorf("%s has a case but is not served", route)
		}
	}
}

func TestAllRoutesCheckAccess(t *testing.T) {
	skipWalkIfShort(t)
	t.Parallel()
	s := openSQLite(t)
	admin, ana, berta, carla := s.newUser("Admin"), s.newUser("Ana"), s.newUser("Berta"), s.newUser("Carla")
	other, target := s.newUser("Other"), s.newUser("Target")
	equal(t, "the role of the first", admin.user.Role, chat.RoleOwner)
	m := ana.sendWithFiles(berta.peerQuery(), "a secret", ana.upload("secret.txt", "secret"), ana.upload("secret.png", blankPNG(t)))
	equal(t, "members called Carla", s.count(`SELECT COUNT(*) FROM members WHERE room_id = $1 AND user_id = $2`, m.Room, carla.user.ID), 0)
	fill := strings.NewReplacer("ROOM", formatID(m.Room), "MESSAGE", formatID(m.ID), "SEQ", formatID(m.Seq), "TARGET", formatID(target.user.ID),
		"/messages/:id", "/messages/"+formatID(m.ID), "/sessions/:id", "/sessions/"+formatID(s.count(`SELECT id FROM sessions WHERE user_id = $1`, target.user.ID)),
		"/files/:id", m.Files[0].URL, ":file", formatID(m.Files[1].ID), ":secret", "unknown", "/people/:id", "/people/"+formatID(target.user.ID), ":user", formatID(other.user.ID), "*", "nothing")
	described := s.readContract()
	for _, l := range routeCases {
		l = l.withDefaults()
		t.Run(l.route, func(t *testing.T) {
			for who, expected := range map[*client]statuses{s.anonymous(): l.anonymous, carla: l.outsider, berta: l.member, ana: l.owner, admin: l.admin} {
				for _, headers := range [][]string{nil, {asJSON}} {
					want := expected.page
					if headers != nil {
						want = expected.json
					}
					fresh := func() routeCase { return l.withOwnObject(ana, berta, other) }
					a := fresh().request(t, who.newSession(t), fill, want, headers...)
					if headers != nil {
						described.check(t, l.route, a)
					}
					if who.user.ID != 0 { // a program gets JSON without asking for it
						fresh().request(t, who.newProgram(t), fill, expected.json, headers...)
					}
				}
			}
		})
	}
	ana.newSession(t).get("/messages?room="+formatID(m.Room), asJSON).is(200).lacks("Carla")
}

// withOwnObject returns a case about a room or bot of its own, so that cases do not disturb each other.
func (l routeCase) withOwnObject(ana, berta, other *client) routeCase {
	ana = ana.newSession(ana.t)
	switch {
	case strings.Contains(l.route, "/rooms/:id"):
		l.route = strings.Replace(l.route, ":id", formatID(ana.createRoom("Cellar", "invited", berta, other)), 1)
	case strings.Contains(l.route, "/bots/:id"):
		ana.server.exec(`UPDATE users SET disabled_at = 1 WHERE owner_id = $1`, ana.user.ID)
		bot := ana.createBot("Robot")
		l.route = strings.NewReplacer(":id", formatID(bot.user.ID), ":hook", formatID(ana.createWebhook(bot, 1).ID)).Replace(l.route)
	}
	return l
}

// newSession returns the same user in a session of its own, because some requests end the session.
func (b *client) newSession(t testing.TB) *client {
	if b.user.ID == 0 {
		return b.withT(t)
	}
	return b.server.newSession(b.user).withT(t)
}

// request sends the request, and a HEAD request after a GET, and checks the status. It returns the answer unless the
// route streams.
func (l routeCase) request(t *testing.T, b *client, fill *strings.Replacer, want int, headers ...string) (a *answer) {
	t.Helper()
	method, path, _ := strings.Cut(fill.Replace(l.route+l.query), " ")
	if method != http.MethodGet {
		headers = append(headers, inForm)
	}
	var header http.Header
	if l.streams {
		response, cancel := b.openStream(path, headers...)
		equal(t, b.user.Name+" "+l.route, response.StatusCode, want)
		header = response.Header
		cancel()
		response.Body.Close()
	} else {
		a = b.do(method, path, l.body(b, fill), headers...)
		equal(t, b.user.Name+" "+l.route, a.status, want)
		header = a.header
	}
	if method == http.MethodGet {
		head := b.do(http.MethodHead, path, nil, append(headers, "Accept-Encoding: gzip")...)
		equal(t, b.user.Name+" HEAD "+path, head.status, want)
		equal(t, "body of a HEAD", head.body, "")
		equal(t, b.user.Name+" headers of HEAD "+path, comparableHeader(head.header), comparableHeader(header))
	}
	return a
}

// comparableHeader returns the headers that two answers to the same request have in common. The client adds
// Accept-Encoding to GET requests only, and hides the encoding and length of what it decompressed.
func comparableHeader(h http.Header) string {
	h = h.Clone()
	for _, name := range []string{
		"Connection", "Content-Encoding", "Content-Length", "Content-Security-Policy", "Date", "X-Request-Id",
	} {
		h.Del(name)
	}
	return fmt.Sprint(h)
}

func TestOptionsListsTheMethods(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	methods := map[string][]string{}
	for _, route := range s.handler.RegisteredRoutes() {
		method, path, _ := strings.Cut(route, " ")
		methods[path] = append(methods[path], method)
	}
	for path, want := range methods {
		path = strings.ReplaceAll(regexp.MustCompile(`:\w+`).ReplaceAllString(path, "1"), "*", "x")
		allow := s.anonymous().do(http.MethodOptions, path, nil).is(204).header.Get("Allow")
		got := strings.Split(allow, ", ")
		for _, method := range append(want, http.MethodOptions) {
			if !slices.Contains(got, method) {
				t.Errorf("OPTIONS %s allows %q, not %s", path, allow, method)
			}
		}
		equal(t, "methods that OPTIONS "+path+" allows", len(got), len(want)+1)
	}
	s.anonymous().do(http.MethodOptions, "/nowhere", nil).is(404)
}

// withoutNonces removes what differs between two answers to the same request.
func withoutNonces(page string) string {
	page = regexp.MustCompile(`nonce(:inherited)?="[^"]*"|nonce-[^']*|<code>[A-Z0-9]+</code>`+
		`|(data-store|data-page|data-slots|hx-headers:inherited|name="(own|page)" value)="[^"]*"`).ReplaceAllString(page, "")
	return page
}

func TestHiddenLooksLikeMissing(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta, carla := s.newUser("Ana"), s.newUser("Berta"), s.newUser("Carla")
	m := ana.sendMessage(berta.peerQuery(), "a secret")
	ana.get("/messages/" + formatID(m.ID)).is(200).has("a secret")
	hidden := ana.createRoom("The secret cellar", "invited", berta)
	for _, pair := range [][2]string{
		{"GET /messages?room=" + formatID(m.Room), "GET /messages?room=99999"},
		{"GET /messages?room=" + formatID(m.Room) + "&before=5", "GET /messages?room=99999&before=5"},
		{"GET /messages/live?room=" + formatID(m.Room), "GET /messages/live?room=99999"},
		{"GET /events?room=" + formatID(m.Room) + "&after=0", "GET /events?room=99999&after=0"},
		{"GET /messages/" + formatID(m.ID), "GET /messages/99999"},
		{"POST /messages room=" + formatID(m.Room) + "&body=hello", "POST /messages room=99999&body=hello"},
		{"POST /read room=" + formatID(m.Room) + "&seq=1", "POST /read room=99999&seq=1"},
		{"PUT " + m.path() + " body=mine", "PUT /messages/99999 body=mine"},
		{"PUT " + m.path() + " body=", "PUT /messages/99999 body="},
		{"DELETE " + m.path(), "DELETE /messages/99999"},
		{"POST " + m.path() + "/edit body=mine", "POST /messages/99999/edit body=mine"},
		{"POST " + m.path() + "/delete", "POST /messages/99999/delete"},
		{"POST " + m.path() + "/reactions emoji=🎉", "POST /messages/99999/reactions emoji=🎉"},
		{"POST " + m.path() + "/reactions emoji=x", "POST /messages/99999/reactions emoji=x"},
		{"GET /sound?seq=9&room=" + formatID(m.Room), "GET /sound?seq=9&room=99999"},
		{"POST /drafts room=" + formatID(m.Room) + "&body=hello", "POST /drafts room=99999&body=hello"},
		{"POST /notify room=" + formatID(m.Room) + "&mute=1h", "POST /notify room=99999&mute=1h"},
		{"GET /rooms/" + formatID(hidden), "GET /rooms/99999"},
		{"GET /rooms/" + formatID(m.Room), "GET /rooms/99999"},
		{"GET /messages?room=" + formatID(hidden), "GET /messages?room=99999"},
		{"GET /events?room=" + formatID(hidden) + "&after=0", "GET /events?room=99999&after=0"},
		{"POST /rooms/" + formatID(hidden) + "/join", "POST /rooms/99999/join"},
		{"POST /rooms/" + formatID(hidden) + "/leave", "POST /rooms/99999/leave"},
		{"POST /rooms/" + formatID(hidden) + "/members user=" + formatID(carla.user.ID), "POST /rooms/99999/members user=" + formatID(carla.user.ID)},
		{"POST /rooms/" + formatID(hidden) + "/members/" + formatID(berta.user.ID) + "/remove", "POST /rooms/99999/members/1/remove"},
	} {
		for _, headers := range [][]string{nil, {asJSON}, {asHTMX}} {
			ask := func(what string) *answer {
				words := strings.Fields(what + " x")
				return carla.do(words[0], words[1], strings.NewReader(words[2]), append(headers, inForm)...).is(404).lacks("secret", "Ana", "Berta")
			}
			equal(t, pair[0], withoutNonces(ask(pair[0]).body), withoutNonces(ask(pair[1]).body))
		}
	}
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 1)
}

func TestUnknownAddressesAre404(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	for _, path := range []string{
		"/messages", "/messages?with=", "/messages?with=ana", "/messages?with=-1", "/messages?with=0", "/messages?with=1e3",
		"/messages?with=99999999999999999999", "/messages?with=9223372036854775807", "/messages?room=ñ", "/messages?room=%00", "/messages?room=%ff",
		"/messages/ana", "/messages/-1", "/messages/0", "/messages/1.5", "/messages/%00", "/messages/%ff", "/messages/9223372036854775808",
		"/messages/live", "/messages/live?with=x", "/events?with=x", "/events?room=-1", "/nowhere", "/static/../go.mod", "/static/charla.css",
	} {
		ana.get(path).is(404)
		if !strings.HasPrefix(path, "/static") {
			ana.get(path, asJSON).isError(404, "not_found", "")
		}
	}
	for _, form := range [][]string{{"body", "x"}, {"with", "x", "body", "x"}, {"room", "", "body", "x"}, {"room", "\x00", "body", "x"}, {"with", "\xff", "body", "x"}} {
		ana.post("/messages", form).is(404)
		ana.post("/messages", form, asJSON).isError(404, "not_found", "")
		ana.post("/read", append(form, "seq", "1"), asJSON).isError(404, "not_found", "")
	}
	for _, body := range []string{`{"body":"x"}`, `{"with":"ana","body":"x"}`, `{"with":null,"body":"x"}`, `{"with":1.5,"body":"x"}`, `{"room":{"a":1},"body":"x"}`} {
		ana.postJSON("/messages", body).isError(404, "not_found", "")
	}
	ana.get("/messages?room=1&" + ana.peerQuery()).is(422)
	ana.do("PUT", "/messages", strings.NewReader("x"), asJSON).isError(405, "method_not_allowed", "")
	ana.do("DELETE", "/chat", nil).is(405)
}
