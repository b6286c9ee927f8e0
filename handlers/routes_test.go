package handlers_test

import (
	"cmp"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"charla/chat"
)

// visit is how one route answers one kind of visitor.
type visit struct{ page, json int }

// line is one route with a request that concerns the direct conversation of two people, or a room by invitation, and what
// it answers to a guest, to an outsider, who is signed in but in neither, to a member, who is in both, to the room's owner,
// who is the other of the two, and to an admin, who is an outsider. What is left out for the owner is as for a member, and
// for the admin as for an outsider.
type line struct {
	route                   string
	query, form             string // ROOM, MESSAGE and SEQ are those of the conversation; OTHER is another member of the room
	guest, outsider, member visit
	owner, admin            visit
	endless                 bool
}

// table is every route. HEAD answers like GET.
var table = []line{
	{route: "GET /", guest: visit{303, 200}, outsider: visit{303, 200}, member: visit{303, 200}},
	{route: "GET /register", guest: visit{200, 406}, outsider: visit{303, 406}, member: visit{303, 406}},
	{route: "POST /register", form: "name=", guest: visit{422, 422}, outsider: visit{422, 422}, member: visit{422, 422}},
	{route: "GET /login", guest: visit{200, 406}, outsider: visit{303, 406}, member: visit{303, 406}},
	{route: "POST /login", form: "email=", guest: visit{401, 401}, outsider: visit{401, 401}, member: visit{401, 401}},
	{route: "POST /logout", guest: visit{303, 204}, outsider: visit{303, 204}, member: visit{303, 204}},
	{route: "GET /confirm/:token", guest: visit{404, 404}, outsider: visit{404, 404}, member: visit{404, 404}},
	{route: "POST /confirm/:token", guest: visit{404, 404}, outsider: visit{404, 404}, member: visit{404, 404}},
	{route: "GET /forgot", guest: visit{404, 404}, outsider: visit{404, 404}, member: visit{404, 404}},
	{route: "POST /forgot", guest: visit{404, 404}, outsider: visit{404, 404}, member: visit{404, 404}},
	{route: "GET /reset/:token", guest: visit{404, 404}, outsider: visit{404, 404}, member: visit{404, 404}},
	{route: "POST /reset/:token", guest: visit{404, 404}, outsider: visit{404, 404}, member: visit{404, 404}},
	{route: "GET /email/:token", guest: visit{404, 404}, outsider: visit{404, 404}, member: visit{404, 404}},
	{route: "POST /email/:token", guest: visit{404, 404}, outsider: visit{404, 404}, member: visit{404, 404}},
	{route: "GET /unsubscribe/:token", guest: visit{404, 406}, outsider: visit{404, 406}, member: visit{404, 406}},
	{route: "POST /unsubscribe/:token", guest: visit{404, 404}, outsider: visit{404, 404}, member: visit{404, 404}},
	{route: "GET /chat", guest: visit{303, 401}, outsider: visit{200, 200}, member: visit{200, 200}},
	{route: "GET /conversations", guest: visit{303, 401}, outsider: visit{200, 200}, member: visit{200, 200}},
	{route: "GET /messages", query: "?room=ROOM", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{200, 200}},
	{route: "POST /messages", form: "room=ROOM&body=hello", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{303, 201}},
	{route: "GET /messages/live", query: "?room=ROOM", endless: true, guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{200, 406}},
	{route: "GET /messages/:id", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{200, 200}},
	{route: "POST /files", query: "?room=ROOM&name=a.txt", form: "a", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{303, 201}},
	{route: "GET /files/:id", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{200, 200}},
	{route: "POST /files/:id", form: "alt=words", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{404, 404}},
	{route: "DELETE /files/:id", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{404, 404}},
	{route: "POST /files/:id/delete", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{404, 404}},
	{route: "PUT /messages/:id", form: "body=another", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{403, 403}, owner: visit{303, 200}},
	{route: "POST /messages/:id/edit", form: "body=a+third", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{403, 403}, owner: visit{303, 200}},
	{route: "POST /messages/:id/reactions", form: "emoji=%F0%9F%8E%89", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{303, 200}},
	{route: "DELETE /messages/:id", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{403, 403}, owner: visit{303, 204}},
	{route: "POST /messages/:id/delete", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{403, 403}, owner: visit{303, 204}},
	{route: "GET /emoji", query: "?room=ROOM&q=tada", guest: visit{303, 401}, outsider: visit{200, 200}, member: visit{200, 200}},
	{route: "POST /emoji", form: "room=ROOM&emoji=🎉", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{200, 200}},
	{route: "POST /typing", form: "room=ROOM&body=hello&key=k", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{303, 204}},
	{route: "POST /read", form: "room=ROOM&seq=SEQ", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{204, 204}},
	{route: "GET /events", query: "?room=ROOM&after=0", endless: true, guest: visit{200, 401}, outsider: visit{404, 404}, member: visit{200, 200}},
	{route: "GET /sound", query: "?room=ROOM&seq=SEQ", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{204, 204}},
	{route: "GET /settings", guest: visit{303, 401}, outsider: visit{200, 200}, member: visit{200, 200}},
	{route: "POST /settings", form: "locale=&theme=", guest: visit{303, 401}, outsider: visit{303, 200}, member: visit{303, 200}},
	{route: "POST /settings/name", form: "name=Another", guest: visit{303, 401}, outsider: visit{303, 200}, member: visit{303, 200}},
	{route: "GET /settings/export", guest: visit{303, 401}, outsider: visit{200, 200}, member: visit{200, 200}},
	{route: "GET /settings/delete", guest: visit{303, 401}, outsider: visit{200, 406}, member: visit{200, 406}},
	{route: "POST /settings/delete", form: "current=x&words=take", guest: visit{303, 401}, outsider: visit{422, 422}, member: visit{422, 422}},
	{route: "POST /settings/avatar", form: "x=y", guest: visit{303, 401}, outsider: visit{422, 422}, member: visit{422, 422}},
	{route: "POST /settings/password", form: "current=x&password=y", guest: visit{303, 401}, outsider: visit{422, 422}, member: visit{422, 422}},
	{route: "POST /settings/email", form: "email=x&current=y", guest: visit{303, 401}, outsider: visit{422, 422}, member: visit{422, 422}},
	{route: "POST /settings/mail", form: "mail=off", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{404, 404}},
	{route: "POST /settings/push", form: "topic=x", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{404, 404}},
	{route: "POST /settings/push/test", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{404, 404}},
	{route: "GET /rooms", guest: visit{303, 401}, outsider: visit{200, 200}, member: visit{200, 200}},
	{route: "POST /rooms", form: "name=Cellar&access=invited", guest: visit{303, 401}, outsider: visit{303, 201}, member: visit{303, 201}},
	{route: "GET /rooms/:id", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{200, 200}},
	{route: "POST /rooms/:id/join", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{303, 204}},
	{route: "POST /rooms/:id/leave", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{303, 204}},
	{route: "POST /rooms/:id/members", form: "user=TARGET", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{403, 403}, owner: visit{303, 204}},
	{route: "POST /rooms/:id/members/:user/remove", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{403, 403}, owner: visit{303, 204}},
	{route: "GET /people", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{404, 404}, admin: visit{200, 200}},
	{route: "POST /people/:id/disable", guest: visit{303, 401}, outsider: visit{403, 403}, member: visit{403, 403}, admin: visit{303, 204}},
	{route: "POST /people/:id/enable", guest: visit{303, 401}, outsider: visit{403, 403}, member: visit{403, 403}, admin: visit{303, 204}},
	{route: "POST /people/:id/admin", guest: visit{303, 401}, outsider: visit{403, 403}, member: visit{403, 403}, admin: visit{303, 204}},
	{route: "GET /sessions", guest: visit{303, 401}, outsider: visit{200, 200}, member: visit{200, 200}},
	{route: "POST /sessions/:id/end", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{404, 404}, owner: visit{404, 404}},
	{route: "POST /sessions/end-others", guest: visit{303, 401}, outsider: visit{303, 204}, member: visit{303, 204}},
	{route: "POST /tokens", form: "email=", guest: visit{401, 401}, outsider: visit{401, 401}, member: visit{401, 401}},
	{route: "POST /tokens/refresh", form: "refresh_token=x", guest: visit{401, 401}, outsider: visit{401, 401}, member: visit{401, 401}},
	{route: "DELETE /tokens/current", guest: visit{401, 401}, outsider: visit{204, 204}, member: visit{204, 204}},
	{route: "GET /bots", guest: visit{303, 401}, outsider: visit{200, 200}, member: visit{200, 200}},
	{route: "POST /bots", form: "name=Robot", guest: visit{303, 401}, outsider: visit{201, 201}, member: visit{201, 201}},
	{route: "POST /bots/:id/renew", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{404, 404}, owner: visit{200, 200}},
	{route: "POST /bots/:id/hooks", form: "room=1", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{404, 404}, owner: visit{201, 201}},
	{route: "POST /bots/:id/hooks/:hook/remove", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{404, 404}, owner: visit{303, 204}},
	{route: "POST /bots/:id/remove", guest: visit{303, 401}, outsider: visit{404, 404}, member: visit{404, 404}, owner: visit{303, 204}, admin: visit{303, 204}},
	{route: "POST /hooks/:secret", form: "hello", guest: visit{404, 404}, outsider: visit{404, 404}, member: visit{404, 404}},
	{route: "GET /me.css", guest: visit{200, 200}, outsider: visit{200, 200}, member: visit{200, 200}},
	{route: "GET /openapi.json", guest: visit{200, 200}, outsider: visit{200, 200}, member: visit{200, 200}},
	{route: "GET /healthz", guest: visit{200, 200}, outsider: visit{200, 200}, member: visit{200, 200}},
	{route: "GET /readyz", guest: visit{200, 200}, outsider: visit{200, 200}, member: visit{200, 200}},
	{route: "GET /static/*", guest: visit{404, 404}, outsider: visit{404, 404}, member: visit{404, 404}},
}

