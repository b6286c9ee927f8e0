package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// access is who may use a route.
type access int

const (
	anonymous    access = iota
	member              // a signed-in person; what they may see of it is decided by the product
	streamReader        // the same, but the handler turns guests away itself, in the form that they listen in
)

// route is one line of the table. Every GET answers HEAD.
type route struct {
	method, path string
	access       access
	handler      echo.HandlerFunc
}

// LoginsByIP is where a request goes: a method and a path as the route table writes it.
type routeKey struct{ method, path string }

// routes is the whole of what Charla answers, besides /static/.
func (s *Server) routes() []route {
	return []route{
		{http.MethodGet, "/", anonymous, s.home},
		{http.MethodGet, "/register", anonymous, HTMLOnly(s.signupPage)},
		{http.MethodPost, "/register", anonymous, s.register},
		{http.MethodGet, "/login", anonymous, HTMLOnly(s.loginPage)},
		{http.MethodPost, "/login", anonymous, s.login},
		{http.MethodPost, "/logout", anonymous, s.logout},
		{http.MethodGet, "/confirm/:token", anonymous, s.requireEmail(HTMLOnly(s.confirmRegistrationPage))},
		{http.MethodPost, "/confirm/:token", anonymous, s.requireEmail(s.confirmRegistration)},
		{http.MethodGet, "/forgot", anonymous, s.requireEmail(HTMLOnly(s.forgotPasswordPage))},
		{http.MethodPost, "/forgot", anonymous, s.requireEmail(s.forgotPassword)},
		{http.MethodGet, "/reset/:token", anonymous, s.requireEmail(HTMLOnly(s.resetPasswordPage))},
		{http.MethodPost, "/reset/:token", anonymous, s.requireEmail(s.resetPassword)},
		{http.MethodGet, "/email/:token", anonymous, s.requireEmail(HTMLOnly(s.confirmEmailChangePage))},
		{http.MethodPost, "/email/:token", anonymous, s.requireEmail(s.confirmEmailChange)},
		{http.MethodGet, "/unsubscribe/:token", anonymous, HTMLOnly(s.unsubscribePage)},
		{http.MethodPost, "/unsubscribe/:token", anonymous, s.unsubscribe},
		{http.MethodGet, "/chat", member, s.chatPage},
		{http.MethodGet, "/conversations", member, s.listConversations},
		{http.MethodGet, "/messages", member, s.listMessages},
		{http.MethodPost, "/messages", member, s.postMessage},
		{http.MethodGet, "/messages/live", member, s.liveMessages},
		{http.MethodGet, "/messages/:id", member, s.showMessage},
		{http.MethodPut, "/messages/:id", member, s.editMessage},
		{http.MethodDelete, "/messages/:id", member, s.deleteMessage},
		{http.MethodPost, "/messages/:id/edit", member, s.editMessage},
		{http.MethodPost, "/messages/:id/delete", member, s.deleteMessage},
		{http.MethodPost, "/messages/:id/reactions", member, s.react},
		{http.MethodPost, "/files", member, s.uploadFiles},
		{http.MethodGet, "/files/:id", member, s.downloadFile},
		{http.MethodPost, "/files/:id", member, s.describeFile},
		{http.MethodDelete, "/files/:id", member, s.deleteFile},
		{http.MethodPost, "/files/:id/delete", member, s.deleteFile},
		{http.MethodGet, "/emoji", member, s.showEmoji},
		{http.MethodPost, "/emoji", member, s.pickEmoji},
		{http.MethodPost, "/typing", member, s.saveDraft},
		{http.MethodPost, "/read", member, s.markRead},
		{http.MethodGet, "/events", streamReader, s.events},
		{http.MethodGet, "/sound", member, s.playSound},
		{http.MethodGet, "/settings", member, s.settingsPage},
		{http.MethodPost, "/settings", member, s.savePreferences},
		{http.MethodPost, "/settings/name", member, s.rename},
		{http.MethodPost, "/settings/avatar", member, s.changeAvatar},
		{http.MethodPost, "/settings/password", member, s.changePassword},
		{http.MethodGet, "/settings/export", member, s.exportAccount},
		{http.MethodGet, "/settings/delete", member, s.accountDeletionPage},
		{http.MethodPost, "/settings/delete", member, s.deleteAccount},
		{http.MethodPost, "/settings/email", member, s.changeEmail},
		{http.MethodPost, "/settings/mail", member, s.requireEmail(s.saveEmailSettings)},
		{http.MethodPost, "/settings/push", member, s.requirePush(s.savePushSettings)},
		{http.MethodPost, "/settings/push/test", member, s.requirePush(s.testPush)},
		{http.MethodGet, "/rooms", member, s.listRooms},
		{http.MethodPost, "/rooms", member, s.createRoom},
		{http.MethodGet, "/rooms/:id", member, s.showRoom},
		{http.MethodPost, "/rooms/:id/join", member, s.joinRoom},
		{http.MethodPost, "/rooms/:id/leave", member, s.leaveRoom},
		{http.MethodPost, "/rooms/:id/members", member, s.inviteMember},
		{http.MethodPost, "/rooms/:id/members/:user/remove", member, s.removeMember},
		{http.MethodGet, "/people", member, s.listPeople},
		{http.MethodPost, "/people/:id/disable", member, s.disablePerson},
		{http.MethodPost, "/people/:id/enable", member, s.enablePerson},
		{http.MethodPost, "/people/:id/admin", member, s.makeAdmin},
		{http.MethodGet, "/sessions", member, s.listSessions},
		{http.MethodPost, "/sessions/:id/end", member, s.endSession},
		{http.MethodPost, "/sessions/end-others", member, s.endOtherSessions},
		{http.MethodPost, "/tokens", anonymous, s.issueTokens},
		{http.MethodPost, "/tokens/refresh", anonymous, s.refreshTokens},
		{http.MethodDelete, "/tokens/current", member, s.revokeToken},
		{http.MethodGet, "/bots", member, s.listBots},
		{http.MethodPost, "/bots", member, s.createBot},
		{http.MethodPost, "/bots/:id/renew", member, s.rotateBotToken},
		{http.MethodPost, "/bots/:id/remove", member, s.deleteBot},
		{http.MethodPost, "/bots/:id/hooks", member, s.createWebhook},
		{http.MethodPost, "/bots/:id/hooks/:hook/remove", member, s.deleteWebhook},
		{http.MethodPost, "/hooks/:secret", anonymous, s.postToWebhook},
		{http.MethodGet, "/me.css", anonymous, s.meCSS},
		{http.MethodGet, "/openapi.json", anonymous, s.openAPI},
		{http.MethodGet, "/healthz", anonymous, s.healthz},
		{http.MethodGet, "/readyz", anonymous, s.readyz},
	}
}

func (s *Server) addRoute(r route) {
	handle := r.handler
	if r.access == member {
		handle = s.requireLogin(handle)
	}
	line := r.method + " " + r.path
	s.echo.Add(r.method, r.path, handle)
	s.routeLabels[routeKey{r.method, r.path}] = line
	if r.method == http.MethodGet {
		s.echo.HEAD(r.path, handle)
		s.routeLabels[routeKey{http.MethodHead, r.path}] = line
	}
}
