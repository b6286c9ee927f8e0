package handlers

import (
	"net/http"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) lightboxRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/messages/:id/pictures/:file", Handler: s.showPicture, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Shows a picture of a message in the lightbox of a page. Only for browsers.",
				Responses: web.Responses{200: web.HTML},
			},
		},
	}
}

// showPicture shows a large picture from a message. htmx gets it for the lightbox of the current page, browsers without
// htmx as a page of its own.
func (s *Server) showPicture(c echo.Context) error {
	m, err := s.chat.Message(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")))
	if err != nil {
		return err
	}
	picture, ok := views.NewLightboxPicture(m, web.ParseID(c.Param("file")))
	switch {
	case !ok:
		return chat.ErrNotFound
	case web.WantsJSON(c):
		return web.ErrHTMLOnly
	case web.IsHTMX(c):
		return s.Render(c, http.StatusOK, views.LightboxResponse(s.Locale(c), picture))
	}
	return s.Render(c, http.StatusOK, views.PicturePage(s.Page(c), picture))
}