func TestEveryRouteStandsInTheTable(t *testing.T) {
	s := open(t)
	known := map[string]bool{}
	for _, l := range table {
		known[l.route] = true
		if path, ok := strings.CutPrefix(l.route, "GET "); ok {
			known["HEAD "+path] = true
		}
	}
	served := map[string]bool{}
	for _, route := range s.site.Served() {
		if served[route] = true; !known[route] {
			t.Errorf("%s is served and not in the table", route)
		}
	}
	for route := range known {
		if !served[route] {
			t.Errorf("%s is in the table and not served", route)
		}
	}
}

func TestEveryRouteToEverybody(t *testing.T) {
	t.Parallel()
	s := open(t)
	admin, ana, berta, carla := s.person("Admin"), s.person("Ana"), s.person("Berta"), s.person("Carla")
	other, target := s.person("Other"), s.person("Target")
	equal(t, "the first is admin", admin.user.Role, chat.RoleAdmin)
	m := ana.says(berta.with(), "a secret", ana.upload("secret.txt", "secret"))
	equal(t, "members called Carla", s.count(`SELECT COUNT(*) FROM members WHERE room_id = $1 AND user_id = $2`, m.Room, carla.user.ID), 0)
	fill := strings.NewReplacer("ROOM", text(m.Room), "MESSAGE", text(m.ID), "SEQ", text(m.Seq), "TARGET", text(target.user.ID),
		"/messages/:id", "/messages/"+text(m.ID), "/sessions/:id", "/sessions/"+text(s.count(`SELECT id FROM sessions WHERE user_id = $1`, target.user.ID)),
		"/files/:id", m.Files[0].URL, ":secret", "unknown", "/people/:id", "/people/"+text(target.user.ID), ":user", text(other.user.ID), "*", "nothing")
	described := s.contract()
	for _, l := range table {
		l.owner, l.admin = cmp.Or(l.owner, l.member), cmp.Or(l.admin, l.outsider)
		t.Run(l.route, func(t *testing.T) {
			for who, expected := range map[*browser]visit{s.guest(): l.guest, carla: l.outsider, berta: l.member, ana: l.owner, admin: l.admin} {
				for _, headers := range [][]string{nil, {asJSON}} {
					want := expected.page
					if headers != nil {
						want = expected.json
					}
					fresh := func() line { return l.about(ana, berta, other) }
					a := fresh().visit(t, who.again(t), fill, want, headers...)
					if headers != nil {
						described.check(t, l.route, a)
					}
					if l.route == "POST /logout" {
						want = 204 // a program has no page to go to
					}
					if who.user.ID != 0 {
						fresh().visit(t, who.program(t), fill, want, headers...)
					}
				}
			}
		})
	}
	ana.again(t).get("/messages?room="+text(m.Room), asJSON).is(200).lacks("Carla")
}

