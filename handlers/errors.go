package handlers

import (
	"log/slog"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

// handleError answers a request with the error that its handler returned. Echo calls it.
func (s *Server) handleError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	if keepsText(c, err) {
		err = s.rerenderText(c, err)
	} else {
		err = s.WriteError(c, err)
	}
	if err != nil { // usually the client disconnected
		slog.Info("write error response failed", "request", web.RequestID(c), "error", err)
	}
}

// keepsText reports whether the error page must contain the text that the user sent, because the text would be lost
// otherwise. It returns true for browsers without htmx if the user reached a rate limit or the database is unavailable.
func keepsText(c echo.Context, err error) bool {
	if !web.RouteOf(c).KeepsText || web.IsHTMX(c) || web.WantsJSON(c) {
		return false
	}
	code := chat.CodeOf(err)
	return code == chat.Unavailable || code == chat.TooMany
}

// rerenderText answers with an error page that contains the submitted message or edit, in a form to send the text
// again.
func (s *Server) rerenderText(c echo.Context, err error) error {
	e, status := web.ClassifyError(c, err)
	web.SetRetryAfter(c, e)
	var in postRequest
	if web.Bind(c, &in) != nil {
		return s.RenderErrorPage(c, e, status)
	}
	if message := web.ParseID(c.Param("id")); message != 0 {
		edit := editRequest{Body: &in.Body}.edit(c.Request().PostForm)
		form := views.EditForm{MessageEdit: edit, Error: e}
		return s.Render(c, status, views.UnsavedEditPage(s.Page(c), chat.Message{ID: message}, form))
	}
	composer := s.refilledComposer(c, in)
	composer.Error = e
	return s.Render(c, status, views.UnsentMessagePage(s.Page(c), composer))
}
