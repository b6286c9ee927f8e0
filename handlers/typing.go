package handlers

import (
	"net/http"

	"charla/chat"
	"charla/views"

	"github.com/labstack/echo/v4"
)

type replacedJSON struct {
	Replaced string `json:"replaced"`
}

// typing keeps what is being written and tells the others. What the text has replaced unseen is handed back.
func (s *Server) typing(c echo.Context) error {
	var in posting
	if err := decode(c, &in); err != nil {
		return err
	}
	me := person(c)
	if err := s.limits.typing.takeFor(me); err != nil {
		return err
	}
	replaced, err := s.chat.Write(c.Request().Context(), me, chat.Writing{Place: in.place(), Body: in.Body, Base: in.Base, Key: in.Key})
	switch {
	case err != nil && (failsInJSON(c) || chat.CodeOf(err) == chat.NotFound):
		return err
	case err != nil:
		return s.keepText(c, in, err)
	case replaced != "":
		return s.handBack(c, in, replaced)
	case isHX(c) || wantsJSON(c):
		return c.NoContent(http.StatusNoContent)
	default:
		return c.Redirect(http.StatusSeeOther, views.MessagesURL(in.place()))
	}
}

// handBack returns a text that another browser of the same person had kept: to a program, to the box, or as a page with
// both.
func (s *Server) handBack(c echo.Context, in posting, replaced string) error {
	switch {
	case wantsJSON(c):
		return c.JSON(http.StatusOK, replacedJSON{replaced})
	case isHX(c):
		return s.render(c, http.StatusOK, views.Replaced(in.Body, replaced))
	default:
		news := chat.Errorf(chat.Conflict, "Your text is kept. Another one was kept here before: “%s”", replaced)
		return s.unsent(c, http.StatusConflict, views.Composer{Key: in.Key, Body: in.Body, Base: in.Body, Place: in.place(), Error: news})
	}
}