// about is the line for a room or a bot of its own, where it concerns one.
func (l line) about(ana, berta, other *browser) line {
	ana = ana.again(ana.t)
	switch {
	case strings.Contains(l.route, "/rooms/:id"):
		l.route = strings.Replace(l.route, ":id", text(ana.makes("Cellar", "invited", berta, other)), 1)
	case strings.Contains(l.route, "/bots/:id"):
		ana.site.exec(`UPDATE users SET disabled_at = 1 WHERE owner_id = $1`, ana.user.ID)
		bot := ana.makesBot("Robot")
		l.route = strings.NewReplacer(":id", text(bot.user.ID), ":hook", text(ana.makesHook(bot, 1).ID)).Replace(l.route)
	}
	return l
}

// again is the same person in a session of its own, because some requests end it.
func (b *browser) again(t testing.TB) *browser {
	if b.user.ID == 0 {
		return b.in(t)
	}
	return b.site.signIn(b.user).in(t)
}

// visit sends the request. It returns the answer, unless it is endless.
func (l line) visit(t *testing.T, b *browser, fill *strings.Replacer, want int, headers ...string) (a *answer) {
	t.Helper()
	method, path, _ := strings.Cut(fill.Replace(l.route+l.query), " ")
	if method != http.MethodGet {
		headers = append(headers, inForm)
	}
	if l.endless {
		response, cancel := b.endless(path, headers...)
		equal(t, b.user.Name+" "+l.route, response.StatusCode, want)
		cancel()
		response.Body.Close()
	} else {
		a = b.do(method, path, strings.NewReader(fill.Replace(l.form)), headers...)
		equal(t, b.user.Name+" "+l.route, a.status, want)
	}
	if method == http.MethodGet {
		head := b.do(http.MethodHead, path, nil, headers...)
		equal(t, b.user.Name+" HEAD "+path, head.status, want)
		equal(t, "body of a HEAD", head.body, "")
	}
	return a
}

