package handlers

import (
	"charla/handlers/web"
	"net/http"
	"slices"
	"strings"

	"charla/chat"
	"charla/static"

	"github.com/labstack/echo/v4"
)

// routes returns everything that Charla answers.
func (s *Server) routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/", Access: web.Anonymous, Handler: s.home},
		{Method: http.MethodGet, Path: "/register", Access: web.Anonymous, Handler: web.HTMLOnly(s.signupPage)},
		{Method: http.MethodPost, Path: "/register", Access: web.Anonymous, Handler: s.register},
		{Method: http.MethodGet, Path: "/login", Access: web.Anonymous, Handler: web.HTMLOnly(s.loginPage)},
		{Method: http.MethodPost, Path: "/login", Access: web.Anonymous, Handler: s.login},
		{Method: http.MethodPost, Path: "/logout", Access: web.Anonymous, Handler: s.logout},
		{Method: http.MethodGet, Path: "/confirm/:token", Access: web.Anonymous, Handler: s.requireEmail(web.HTMLOnly(s.confirmRegistrationPage))},
		{Method: http.MethodPost, Path: "/confirm/:token", Access: web.Anonymous, Handler: s.requireEmail(s.confirmRegistration)},
		{Method: http.MethodGet, Path: "/forgot", Access: web.Anonymous, Handler: s.requireEmail(web.HTMLOnly(s.forgotPasswordPage))},
		{Method: http.MethodPost, Path: "/forgot", Access: web.Anonymous, Handler: s.requireEmail(s.forgotPassword)},
		{Method: http.MethodGet, Path: "/reset/:token", Access: web.Anonymous, Handler: s.requireEmail(web.HTMLOnly(s.resetPasswordPage))},
		{Method: http.MethodPost, Path: "/reset/:token", Access: web.Anonymous, Handler: s.requireEmail(s.resetPassword)},
		{Method: http.MethodGet, Path: "/email/:token", Access: web.Anonymous, Handler: s.requireEmail(web.HTMLOnly(s.confirmEmailChangePage))},
		{Method: http.MethodPost, Path: "/email/:token", Access: web.Anonymous, Handler: s.requireEmail(s.confirmEmailChange)},
		{Method: http.MethodGet, Path: "/unsubscribe/:token", Access: web.Anonymous, Handler: web.HTMLOnly(s.unsubscribePage)},
		{Method: http.MethodPost, Path: "/unsubscribe/:token", Access: web.Anonymous, Handler: s.unsubscribe},
		{Method: http.MethodGet, Path: "/chat", Access: web.Member, Handler: s.chatPage},
		{Method: http.MethodGet, Path: "/conversations", Access: web.Member, Handler: s.listConversations},
		{Method: http.MethodGet, Path: "/messages", Access: web.Member, Handler: s.listMessages},
		{Method: http.MethodPost, Path: "/messages", Access: web.Member, Handler: s.postMessage, Upload: web.MultipartUpload, KeepsText: true},
		{Method: http.MethodGet, Path: "/messages/live", Access: web.Member, Handler: s.liveMessages, Stream: web.OtherStream},
		{Method: http.MethodGet, Path: "/messages/:id", Access: web.Member, Handler: s.showMessage},
		{Method: http.MethodPut, Path: "/messages/:id", Access: web.Member, Handler: s.editMessage},
		{Method: http.MethodDelete, Path: "/messages/:id", Access: web.Member, Handler: s.deleteMessage},
		{Method: http.MethodPost, Path: "/messages/:id/edit", Access: web.Member, Handler: s.editMessage, KeepsText: true},
		{Method: http.MethodPost, Path: "/messages/:id/delete", Access: web.Member, Handler: s.deleteMessage},
		{Method: http.MethodPost, Path: "/messages/:id/reactions", Access: web.Member, Handler: s.react},
		{Method: http.MethodPost, Path: "/files", Access: web.Member, Handler: s.uploadFiles, Upload: web.AnyUpload},
		{Method: http.MethodGet, Path: "/files/:id", Access: web.Member, Handler: s.downloadFile, NoGzip: true},
		{Method: http.MethodPost, Path: "/files/:id", Access: web.Member, Handler: s.describeFile},
		{Method: http.MethodDelete, Path: "/files/:id", Access: web.Member, Handler: s.deleteFile},
		{Method: http.MethodPost, Path: "/files/:id/delete", Access: web.Member, Handler: s.deleteFile},
		{Method: http.MethodGet, Path: "/emoji", Access: web.Member, Handler: s.showEmoji},
		{Method: http.MethodPost, Path: "/emoji", Access: web.Member, Handler: s.pickEmoji, KeepsText: true},
		{Method: http.MethodPost, Path: "/typing", Access: web.Member, Handler: s.saveDraft, KeepsText: true},
		{Method: http.MethodPost, Path: "/read", Access: web.Member, Handler: s.markRead},
		{Method: http.MethodGet, Path: "/events", Access: web.Member, Handler: s.events, Stream: web.EventStream},
		{Method: http.MethodGet, Path: "/sound", Access: web.Member, Handler: s.playSound},
		{Method: http.MethodGet, Path: "/settings", Access: web.Member, Handler: s.settingsPage},
		{Method: http.MethodPost, Path: "/settings", Access: web.Member, Handler: s.savePreferences},
		{Method: http.MethodPost, Path: "/settings/name", Access: web.Member, Handler: s.rename},
		{Method: http.MethodPost, Path: "/settings/avatar", Access: web.Member, Handler: s.changeAvatar, Upload: web.MultipartUpload},
		{Method: http.MethodPost, Path: "/settings/password", Access: web.Member, Handler: s.changePassword},
		{Method: http.MethodGet, Path: "/settings/export", Access: web.Member, Handler: s.exportAccount, Stream: web.OtherStream},
		{Method: http.MethodGet, Path: "/settings/delete", Access: web.Member, Handler: s.accountDeletionPage},
		{Method: http.MethodPost, Path: "/settings/delete", Access: web.Member, Handler: s.deleteAccount},
		{Method: http.MethodPost, Path: "/settings/email", Access: web.Member, Handler: s.changeEmail},
		{Method: http.MethodPost, Path: "/settings/mail", Access: web.Member, Handler: s.requireEmail(s.saveEmailSettings)},
		{Method: http.MethodPost, Path: "/settings/push", Access: web.Member, Handler: s.requirePush(s.savePushSettings)},
		{Method: http.MethodPost, Path: "/settings/push/test", Access: web.Member, Handler: s.requirePush(s.testPush)},
		{Method: http.MethodGet, Path: "/rooms", Access: web.Member, Handler: s.listRooms},
		{Method: http.MethodPost, Path: "/rooms", Access: web.Member, Handler: s.createRoom},
		{Method: http.MethodGet, Path: "/rooms/:id", Access: web.Member, Handler: s.showRoom},
		{Method: http.MethodPost, Path: "/rooms/:id/join", Access: web.Member, Handler: s.joinRoom},
		{Method: http.MethodPost, Path: "/rooms/:id/leave", Access: web.Member, Handler: s.leaveRoom},
		{Method: http.MethodPost, Path: "/rooms/:id/members", Access: web.Member, Handler: s.inviteMember},
		{Method: http.MethodPost, Path: "/rooms/:id/members/:user/remove", Access: web.Member, Handler: s.removeMember},
		{Method: http.MethodGet, Path: "/people", Access: web.Member, Handler: s.listPeople},
		{Method: http.MethodPost, Path: "/people/:id/disable", Access: web.Member, Handler: s.disablePerson},
		{Method: http.MethodPost, Path: "/people/:id/enable", Access: web.Member, Handler: s.enablePerson},
		{Method: http.MethodPost, Path: "/people/:id/admin", Access: web.Member, Handler: s.makeAdmin},
		{Method: http.MethodGet, Path: "/sessions", Access: web.Member, Handler: s.listSessions},
		{Method: http.MethodPost, Path: "/sessions/:id/end", Access: web.Member, Handler: s.endSession},
		{Method: http.MethodPost, Path: "/sessions/end-others", Access: web.Member, Handler: s.endOtherSessions},
		{Method: http.MethodPost, Path: "/tokens", Access: web.Anonymous, Handler: s.issueTokens, AuthenticatesItself: true, ProgramsOnly: true},
		{Method: http.MethodPost, Path: "/tokens/refresh", Access: web.Anonymous, Handler: s.refreshTokens, AuthenticatesItself: true, ProgramsOnly: true},
		{Method: http.MethodDelete, Path: "/tokens/current", Access: web.Member, Handler: s.revokeToken, ProgramsOnly: true},
		{Method: http.MethodGet, Path: "/bots", Access: web.Member, Handler: s.listBots},
		{Method: http.MethodPost, Path: "/bots", Access: web.Member, Handler: s.createBot},
		{Method: http.MethodPost, Path: "/bots/:id/renew", Access: web.Member, Handler: s.rotateBotToken},
		{Method: http.MethodPost, Path: "/bots/:id/remove", Access: web.Member, Handler: s.deleteBot},
		{Method: http.MethodPost, Path: "/bots/:id/hooks", Access: web.Member, Handler: s.createWebhook},
		{Method: http.MethodPost, Path: "/bots/:id/hooks/:hook/remove", Access: web.Member, Handler: s.deleteWebhook},
		{Method: http.MethodPost, Path: "/hooks/:secret", Access: web.Anonymous, Handler: s.postToWebhook, AuthenticatesItself: true, ProgramsOnly: true},
		{Method: http.MethodGet, Path: "/me.css", Access: web.Anonymous, Handler: s.meCSS},
		{Method: http.MethodGet, Path: "/openapi.json", Access: web.Anonymous, Handler: s.openAPI},
		{Method: http.MethodGet, Path: "/healthz", Access: web.Anonymous, Handler: s.healthz, Probe: true},
		{Method: http.MethodGet, Path: "/readyz", Access: web.Anonymous, Handler: s.readyz, Probe: true},
		{Method: http.MethodGet, Path: "/static/*", Access: web.Anonymous, Handler: serveAsset, Asset: true},
	}
}

