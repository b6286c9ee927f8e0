package handlers

import (
	"net/http"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

func (s *Server) signupRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/register", Handler: web.HTMLOnly(s.signupPage), Access: web.Anonymous,
			Doc: web.Operation{
				Summary:   "Shows the sign-up form. Only for browsers.",
				Responses: web.Responses{200: web.HTML},
			},
		},
		{
			Method: http.MethodPost, Path: "/register", Handler: s.register, Access: web.Anonymous,
			Doc: web.Operation{
				Summary: "Creates an account and signs in. If e-mail is configured, it sends a confirmation link " +
					"and answers 202 instead; so it does if an admin must approve the account.",
				Body:      registerRequest{},
				Responses: web.Responses{201: personJSON{}, 202: nil},
			},
		},
	}
}

func (s *Server) signupPage(c echo.Context) error {
	if web.CallerOf(c).SignedIn() {
		return web.Redirect(c, "/chat")
	}
	switch query := c.QueryParams(); {
	case query.Has("sent"):
		return s.Render(c, http.StatusOK, views.ConfirmationSentPage(s.Page(c)))
	case query.Has("applied"):
		return s.Render(c, http.StatusOK, views.ApplicationSentPage(s.Page(c)))
	}
	if err := s.chat.CheckRegistration(c.Request().Context()); err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, views.SignupPage(s.Page(c), views.Form{}))
}

// registerRequest is the form or JSON to sign up.
type registerRequest struct {
	Name     string `form:"name" json:"name" required:"true"`
	Email    string `form:"email" json:"email" required:"true"`
	Password string `form:"password" json:"password" required:"true" max:"4096"`
	Reason   string `form:"reason" json:"reason" max:"4000"` // why they want to join; required if an admin decides
}

// registration returns what a person with this language of their browser entered.
func (in registerRequest) registration(l views.Locale) chat.Registration {
	return chat.Registration{
		Name: in.Name, Email: in.Email, Password: in.Password, Reason: in.Reason, BrowserLocale: l.Lang,
	}
}

func (s *Server) register(c echo.Context) error {
	var in registerRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	form := func(e map[string]*chat.Error) views.Form {
		return views.Form{Values: map[string]string{"name": in.Name, "email": in.Email, "reason": in.Reason}, Errors: e}
	}
	return s.signUp(c, signUpForm{
		registration: in.registration(s.Locale(c)),
		page: func(e map[string]*chat.Error) templ.Component {
			return views.SignupPage(s.Page(c), form(e))
		},
		form: func(e map[string]*chat.Error) templ.Component {
			return views.SignupForm(s.Page(c), form(e))
		},
		next: "/chat",
	})
}

// signUpForm is a submitted form with which somebody creates an account. page and form render it again with its errors:
// page for a browser, form for htmx.
type signUpForm struct {
	registration chat.Registration
	page, form   func(map[string]*chat.Error) templ.Component
	next         string // the path to open afterwards
}

// signUp creates an account and signs in, or answers that an e-mail or an application was sent.
func (s *Server) signUp(c echo.Context, in signUpForm) error {
	user, err := s.createAccount(c, in.registration)
	if user.ID != 0 {
		s.logSecurity(c, "sign-up", nil, userAttr(user.ID))
	} else {
		s.logSecurity(c, "request for a sign-up", err, s.emailAttr(c.Request().Context(), in.registration.Email))
	}
	if err != nil {
		return s.RerenderForm(c, err, in.page, in.form)
	}
	if user.ID == 0 && s.chat.Media().Email {
		return web.Accepted(c, "/register?sent=1")
	}
	if user.ID == 0 {
		return web.Accepted(c, applicationSentURL)
	}
	if err := s.sessions.Start(c, chat.Credentials{User: user}); err != nil {
		return err
	}
	return s.afterLogin(c, http.StatusCreated, user, in.next)
}

// applicationSentURL is where people go whose registration waits for the decision of an admin.
const applicationSentURL = "/register?applied=1"

// createAccount creates an account and returns its user, or the zero User if an admin must approve it first. If the
// server sends e-mail, it creates no account yet: it sends a link that confirms the address, and returns the zero User.
func (s *Server) createAccount(c echo.Context, in chat.Registration) (chat.User, error) {
	ctx := c.Request().Context()
	if err := s.limits.Signups.Allow(web.NetworkPrefix(c.RealIP())); err != nil {
		return chat.User{}, err
	}
	if !s.chat.Media().Email {
		return s.chat.Register(ctx, in)
	}
	if in.Invitation == "" {
		if err := s.chat.CheckRegistration(ctx); err != nil {
			return chat.User{}, err
		}
	}
	if err := in.Check(); err != nil { // no e-mail is sent before the form is valid
		return chat.User{}, err
	}
	if err := s.checkEmailRate(in.Email); err != nil {
		return chat.User{}, err
	}
	return chat.User{}, s.chat.RequestRegistration(ctx, in)
}