// anonymous takes out of a page what differs between two answers to the same request.
func anonymous(page string) string {
	page = regexp.MustCompile(`nonce(:inherited)?="[^"]*"|nonce-[^']*|<code>[A-Z0-9]+</code>`).ReplaceAllString(page, "")
	return page
}

func TestWhatIsNotYoursDoesNotExist(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta, carla := s.person("Ana"), s.person("Berta"), s.person("Carla")
	m := ana.say(berta.with(), "a secret")
	ana.get("/messages/" + text(m.ID)).is(200).has("a secret")
	hidden := ana.makes("The secret cellar", "invited", berta)
	for _, pair := range [][2]string{
		{"GET /messages?room=" + text(m.Room), "GET /messages?room=99999"},
		{"GET /messages?room=" + text(m.Room) + "&before=5", "GET /messages?room=99999&before=5"},
		{"GET /messages/live?room=" + text(m.Room), "GET /messages/live?room=99999"},
		{"GET /events?room=" + text(m.Room) + "&after=0", "GET /events?room=99999&after=0"},
		{"GET /messages/" + text(m.ID), "GET /messages/99999"},
		{"POST /messages room=" + text(m.Room) + "&body=hello", "POST /messages room=99999&body=hello"},
		{"POST /read room=" + text(m.Room) + "&seq=1", "POST /read room=99999&seq=1"},
		{"PUT " + m.path() + " body=mine", "PUT /messages/99999 body=mine"},
		{"PUT " + m.path() + " body=", "PUT /messages/99999 body="},
		{"DELETE " + m.path(), "DELETE /messages/99999"},
		{"POST " + m.path() + "/edit body=mine", "POST /messages/99999/edit body=mine"},
		{"POST " + m.path() + "/delete", "POST /messages/99999/delete"},
		{"POST " + m.path() + "/reactions emoji=🎉", "POST /messages/99999/reactions emoji=🎉"},
		{"POST " + m.path() + "/reactions emoji=x", "POST /messages/99999/reactions emoji=x"},
		{"GET /sound?seq=9&room=" + text(m.Room), "GET /sound?seq=9&room=99999"},
		{"POST /typing room=" + text(m.Room) + "&body=hello", "POST /typing room=99999&body=hello"},
		{"GET /rooms/" + text(hidden), "GET /rooms/99999"},
		{"GET /rooms/" + text(m.Room), "GET /rooms/99999"},
		{"GET /messages?room=" + text(hidden), "GET /messages?room=99999"},
		{"GET /events?room=" + text(hidden) + "&after=0", "GET /events?room=99999&after=0"},
		{"POST /rooms/" + text(hidden) + "/join", "POST /rooms/99999/join"},
		{"POST /rooms/" + text(hidden) + "/leave", "POST /rooms/99999/leave"},
		{"POST /rooms/" + text(hidden) + "/members user=" + text(carla.user.ID), "POST /rooms/99999/members user=" + text(carla.user.ID)},
		{"POST /rooms/" + text(hidden) + "/members/" + text(berta.user.ID) + "/remove", "POST /rooms/99999/members/1/remove"},
	} {
		for _, headers := range [][]string{nil, {asJSON}, {asHTMX}} {
			ask := func(what string) *answer {
				words := strings.Fields(what + " x")
				return carla.do(words[0], words[1], strings.NewReader(words[2]), append(headers, inForm)...).is(404).lacks("secret", "Ana", "Berta")
			}
			equal(t, pair[0], anonymous(ask(pair[0]).body), anonymous(ask(pair[1]).body))
		}
	}
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 1)
}

func TestNamesOfNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana := s.person("Ana")
	for _, path := range []string{
		"/messages", "/messages?with=", "/messages?with=ana", "/messages?with=-1", "/messages?with=0", "/messages?with=1e3",
		"/messages?with=99999999999999999999", "/messages?with=9223372036854775807", "/messages?room=ñ", "/messages?room=%00", "/messages?room=%ff",
		"/messages/ana", "/messages/-1", "/messages/0", "/messages/1.5", "/messages/%00", "/messages/%ff", "/messages/9223372036854775808",
		"/messages/live", "/messages/live?with=x", "/events?with=x", "/events?room=-1", "/nowhere", "/static/../go.mod", "/static/charla.css",
	} {
		ana.get(path).is(404)
		if !strings.HasPrefix(path, "/static") {
			ana.get(path, asJSON).failed(404, "not_found", "")
		}
	}
	for _, form := range [][]string{{"body", "x"}, {"with", "x", "body", "x"}, {"room", "", "body", "x"}, {"room", "\x00", "body", "x"}, {"with", "\xff", "body", "x"}} {
		ana.post("/messages", form).is(404)
		ana.post("/messages", form, asJSON).failed(404, "not_found", "")
		ana.post("/read", append(form, "seq", "1"), asJSON).failed(404, "not_found", "")
	}
	for _, body := range []string{`{"body":"x"}`, `{"with":"ana","body":"x"}`, `{"with":null,"body":"x"}`, `{"with":1.5,"body":"x"}`, `{"room":{"a":1},"body":"x"}`} {
		ana.postJSON("/messages", body).failed(404, "not_found", "")
	}
	ana.get("/messages?room=1&" + ana.with()).is(422)
	ana.do("PUT", "/messages", strings.NewReader("x"), asJSON).failed(405, "method_not_allowed", "")
	ana.do("DELETE", "/chat", nil).is(405)
}
