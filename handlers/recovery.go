package handlers

import (
	"net/http"

	"charla/chat"
	"charla/views"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

// withMail is for what exists only where mail is on.
func (s *Server) withMail(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !s.chat.Reach().Mail {
			return chat.ErrNotFound
		}
		return next(c)
	}
}

// mayWrite spends a turn of an address to which somebody has a letter sent. It depends on nothing but the address.
func (s *Server) mayWrite(email string) error {
	_, key, err := chat.CleanEmail(email)
	if err != nil {
		return nil // nothing will be sent
	}
	return s.limits.letters.take(key)
}

// asked answers who has a letter sent: the same whether it goes out or not.
func asked(c echo.Context, to string) error {
	if wantsJSON(c) {
		return c.NoContent(http.StatusAccepted)
	}
	return redirect(c, to)
}

// remind sends the letter of a registration again, unless it was sent often.
func (s *Server) remind(c echo.Context, email string) error {
	if s.mayWrite(email) != nil {
		return nil
	}
	return s.chat.RemindToConfirm(c.Request().Context(), email)
}

func (s *Server) forgotPage(c echo.Context) error {
	var f views.Form
	if c.QueryParams().Has("sent") {
		f.Note = s.locale(c).T("If this is the address of an account, an e-mail is on its way. Its link is good for 30 minutes.")
	}
	return s.render(c, http.StatusOK, views.Forgot(s.page(c), f))
}

type forgotten struct {
	Email string `form:"email" json:"email"`
}

func (s *Server) forgot(c echo.Context) error {
	var in forgotten
	if err := decode(c, &in); err != nil {
		return err
	}
	err := s.limits.address.take(network(c.RealIP()))
	if err == nil {
		err = s.mayWrite(in.Email)
	}
	if err == nil {
		err = s.chat.ForgotPassword(c.Request().Context(), in.Email, s.locale(c).Lang)
	}
	if err != nil {
		page := func(e map[string]*chat.Error) templ.Component {
			return views.Forgot(s.page(c), views.Form{Values: map[string]string{"email": in.Email}, Errors: e})
		}
		return s.answerForm(c, err, page, page)
	}
	return asked(c, "/forgot?sent=1")
}

func (s *Server) resetPage(c echo.Context) error {
	token := c.Param("token")
	if err := s.chat.Resettable(c.Request().Context(), token); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.Reset(s.page(c), token, views.Form{}))
}

type secret struct {
	Password string `form:"password" json:"password"`
}

func (s *Server) reset(c echo.Context) error {
	var in secret
	if err := decode(c, &in); err != nil {
		return err
	}
	token := c.Param("token")
	err := s.limits.links.take(network(c.RealIP()))
	if err == nil {
		err = s.chat.ResetPassword(c.Request().Context(), token, in.Password)
	}
	if err != nil {
		page := func(e map[string]*chat.Error) templ.Component {
			return views.Reset(s.page(c), token, views.Form{Errors: e})
		}
		return s.answerForm(c, err, page, page)
	}
	return done(c, "/login?reset=1")
}

func (s *Server) confirmPage(c echo.Context) error {
	token := c.Param("token")
	if err := s.chat.Confirmable(c.Request().Context(), token); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.Confirm(s.page(c), token, views.Form{}))
}

// confirm makes the account and signs in.
func (s *Server) confirm(c echo.Context) error {
	var in secret
	if err := decode(c, &in); err != nil {
		return err
	}
	token := c.Param("token")
	user, err := s.checkLink(c, token, in.Password)
	if err != nil {
		page := func(e map[string]*chat.Error) templ.Component {
			return views.Confirm(s.page(c), token, views.Form{Errors: e})
		}
		return s.answerForm(c, err, page, page)
	}
	if err := s.signIn(c, user); err != nil {
		return err
	}
	return s.welcome(c, http.StatusCreated, user, "/chat")
}

// checkLink spends a turn of the link and of the network before it looks at the password.
func (s *Server) checkLink(c echo.Context, token, password string) (chat.User, error) {
	if err := s.limits.links.take(network(c.RealIP())); err != nil {
		return chat.User{}, err
	}
	if err := s.limits.account.take("link " + token); err != nil {
		return chat.User{}, err
	}
	return s.chat.Confirm(c.Request().Context(), token, password)
}

func (s *Server) movePage(c echo.Context) error {
	token := c.Param("token")
	email, err := s.chat.Movable(c.Request().Context(), token)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.Move(s.page(c), token, email))
}

func (s *Server) move(c echo.Context) error {
	if err := s.chat.Move(c.Request().Context(), c.Param("token")); err != nil {
		return err
	}
	if wantsJSON(c) {
		return c.NoContent(http.StatusNoContent)
	}
	return s.render(c, http.StatusOK, views.Moved(s.page(c)))
}

func (s *Server) unsubscribePage(c echo.Context) error {
	token := c.Param("token")
	if _, err := s.chat.Unsubscriber(c.Request().Context(), token); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.Unsubscribe(s.page(c), token, false))
}

// unsubscribe is for a person's button and for mail programs (RFC 8058), whose form says nothing that matters.
func (s *Server) unsubscribe(c echo.Context) error {
	if err := s.chat.Unsubscribe(c.Request().Context(), c.Param("token")); err != nil {
		return err
	}
	if wantsJSON(c) {
		return c.NoContent(http.StatusNoContent)
	}
	return s.render(c, http.StatusOK, views.Unsubscribe(s.page(c), c.Param("token"), true))
}
