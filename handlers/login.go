package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

func (s *Server) loginRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/", Handler: s.home, Access: web.Anonymous,
			Doc: web.Operation{
				Summary: "Redirects to the chat or to the log-in. JSON callers get the address of the API " +
					"description.",
				Responses: web.Responses{200: homeJSON{}},
			},
		},
		{
			Method: http.MethodGet, Path: "/login", Handler: web.HTMLOnly(s.loginPage), Access: web.Anonymous,
			Doc: web.Operation{
				Summary:   "Shows the log-in form. Only for browsers.",
				Query:     "next ended",
				Responses: web.Responses{200: web.HTML},
			},
		},
		{
			Method: http.MethodPost, Path: "/login", Handler: s.login, Access: web.Anonymous,
			Doc: web.Operation{
				Summary:   "Signs in.",
				Body:      loginRequest{},
				Responses: web.Responses{200: personJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/logout", Handler: s.logout, Access: web.Anonymous,
			Doc: web.Operation{
				Summary:   "Ends the session and its streams.",
				Responses: web.Responses{204: nil},
			},
		},
	}
}

// homeJSON is the JSON response of the home page. It tells programs the URL of the API description.
type homeJSON struct {
	Name    string `json:"name"` // of the community
	OpenAPI string `json:"openapi"`
}

func (s *Server) home(c echo.Context) error {
	if web.WantsJSON(c) {
		return c.JSON(http.StatusOK, homeJSON{s.chat.Community(c.Request().Context()).Name, "/openapi.json"})
	}
	if web.CallerOf(c).SignedIn() {
		return web.Redirect(c, "/chat")
	}
	return web.Redirect(c, "/login")
}

// afterLogin answers after a user has signed in or up: programs get the user as JSON, browsers are redirected to the
// path in to.
func (s *Server) afterLogin(c echo.Context, status int, user chat.User, to string) error {
	if _, key, err := chat.CleanEmail(user.Email); err == nil {
		s.knownBrowsers.Remember(c, key)
	}
	if web.WantsJSON(c) {
		return c.JSON(status, s.selfJSON(user))
	}
	return web.Redirect(c, to)
}

// loginPage answers with the sign-in page. When a stream reports that the session has ended, htmx requests this page.
// It then gets a redirect, so that the browser loads the sign-in page as a full page, which says that the session has
// ended. Signing in leads back to the page that was open.
func (s *Server) loginPage(c echo.Context) error {
	next := c.QueryParam("next")
	if web.CallerOf(c).SignedIn() {
		return web.Redirect(c, pageAfterLogin(c, next))
	}
	if web.IsHTMX(c) {
		return web.Redirect(c, loginURLWithNext(c))
	}
	var f views.Form
	switch c.QueryParam("ended") {
	case "":
	case "deleted":
		f.Note = s.Locale(c).T("Your account was deleted.")
	default:
		f.Errors = map[string]*chat.Error{"": web.ErrSignedOut}
	}
	if c.QueryParams().Has("reset") {
		f.Note = s.Locale(c).T("Your password was changed. Sign in with the new one.")
	}
	return s.Render(c, http.StatusOK, views.LoginPage(s.Page(c), next, f))
}

// pageAfterLogin returns the URL to which a user who is already signed in is sent instead of the sign-in page. It is
// next, unless an open page requested the sign-in page because its stream had ended as if the session was over: then it
// is the URL of that page, which is loaded again.
func pageAfterLogin(c echo.Context, next string) string {
	page, err := url.Parse(c.Request().Header.Get("HX-Current-URL"))
	if err != nil || !web.IsHTMX(c) || c.QueryParam("ended") == "" {
		return web.LocalPath(next)
	}
	return web.LocalPath(page.RequestURI())
}

// loginURLWithNext returns the URL of the sign-in page to which htmx is redirected. If the session has ended, the URL
// contains the address of the open page, so that signing in leads back to it. It does not if the account was deleted.
func loginURLWithNext(c echo.Context) string {
	to, query := c.Request().URL, c.QueryParams()
	page, err := url.Parse(c.Request().Header.Get("HX-Current-URL"))
	if err != nil || query.Get("ended") == "" || query.Get("ended") == "deleted" {
		return to.RequestURI()
	}
	query.Set("next", page.RequestURI())
	return to.Path + "?" + query.Encode()
}

// loginRequest is the form or JSON to sign in. The password has a high maximum length, so that long ones are answered
// as any other wrong password.
type loginRequest struct {
	Email    string `form:"email" json:"email" required:"true"`
	Password string `form:"password" json:"password" required:"true" max:"150000"`
	Next     string `form:"next" json:"next" max:"2000"` // the path to go on to
}

func (s *Server) login(c echo.Context) error {
	var in loginRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	credentials, err := s.verifyLogin(c, in)
	if errors.Is(err, chat.ErrUnconfirmed) {
		err = cmp.Or(s.resendConfirmation(c, in.Email), err)
	}
	if err != nil {
		values := map[string]string{"email": in.Email}
		return s.RerenderForm(c, err,
			func(e map[string]*chat.Error) templ.Component {
				return views.LoginPage(s.Page(c), in.Next, views.Form{Values: values, Errors: e})
			},
			func(e map[string]*chat.Error) templ.Component {
				return views.LoginForm(s.Page(c), in.Next, views.Form{Values: values, Errors: e})
			})
	}
	if err := s.sessions.Start(c, credentials); err != nil {
		return err
	}
	return s.afterLogin(c, http.StatusOK, credentials.User, web.LocalPath(in.Next))
}

// verifyLogin returns the credentials of the user if the e-mail address and the password are right. Before that it
// checks the rate limits. It logs the result.
func (s *Server) verifyLogin(c echo.Context, in loginRequest) (credentials chat.Credentials, err error) {
	if err = s.checkLoginRate(c, in.Email); err == nil {
		credentials, err = s.chat.LogIn(c.Request().Context(), in.Email, in.Password)
	}
	s.logSecurity(c, "sign-in", err, s.emailAttr(c.Request().Context(), in.Email))
	return credentials, err
}

// checkLoginRate counts an attempt to sign in, and returns an error if the network or the account has reached its rate
// limit. A browser that has signed in to the account before has its own limit, so that strangers who guess passwords
// cannot lock the owner out.
func (s *Server) checkLoginRate(c echo.Context, email string) error {
	_, key, err := chat.CleanEmail(email)
	if err == nil && s.knownBrowsers.Knows(c, key) {
		return s.limits.LoginsByKnownBrowser.Allow(key)
	}
	if limitErr := s.limits.LoginsByIP.Allow(web.NetworkPrefix(c.RealIP())); limitErr != nil {
		return limitErr
	}
	if err != nil { // no account has an invalid address
		return nil
	}
	return s.limits.LoginsByAccount.Allow(key)
}

func (s *Server) logout(c echo.Context) error {
	if caller := web.CallerOf(c); caller.SignedIn() && caller.Session.Kind != chat.BrowserSession {
		return s.revokeToken(c)
	}
	me := web.CurrentUser(c)
	err := s.sessions.End(c)
	if me.ID != 0 {
		s.logOwnAction(c, "sign-out", err)
	}
	if err != nil {
		return err
	}
	s.clearStorage(c)
	if web.WantsJSON(c) {
		return c.NoContent(http.StatusNoContent)
	}
	if web.IsHTMX(c) {
		return s.Render(c, http.StatusOK, views.LoggedOutResponse(s.Locale(c), me.ID))
	}
	return web.Redirect(c, "/login")
}
