package handlers

import (
	"net/http"
	"time"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) sessionListRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/sessions", Handler: s.listSessions, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Returns the sessions of the caller: browsers and programs.",
				Responses: web.Responses{200: sessionsJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/sessions/:id/end", Handler: s.endSession, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Ends a session of the caller and its streams. Any but the caller's own needs the password.",
				Body:      confirmationRequest{},
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/sessions/end-others", Handler: s.endOtherSessions, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Ends all sessions of the caller except the current one. Needs the password.",
				Body:      confirmationRequest{},
				Responses: web.Responses{204: nil},
			},
		},
	}
}

// sessionJSON is a session of the caller in JSON responses.
type sessionJSON struct {
	ID        int64     `json:"id"`
	Kind      string    `json:"kind" enum:"bot,program,browser"`
	UserAgent string    `json:"user_agent"`
	Address   string    `json:"address"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at"`
	Current   bool      `json:"current"` // the one that sent the request
}

// sessionsJSON is the JSON response that lists the caller's sessions.
type sessionsJSON struct {
	Sessions []sessionJSON `json:"sessions"`
}

// listSessions answers with the list of the caller's sessions. Each browser or program that is signed in has one.
func (s *Server) listSessions(c echo.Context) error {
	caller := web.CallerOf(c)
	sessions, err := s.chat.Sessions(c.Request().Context(), caller.User)
	if err != nil {
		return err
	}
	if web.WantsJSON(c) {
		return c.JSON(http.StatusOK, sessionsToJSON(sessions, caller.Session.ID))
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, views.SessionsPage(s.Page(c), side, sessions, caller.Session.ID))
}

func sessionsToJSON(sessions []chat.Session, current int64) sessionsJSON {
	out := sessionsJSON{Sessions: make([]sessionJSON, len(sessions))}
	for i, session := range sessions {
		out.Sessions[i] = sessionJSON{
			ID: session.ID, Kind: string(session.Kind), UserAgent: session.UserAgent, Address: session.IP,
			CreatedAt: session.CreatedAt.Time(), SeenAt: session.SeenAt.Time(), Current: session.ID == current,
		}
	}
	return out
}

// endSession ends one of the caller's sessions. Any other session than the one that sends this request needs a recent
// password, so that somebody who finds an unattended browser cannot sign its owner out elsewhere.
func (s *Server) endSession(c echo.Context) error {
	session := web.ParseID(c.Param("id"))
	isOwn := session == web.CallerOf(c).Session.ID
	if err := s.confirmPassword(c); err != nil && !(isOwn && err == chat.ErrPasswordRequired) {
		return s.askPassword(c, err, "/sessions")
	}
	err := s.chat.EndSessionByID(c.Request().Context(), web.CurrentUser(c), session)
	s.logOwnAction(c, "end of another session", err, "session", session)
	if err != nil {
		return err
	}
	return web.Finish(c, "/sessions")
}

func (s *Server) endOtherSessions(c echo.Context) error {
	if err := s.confirmPassword(c); err != nil {
		return s.askPassword(c, err, "/sessions")
	}
	caller := web.CallerOf(c)
	err := s.chat.EndOtherSessions(c.Request().Context(), caller.User, caller.Session)
	s.logOwnAction(c, "end of all other sessions", err)
	if err != nil {
		return err
	}
	return web.Finish(c, "/sessions")
}
