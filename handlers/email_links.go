package handlers

import (
	"net/http"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

func (s *Server) emailLinkRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/confirm/:token",
			Handler: s.requireEmail(web.HTMLOnly(s.confirmRegistrationPage)), Access: web.Anonymous,
			Doc: web.Operation{
				Summary:   "Shows the page of the confirmation link in a sign-up e-mail. Only for browsers.",
				Responses: web.Responses{200: web.HTML},
			},
		},
		{
			Method: http.MethodPost, Path: "/confirm/:token",
			Handler: s.requireEmail(s.confirmRegistration), Access: web.Anonymous,
			Doc: web.Operation{
				Summary: "Creates the account that the e-mail confirms and signs in, or answers 202 if an admin must " +
					"approve it first.",
				Body:      passwordRequest{},
				Responses: web.Responses{201: personJSON{}, 202: nil},
			},
		},
		{
			Method: http.MethodGet, Path: "/forgot",
			Handler: s.requireEmail(web.HTMLOnly(s.forgotPasswordPage)), Access: web.Anonymous,
			Doc: web.Operation{
				Summary:   "Shows the form for a forgotten password. Only for browsers.",
				Responses: web.Responses{200: web.HTML},
			},
		},
		{
			Method: http.MethodPost, Path: "/forgot", Handler: s.requireEmail(s.forgotPassword), Access: web.Anonymous,
			Doc: web.Operation{
				Summary: "Sends a link for a new password if the address belongs to an account. The answer is the " +
					"same if it does not.",
				Body:      forgotPasswordRequest{},
				Responses: web.Responses{202: nil},
			},
		},
		{
			Method: http.MethodGet, Path: "/reset/:token",
			Handler: web.HTMLOnly(s.resetPasswordPage), Access: web.Anonymous,
			Doc: web.Operation{
				Summary:   "Shows the page of a password link. Only for browsers.",
				Responses: web.Responses{200: web.HTML},
			},
		},
		{
			Method: http.MethodPost, Path: "/reset/:token",
			Handler: s.resetPassword, Access: web.Anonymous,
			Doc: web.Operation{
				Summary:   "Sets a new password and ends all sessions.",
				Body:      passwordRequest{},
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodGet, Path: "/email/:token",
			Handler: s.requireEmail(web.HTMLOnly(s.confirmEmailChangePage)), Access: web.Anonymous,
			Doc: web.Operation{
				Summary:   "Shows the page of the link that confirms a changed e-mail address. Only for browsers.",
				Responses: web.Responses{200: web.HTML},
			},
		},
		{
			Method: http.MethodPost, Path: "/email/:token",
			Handler: s.requireEmail(s.confirmEmailChange), Access: web.Anonymous,
			Doc: web.Operation{
				Summary:   "Changes the e-mail address of the account to the confirmed one.",
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodGet, Path: "/unsubscribe/:token",
			Handler: web.HTMLOnly(s.unsubscribePage), Access: web.Anonymous,
			Doc: web.Operation{
				Summary:   "Asks whether to stop e-mails about unread messages. Only for browsers.",
				Responses: web.Responses{200: web.HTML},
			},
		},
		{
			Method: http.MethodPost, Path: "/unsubscribe/:token", Handler: s.unsubscribe, Access: web.Anonymous,
			Doc: web.Operation{
				Summary:   "Stops e-mails about unread messages. Mail programs may call it too (RFC 8058).",
				Responses: web.Responses{204: nil},
			},
		},
	}
}

// requireEmail is middleware that answers 404 if the server is not configured to send e-mail.
func (s *Server) requireEmail(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !s.chat.Media().Email {
			return chat.ErrNotFound
		}
		return next(c)
	}
}

// checkEmailRate counts an e-mail to an address, and returns an error if the address has reached its rate limit. It
// counts without checking whether the address has an account, so that the response does not reveal that.
func (s *Server) checkEmailRate(email string) error {
	_, key, err := chat.CleanEmail(email)
	if err != nil {
		return nil // no e-mail will be sent to an invalid address
	}
	return s.limits.Emails.Allow(key)
}

// resendConfirmation sends another e-mail with a link to confirm a registration. If the address has reached its rate
// limit, it sends nothing and returns no error.
func (s *Server) resendConfirmation(c echo.Context, email string) error {
	if s.checkEmailRate(email) != nil {
		return nil
	}
	return s.chat.ResendConfirmation(c.Request().Context(), email)
}

func (s *Server) forgotPasswordPage(c echo.Context) error {
	var f views.Form
	if c.QueryParams().Has("sent") {
		f.Note = s.Locale(c).
			T("If there's an account with this e-mail address, we sent a link to it. The link expires in 30 minutes.")
	}
	return s.Render(c, http.StatusOK, views.ForgotPasswordPage(s.Page(c), f))
}

// forgotPasswordRequest is the form or JSON that asks for a link to set a new password.
type forgotPasswordRequest struct {
	Email string `form:"email" json:"email" required:"true"`
}

func (s *Server) forgotPassword(c echo.Context) error {
	var in forgotPasswordRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	err := s.requestPasswordReset(c, in.Email)
	s.logSecurity(c, "request for a password reset", err, s.emailAttr(c.Request().Context(), in.Email))
	if err != nil {
		page := func(e map[string]*chat.Error) templ.Component {
			form := views.Form{Values: map[string]string{"email": in.Email}, Errors: e}
			return views.ForgotPasswordPage(s.Page(c), form)
		}
		return s.RerenderForm(c, err, page, page)
	}
	return web.Accepted(c, "/forgot?sent=1")
}

