package handlers

import (
	"net/http"

	"charla/chat"
	"charla/views"

	"github.com/a-h/templ"
	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"
)

// deletionPage asks for the password, and what shall become of what the person wrote.
func (s *Server) deletionPage(c echo.Context) error {
	if wantsJSON(c) {
		return errPageOnly
	}
	form := views.Form{Values: map[string]string{"words": string(chat.LeaveWords)}}
	return s.render(c, http.StatusOK, views.Deletion(s.page(c), form))
}

type deletion struct {
	Current string `form:"current" json:"current"`
	Words   string `form:"words" json:"words"`
}

// deleteAccount spends a turn of those who try passwords. What is in the browser goes with the account.
func (s *Server) deleteAccount(c echo.Context) error {
	var in deletion
	if err := decode(c, &in); err != nil {
		return err
	}
	me, places := s.written(c)
	err := s.limits.passwords.takeFor(me)
	if err == nil {
		err = s.chat.DeleteAccount(c.Request().Context(), me, in.Current, chat.Legacy(in.Words))
	}
	if err != nil {
		return s.undeleted(c, in, err)
	}
	s.forgetBrowser(c)
	switch {
	case wantsJSON(c):
		return c.NoContent(http.StatusNoContent)
	case isHX(c):
		return s.render(c, http.StatusOK, views.Deleted(s.locale(c), me.ID, places))
	default:
		return redirect(c, "/login?ended=deleted")
	}
}

// undeleted shows the form again.
func (s *Server) undeleted(c echo.Context, in deletion, err error) error {
	form := func(e map[string]*chat.Error) views.Form {
		return views.Form{Values: map[string]string{"words": in.Words}, Errors: e}
	}
	return s.answerForm(c, err,
		func(e map[string]*chat.Error) templ.Component { return views.Deletion(s.page(c), form(e)) },
		func(e map[string]*chat.Error) templ.Component { return views.DeletionForm(s.page(c), form(e)) })
}

// forgetBrowser takes away the cookies of somebody who is no more, one of which holds their address, and what else the
// browser keeps.
func (s *Server) forgetBrowser(c echo.Context) {
	gone := s.cookie(-1)
	http.SetCookie(c.Response(), sessions.NewCookie(s.cookieName(), "", &gone))
	http.SetCookie(c.Response(), sessions.NewCookie(knownCookie, "", &gone))
	s.clearStorage(c)
}

// clearStorage asks a browser to forget what it keeps of this site besides cookies. Over plain http it does not listen.
func (s *Server) clearStorage(c echo.Context) {
	if s.https() {
		c.Response().Header().Set("Clear-Site-Data", `"storage"`)
	}
}
