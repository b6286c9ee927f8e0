package handlers

import (
	"log/slog"
	"net/http"
	"time"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) recoveryRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/people/:id/reset-link", Handler: s.createResetLink, Access: web.Member,
			Action: chat.ManagePeople,
			Doc: web.Operation{
				Summary:   "Makes a link with which a person chooses a new password. It works once, for one hour.",
				Responses: web.Responses{201: resetLinkJSON{}},
			},
		},
	}
}

// resetLinkJSON is a link with which a person chooses a new password.
type resetLinkJSON struct {
	URL       string    `json:"url" example:"https://chat.example.org/reset/Ym90IHRva2Vu"`
	ExpiresAt time.Time `json:"expires_at"`
}

// createResetLink answers an admin with a link for a person who has forgotten their password and gets no e-mail.
func (s *Server) createResetLink(c echo.Context) error {
	me, id := web.CurrentUser(c), web.ParseID(c.Param("id"))
	user, token, expires, err := s.chat.CreateResetLinkFor(c.Request().Context(), me, id)
	s.logSecurity(c, "making of a reset link", err, userAttr(id), slog.Int64("by", me.ID))
	if err != nil {
		return err
	}
	link := web.PublicOrigin(c.Request(), s.config.BaseURL, s.HTTPS) + "/reset/" + token
	if web.WantsJSON(c) {
		return c.JSON(http.StatusCreated, resetLinkJSON{link, expires.Time()})
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusCreated, views.ResetLinkPage(s.Page(c), side, user.Name, link))
}
