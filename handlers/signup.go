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
					"and answers 202 instead.",
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
	if c.QueryParams().Has("sent") {
		return s.Render(c, http.StatusOK, views.ConfirmationSentPage(s.Page(c)))
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
}

// registration returns what a person with this language of their browser entered.
func (in registerRequest) registration(l views.Locale) chat.Registration {
	return chat.Registration{Name: in.Name, Email: in.Email, Password: in.Password, BrowserLocale: l.Lang}
}

func (s *Server) register(c echo.Context) error {
	var in registerRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	user, err := s.signUp(c, in)
	if user.ID != 0 {
		s.logSecurity(c, "sign-up", nil, userAttr(user.ID))
	} else {
		s.logSecurity(c, "request for a sign-up", err, s.emailAttr(c.Request().Context(), in.Email))
	}
	if err == nil && user.ID == 0 {
		return web.Accepted(c, "/register?sent=1")
	}
	if err != nil {
		values := map[string]string{"name": in.Name, "email": in.Email}
		return s.RerenderForm(c, err,
			func(e map[string]*chat.Error) templ.Component {
				return views.SignupPage(s.Page(c), views.Form{Values: values, Errors: e})
			},
			func(e map[string]*chat.Error) templ.Component {
				return views.SignupForm(s.Page(c), views.Form{Values: values, Errors: e})
			})
	}
	if err := s.sessions.Start(c, chat.Credentials{User: user}); err != nil {
		return err
	}
	return s.afterLogin(c, http.StatusCreated, user, "/chat")
}

// signUp creates an account and returns its user. If the server sends e-mail, it creates no account yet: it sends a
// link that confirms the address, and returns the zero User.
func (s *Server) signUp(c echo.Context, in registerRequest) (chat.User, error) {
	if err := s.limits.Signups.Allow(web.NetworkPrefix(c.RealIP())); err != nil {
		return chat.User{}, err
	}
	registration := in.registration(s.Locale(c))
	if !s.chat.Media().Email {
		return s.chat.Register(c.Request().Context(), registration)
	}
	if err := s.chat.CheckRegistration(c.Request().Context()); err != nil {
		return chat.User{}, err
	}
	if err := registration.Check(); err != nil { // no e-mail is sent before the form is valid
		return chat.User{}, err
	}
	if err := s.checkEmailRate(in.Email); err != nil {
		return chat.User{}, err
	}
	return chat.User{}, s.chat.RequestRegistration(c.Request().Context(), registration)
}
