package handlers

import (
	"charla/handlers/web"
	"net/http"
	"time"

	"charla/chat"
	"charla/views"

	"github.com/labstack/echo/v4"
)

type sessionJSON struct {
	ID        int64     `json:"id"`
	Kind      string    `json:"kind"` // browser, program or bot
	UserAgent string    `json:"user_agent"`
	Address   string    `json:"address"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at"`
	Current   bool      `json:"current"`
}

type sessionsJSON struct {
	Sessions []sessionJSON `json:"sessions"`
}

// listSessions tells people where they are signed in.
func (s *Server) listSessions(c echo.Context) error {
	me := web.CallerOf(c)
	sessions, err := s.chat.Sessions(c.Request().Context(), me.User)
	if err != nil {
		return err
	}
	if web.WantsJSON(c) {
		out := sessionsJSON{Sessions: make([]sessionJSON, len(sessions))}
		for i, one := range sessions {
			out.Sessions[i] = sessionJSON{one.ID, string(one.Kind), one.UserAgent, one.IP, one.CreatedAt.Time(), one.SeenAt.Time(), one.ID == me.Session.ID}
		}
		return c.JSON(http.StatusOK, out)
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, views.SessionsPage(s.Page(c), side, sessions, me.Session.ID))
}

// endSession signs its person out somewhere, perhaps here.
func (s *Server) endSession(c echo.Context) error {
	if err := s.chat.EndSessionByID(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id"))); err != nil {
		return err
	}
	return web.Finish(c, "/sessions")
}

func (s *Server) endOtherSessions(c echo.Context) error {
	v := web.CallerOf(c)
	if err := s.chat.EndOtherSessions(c.Request().Context(), v.User, v.Session); err != nil {
		return err
	}
	return web.Finish(c, "/sessions")
}
