package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// access is who may use a route.
type access int

const (
	anyone   access = iota
	member          // a signed-in person; what they may see of it is decided by the product
	listener        // the same, but the handler turns guests away itself, in the form that they listen in
)

// route is one line of the table. Every GET answers HEAD.
type route struct {
	method, path string
	access       access
	handle       echo.HandlerFunc
}

// address is where a request goes: a method and a path as the route table writes it.
type address struct{ method, path string }

// routes is the whole of what Charla answers, besides /static/.
func (s *Server) routes() []route {
	return []route{
		{http.MethodGet, "/", anyone, s.home},
		{http.MethodGet, "/register", anyone, forBrowsers(s.registerPage)},
		{http.MethodPost, "/register", anyone, s.register},
		{http.MethodGet, "/login", anyone, forBrowsers(s.loginPage)},
		{http.MethodPost, "/login", anyone, s.login},
		{http.MethodPost, "/logout", anyone, s.logout},
		{http.MethodGet, "/confirm/:token", anyone, s.withMail(forBrowsers(s.confirmPage))},
		{http.MethodPost, "/confirm/:token", anyone, s.withMail(s.confirm)},
		{http.MethodGet, "/forgot", anyone, s.withMail(forBrowsers(s.forgotPage))},
		{http.MethodPost, "/forgot", anyone, s.withMail(s.forgot)},
		{http.MethodGet, "/reset/:token", anyone, s.withMail(forBrowsers(s.resetPage))},
		{http.MethodPost, "/reset/:token", anyone, s.withMail(s.reset)},
		{http.MethodGet, "/email/:token", anyone, s.withMail(forBrowsers(s.movePage))},
		{http.MethodPost, "/email/:token", anyone, s.withMail(s.move)},
		{http.MethodGet, "/unsubscribe/:token", anyone, forBrowsers(s.unsubscribePage)},
		{http.MethodPost, "/unsubscribe/:token", anyone, s.unsubscribe},
		{http.MethodGet, "/chat", member, s.chatPage},
		{http.MethodGet, "/conversations", member, s.conversations},
		{http.MethodGet, "/messages", member, s.messages},
		{http.MethodPost, "/messages", member, s.postMessage},
		{http.MethodGet, "/messages/live", member, s.liveMessages},
		{http.MethodGet, "/messages/:id", member, s.message},
		{http.MethodPut, "/messages/:id", member, s.editMessage},
		{http.MethodDelete, "/messages/:id", member, s.deleteMessage},
		{http.MethodPost, "/messages/:id/edit", member, s.editMessage},
		{http.MethodPost, "/messages/:id/delete", member, s.deleteMessage},
		{http.MethodPost, "/messages/:id/reactions", member, s.react},
		{http.MethodPost, "/files", member, s.postFiles},
		{http.MethodGet, "/files/:id", member, s.file},
		{http.MethodPost, "/files/:id", member, s.describeFile},
		{http.MethodDelete, "/files/:id", member, s.deleteFile},
		{http.MethodPost, "/files/:id/delete", member, s.deleteFile},
		{http.MethodGet, "/emoji", member, s.emoji},
		{http.MethodPost, "/emoji", member, s.pickEmoji},
		{http.MethodPost, "/typing", member, s.typing},
		{http.MethodPost, "/read", member, s.read},
		{http.MethodGet, "/events", listener, s.events},
		{http.MethodGet, "/sound", member, s.sound},
		{http.MethodGet, "/settings", member, s.settingsPage},
		{http.MethodPost, "/settings", member, s.saveSettings},
		{http.MethodPost, "/settings/name", member, s.rename},
		{http.MethodPost, "/settings/avatar", member, s.changeAvatar},
		{http.MethodPost, "/settings/password", member, s.changePassword},
		{http.MethodGet, "/settings/export", member, s.export},
		{http.MethodGet, "/settings/delete", member, s.deletionPage},
		{http.MethodPost, "/settings/delete", member, s.deleteAccount},
		{http.MethodPost, "/settings/email", member, s.changeEmail},
		{http.MethodPost, "/settings/mail", member, s.withMail(s.saveMailWish)},
		{http.MethodPost, "/settings/push", member, s.withPush(s.savePushWishes)},
		{http.MethodPost, "/settings/push/test", member, s.withPush(s.testPush)},
		{http.MethodGet, "/rooms", member, s.rooms},
		{http.MethodPost, "/rooms", member, s.makeRoom},
		{http.MethodGet, "/rooms/:id", member, s.room},
		{http.MethodPost, "/rooms/:id/join", member, s.joinRoom},
		{http.MethodPost, "/rooms/:id/leave", member, s.leaveRoom},
		{http.MethodPost, "/rooms/:id/members", member, s.invite},
		{http.MethodPost, "/rooms/:id/members/:user/remove", member, s.removeMember},
		{http.MethodGet, "/people", member, s.people},
		{http.MethodPost, "/people/:id/disable", member, s.disablePerson},
		{http.MethodPost, "/people/:id/enable", member, s.enablePerson},
		{http.MethodPost, "/people/:id/admin", member, s.makeAdmin},
		{http.MethodGet, "/sessions", member, s.sessionsPage},
		{http.MethodPost, "/sessions/:id/end", member, s.endSession},
		{http.MethodPost, "/sessions/end-others", member, s.endOtherSessions},
		{http.MethodPost, "/tokens", anyone, s.issueTokens},
		{http.MethodPost, "/tokens/refresh", anyone, s.refreshTokens},
		{http.MethodDelete, "/tokens/current", member, s.endTokens},
		{http.MethodGet, "/bots", member, s.botsPage},
		{http.MethodPost, "/bots", member, s.makeBot},
		{http.MethodPost, "/bots/:id/renew", member, s.renewBot},
		{http.MethodPost, "/bots/:id/remove", member, s.removeBot},
		{http.MethodPost, "/bots/:id/hooks", member, s.makeHook},
		{http.MethodPost, "/bots/:id/hooks/:hook/remove", member, s.removeHook},
		{http.MethodPost, "/hooks/:secret", anyone, s.hook},
		{http.MethodGet, "/me.css", anyone, s.meCSS},
		{http.MethodGet, "/openapi.json", anyone, s.openAPI},
		{http.MethodGet, "/healthz", anyone, s.healthz},
		{http.MethodGet, "/readyz", anyone, s.readyz},
	}
}

func (s *Server) add(r route) {
	handle := r.handle
	if r.access == member {
		handle = s.membersOnly(handle)
	}
	line := r.method + " " + r.path
	s.echo.Add(r.method, r.path, handle)
	s.lines[address{r.method, r.path}] = line
	if r.method == http.MethodGet {
		s.echo.HEAD(r.path, handle)
		s.lines[address{http.MethodHead, r.path}] = line
	}
}