// serveAsset answers with an embedded file.
func serveAsset(c echo.Context) error {
	if !static.Exists(c.Request().URL.Path) {
		return chat.ErrNotFound
	}
	static.Serve(c.Response(), c.Request())
	return nil
}

// addRoutes registers the routes, and handlers for the other methods of their paths and for all other paths.
func (s *Server) addRoutes(routes []web.Route) {
	methods := map[string][]string{}
	for _, r := range routes {
		handler := s.withMiddleware(r)
		s.echo.Add(r.Method, r.Path, handler)
		methods[r.Path] = append(methods[r.Path], r.Method)
		if r.Method == http.MethodGet {
			s.echo.HEAD(r.Path, handler)
			methods[r.Path] = append(methods[r.Path], http.MethodHead)
		}
	}
	for path, allowed := range methods {
		s.echo.RouteNotFound(path, s.withMiddleware(web.Route{Path: path, Handler: otherMethod(allowed)}))
	}
	notFound := s.withMiddleware(web.Route{Handler: func(echo.Context) error { return echo.ErrNotFound }})
	s.echo.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			err := next(c)
			if !web.HasRoute(c) { // the router found no path
				return notFound(c)
			}
			return err
		}
	})
}

// otherMethod answers OPTIONS with the allowed methods of a path, and refuses all methods that have no route.
func otherMethod(allowed []string) echo.HandlerFunc {
	slices.Sort(allowed)
	allow := strings.Join(append([]string{http.MethodOptions}, allowed...), ", ")
	return func(c echo.Context) error {
		c.Response().Header().Set("Allow", allow)
		if c.Request().Method == http.MethodOptions {
			return c.NoContent(http.StatusNoContent)
		}
		return echo.ErrMethodNotAllowed
	}
}