// requestPasswordReset sends an e-mail with a link to set a new password. Before that it checks two rate limits: that
// of the caller's network and that of the address.
func (s *Server) requestPasswordReset(c echo.Context, email string) error {
	if err := s.limits.LoginsByIP.Allow(web.NetworkPrefix(c.RealIP())); err != nil {
		return err
	}
	if err := s.checkEmailRate(email); err != nil {
		return err
	}
	return s.chat.RequestPasswordReset(c.Request().Context(), email, s.Locale(c).Lang)
}

func (s *Server) resetPasswordPage(c echo.Context) error {
	token := c.Param("token")
	if err := s.chat.CheckResetLink(c.Request().Context(), token); err != nil {
		s.logSecurity(c, "password reset", err)
		return err
	}
	return s.Render(c, http.StatusOK, views.ResetPasswordPage(s.Page(c), token, views.Form{}))
}

// passwordRequest is a form or JSON with a password. It is used on pages that people open by a link in an e-mail.
type passwordRequest struct {
	Password string `form:"password" json:"password" required:"true" max:"4096"`
}

func (s *Server) resetPassword(c echo.Context) error {
	var in passwordRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	token := c.Param("token")
	refuse := func(err error) error {
		page := func(e map[string]*chat.Error) templ.Component {
			return views.ResetPasswordPage(s.Page(c), token, views.Form{Errors: e})
		}
		return s.RerenderForm(c, err, page, page)
	}
	if err := s.limits.EmailLinks.Allow(web.NetworkPrefix(c.RealIP())); err != nil {
		return refuse(err)
	}
	user, err := s.chat.ResetPassword(c.Request().Context(), token, in.Password)
	s.logSecurity(c, "password reset", err, userAttr(user))
	if err != nil {
		return refuse(err)
	}
	return web.Finish(c, "/login?reset=1")
}

func (s *Server) confirmRegistrationPage(c echo.Context) error {
	token := c.Param("token")
	if err := s.chat.CheckConfirmationLink(c.Request().Context(), token); err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, views.ConfirmSignupPage(s.Page(c), token, views.Form{}))
}

// confirmRegistration creates the account after its owner opened the link in the e-mail, and signs the user in. If an
// admin decides about registrations, it stores an application instead.
func (s *Server) confirmRegistration(c echo.Context) error {
	var in passwordRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	token := c.Param("token")
	user, err := s.verifyConfirmation(c, token, in.Password)
	s.logSecurity(c, "sign-up", err, userAttr(user.ID))
	if err != nil {
		page := func(e map[string]*chat.Error) templ.Component {
			return views.ConfirmSignupPage(s.Page(c), token, views.Form{Errors: e})
		}
		return s.RerenderForm(c, err, page, page)
	}
	if user.ID == 0 {
		return web.Accepted(c, applicationSentURL)
	}
	if err := s.sessions.Start(c, chat.Credentials{User: user}); err != nil {
		return err
	}
	return s.afterLogin(c, http.StatusCreated, user, "/chat")
}

// verifyConfirmation completes a registration: it checks the password, creates the account and returns its user. Before
// that it checks the rate limits of the caller's network and of the link.
func (s *Server) verifyConfirmation(c echo.Context, token, password string) (chat.User, error) {
	if err := s.limits.EmailLinks.Allow(web.NetworkPrefix(c.RealIP())); err != nil {
		return chat.User{}, err
	}
	if err := s.limits.LoginsByAccount.Allow("link " + token); err != nil {
		return chat.User{}, err
	}
	return s.chat.ConfirmRegistration(c.Request().Context(), token, password)
}

func (s *Server) confirmEmailChangePage(c echo.Context) error {
	token := c.Param("token")
	email, err := s.chat.PendingEmailChange(c.Request().Context(), token)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, views.ConfirmEmailChangePage(s.Page(c), token, email))
}

func (s *Server) confirmEmailChange(c echo.Context) error {
	user, err := s.chat.ConfirmEmailChange(c.Request().Context(), c.Param("token"))
	s.logSecurity(c, "change of e-mail address", err, userAttr(user))
	if err != nil {
		return err
	}
	if web.WantsJSON(c) {
		return c.NoContent(http.StatusNoContent)
	}
	return s.Render(c, http.StatusOK, views.EmailChangedPage(s.Page(c)))
}

func (s *Server) unsubscribePage(c echo.Context) error {
	token := c.Param("token")
	if _, err := s.chat.UserByUnsubscribeToken(c.Request().Context(), token); err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, views.UnsubscribePage(s.Page(c), token, false))
}

// unsubscribe turns off the e-mail digests of the user to whom the link was sent. People press a button on the page;
// mail programs post to the same URL as RFC 8058 describes, so it ignores the fields of the form.
func (s *Server) unsubscribe(c echo.Context) error {
	if err := s.chat.Unsubscribe(c.Request().Context(), c.Param("token")); err != nil {
		return err
	}
	if web.WantsJSON(c) {
		return c.NoContent(http.StatusNoContent)
	}
	return s.Render(c, http.StatusOK, views.UnsubscribePage(s.Page(c), c.Param("token"), true))
}
