package handlers

import (
	"net/http"
	"slices"
	"strings"

	"charla/chat"
	"charla/handlers/web"
	"charla/static"

	"github.com/labstack/echo/v4"
)

// routeGroups returns the documented routes, grouped by feature. The OpenAPI description and docs/http.md are made from
// them.
func (s *Server) routeGroups() []web.RouteGroup {
	return []web.RouteGroup{
		{Name: "Log-in", Routes: s.loginRoutes()},
		{Name: "Sign-up", Routes: s.signupRoutes()},
		{Name: "Set-up", Routes: s.setupRoutes()},
		{Name: "Invitations", Routes: s.invitationRoutes()},
		{Name: "E-mail links", Routes: s.emailLinkRoutes()},
		{Name: "Sessions", Routes: s.sessionListRoutes()},
		{Name: "Tokens", Routes: s.tokenRoutes()},
		{Name: "Chat", Routes: s.sidebarRoutes()},
		{Name: "Conversations", Routes: s.conversationRoutes()},
		{Name: "Messages", Routes: slices.Concat(s.messageHistoryRoutes(), s.messageRoutes(), s.sendQueueRoutes())},
		{Name: "Editing messages", Routes: s.messageEditRoutes()},
		{Name: "Reactions", Routes: s.reactionRoutes()},
		{Name: "Pins", Routes: s.pinRoutes()},
		{Name: "Saved messages", Routes: s.savedMessageRoutes()},
		{Name: "Search", Routes: s.searchRoutes()},
		{Name: "Inbox", Routes: s.inboxRoutes()},
		{Name: "Drafts", Routes: s.draftRoutes()},
		{Name: "Read markers", Routes: s.readMarkerRoutes()},
		{Name: "Events", Routes: s.eventRoutes()},
		{Name: "Attachments", Routes: slices.Concat(s.uploadRoutes(), s.attachmentRoutes())},
		{Name: "Files", Routes: s.fileRoutes()},
		{Name: "Lightbox", Routes: s.lightboxRoutes()},
		{Name: "Emoji", Routes: s.emojiRoutes()},
		{Name: "Completion", Routes: s.completionRoutes()},
		{Name: "Rooms", Routes: s.roomRoutes()},
		{Name: "Members", Routes: s.memberRoutes()},
		{Name: "People", Routes: s.peopleRoutes()},
		{Name: "Recovery", Routes: s.recoveryRoutes()},
		{Name: "Roles", Routes: s.roleRoutes()},
		{Name: "Community", Routes: s.communityRoutes()},
		{Name: "Checklist", Routes: s.checklistRoutes()},
		{Name: "Applications", Routes: s.applicationRoutes()},
		{Name: "Bots", Routes: s.botRoutes()},
		{Name: "Webhooks", Routes: s.webhookRoutes()},
		{Name: "Settings", Routes: slices.Concat(s.settingsRoutes(), s.avatarRoutes())},
		{
			Name:   "Notification settings",
			Routes: slices.Concat(s.notificationSettingsRoutes(), s.notificationLevelRoutes()),
		},
		{Name: "Account export", Routes: s.accountExportRoutes()},
		{Name: "Account deletion", Routes: s.accountDeletionRoutes()},
		{Name: "Pages", Routes: slices.Concat(s.tabSignalRoutes(), s.meCSSRoutes())},
		{Name: "Operation", Routes: slices.Concat(s.healthRoutes(), s.wellKnownRoutes(), s.openAPIRoutes())},
	}
}

// routes returns all routes of the server, including those that are not documented.
func (s *Server) routes() []web.Route {
	routes := []web.Route{
		{Method: http.MethodGet, Path: "/static/*", Handler: serveAsset, Access: web.Anonymous, Asset: true},
	}
	for _, group := range s.routeGroups() {
		routes = append(routes, group.Routes...)
	}
	return routes
}

// serveAsset answers with an embedded file, such as a style sheet.
func serveAsset(c echo.Context) error {
	if !static.Exists(c.Request().URL.Path) {
		return chat.ErrNotFound
	}
	static.Serve(c.Response(), c.Request())
	return nil
}

// addRoutes registers the routes with Echo. For all other methods and paths it registers handlers that answer with an
// error.
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
		other := web.Route{Path: path, Handler: otherMethod(allowed), Access: web.Anonymous}
		s.echo.RouteNotFound(path, s.withMiddleware(other))
	}
	notFound := s.withMiddleware(web.Route{
		Handler: func(echo.Context) error { return echo.ErrNotFound }, Access: web.Anonymous,
	})
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

// otherMethod returns the handler for those methods of a path that have no route. It answers OPTIONS with the list of
// allowed methods, and any other method with 405.
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
