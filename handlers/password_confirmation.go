package handlers

import (
	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

// confirmationRequest is the form or JSON of an action that needs a recent password.
type confirmationRequest struct {
	Password string `form:"password" json:"password" max:"4096"` // needed if it was last given more than 15 minutes ago
}

// confirmPassword returns nil if the caller's session may do what needs a recent password: if the request contains the
// right password, or if it was given in this session at most 15 minutes ago.
func (s *Server) confirmPassword(c echo.Context) error {
	caller := web.CallerOf(c)
	var in confirmationRequest
	if !web.IsGet(c.Request()) {
		if err := web.Bind(c, &in); err != nil {
			return err
		}
	}
	if in.Password == "" {
		return s.chat.CheckRecentPassword(caller.Session)
	}
	err := s.limits.PasswordChecks.AllowUser(caller.User)
	if err == nil {
		err = s.chat.ConfirmPassword(c.Request().Context(), caller.User, caller.Session, in.Password)
	}
	s.logOwnAction(c, "password check", err)
	return err
}

// askPassword answers a request for which confirmPassword returned err. Browsers get a page with a password form, which
// sends the password to the URL of the request. back is the URL of the page's Back link.
func (s *Server) askPassword(c echo.Context, err error, back string) error {
	page := func(e map[string]*chat.Error) templ.Component {
		if e["password"] == chat.ErrPasswordRequired { // nothing is wrong yet
			delete(e, "password")
		}
		return views.PasswordConfirmationPage(s.Page(c), c.Request().URL.Path, back, views.Form{Errors: e})
	}
	return s.RerenderForm(c, err, page, page)
}
