package handlers

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"charla/chat"
	"charla/views"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

// homeJSON is where a program begins to read.
type homeJSON struct {
	Name    string `json:"name"`
	OpenAPI string `json:"openapi"`
}

func (s *Server) home(c echo.Context) error {
	if wantsJSON(c) {
		return c.JSON(http.StatusOK, homeJSON{"Charla", "/openapi.json"})
	}
	if visitorOf(c).signedIn() {
		return redirect(c, "/chat")
	}
	return redirect(c, "/login")
}

func (s *Server) registerPage(c echo.Context) error {
	if visitorOf(c).signedIn() {
		return redirect(c, "/chat")
	}
	if c.QueryParams().Has("sent") {
		return s.render(c, http.StatusOK, views.Sent(s.page(c)))
	}
	return s.render(c, http.StatusOK, views.Register(s.page(c), views.Form{}))
}

type registration struct {
	Name     string `form:"name" json:"name"`
	Email    string `form:"email" json:"email"`
	Password string `form:"password" json:"password"`
}

func (s *Server) register(c echo.Context) error {
	var in registration
	if err := decode(c, &in); err != nil {
		return err
	}
	user, err := s.join(c, in)
	if err == nil && user.ID == 0 {
		return asked(c, "/register?sent=1")
	}
	if err != nil {
		values := map[string]string{"name": in.Name, "email": in.Email}
		return s.answerForm(c, err,
			func(e map[string]*chat.Error) templ.Component {
				return views.Register(s.page(c), views.Form{Values: values, Errors: e})
			},
			func(e map[string]*chat.Error) templ.Component {
				return views.RegisterForm(s.page(c), views.Form{Values: values, Errors: e})
			})
	}
	if err := s.signIn(c, user); err != nil {
		return err
	}
	return s.welcome(c, http.StatusCreated, user, "/chat")
}

// join makes an account, or where mail is on has a letter sent and returns nobody.
func (s *Server) join(c echo.Context, in registration) (chat.User, error) {
	if err := s.limits.newcomers.take(network(c.RealIP())); err != nil {
		return chat.User{}, err
	}
	fresh := chat.Registration{Name: in.Name, Email: in.Email, Password: in.Password, Spoken: s.locale(c).Lang}
	if !s.chat.Reach().Mail {
		return s.chat.Register(c.Request().Context(), fresh)
	}
	if err := fresh.Check(); err != nil { // who must choose another password has no letter sent yet
		return chat.User{}, err
	}
	if err := s.mayWrite(in.Email); err != nil {
		return chat.User{}, err
	}
	return chat.User{}, s.chat.AskToJoin(c.Request().Context(), fresh)
}

// welcome answers a log-in: the person to a program, the way on to a browser.
func (s *Server) welcome(c echo.Context, status int, user chat.User, to string) error {
	if _, key, err := chat.CleanEmail(user.Email); err == nil {
		s.known.remember(c, key)
	}
	if wantsJSON(c) {
		return c.JSON(status, s.selfToJSON(user))
	}
	return redirect(c, to)
}

// loginPage sends htmx here as a whole page: it asks when a stream said that the session is over. Then the form says so,
// and the log-in leads back.
func (s *Server) loginPage(c echo.Context) error {
	next := c.QueryParam("next")
	if visitorOf(c).signedIn() {
		return redirect(c, ownPath(next))
	}
	if isHX(c) {
		return redirect(c, backLater(c))
	}
	var f views.Form
	switch c.QueryParam("ended") {
	case "":
	case "deleted":
		f.Note = s.locale(c).T("Your account is deleted.")
	default:
		f.Errors = map[string]*chat.Error{"": errSignedOut}
	}
	if c.QueryParams().Has("reset") {
		f.Note = s.locale(c).T("Your new password counts from now on. Log in with it.")
	}
	return s.render(c, http.StatusOK, views.Login(s.page(c), next, f))
}

// backLater is the address of the log-in that htmx asks for, with the page that it stands on where its session ended.
func backLater(c echo.Context) string {
	to, query := c.Request().URL, c.QueryParams()
	page, err := url.Parse(c.Request().Header.Get("HX-Current-URL"))
	if err != nil || query.Get("ended") == "" || query.Get("ended") == "deleted" {
		return to.RequestURI()
	}
	query.Set("next", page.RequestURI())
	return to.Path + "?" + query.Encode()
}

type credentials struct {
	Email    string `form:"email" json:"email"`
	Password string `form:"password" json:"password"`
	Next     string `form:"next" json:"next"`
}

func (s *Server) login(c echo.Context) error {
	var in credentials
	if err := decode(c, &in); err != nil {
		return err
	}
	user, err := s.check(c, in)
	if errors.Is(err, chat.ErrUnconfirmed) {
		err = cmp.Or(s.remind(c, in.Email), err)
	}
	if err != nil {
		values := map[string]string{"email": in.Email}
		return s.answerForm(c, err,
			func(e map[string]*chat.Error) templ.Component {
				return views.Login(s.page(c), in.Next, views.Form{Values: values, Errors: e})
			},
			func(e map[string]*chat.Error) templ.Component {
				return views.LoginForm(s.page(c), in.Next, views.Form{Values: values, Errors: e})
			})
	}
	if err := s.signIn(c, user); err != nil {
		return err
	}
	return s.welcome(c, http.StatusOK, user, ownPath(in.Next))
}

// check spends a turn before it looks at the password.
func (s *Server) check(c echo.Context, in credentials) (chat.User, error) {
	if err := s.mayTry(c, in.Email); err != nil {
		return chat.User{}, err
	}
	return s.chat.LogIn(c.Request().Context(), in.Email, in.Password)
}

// mayTry spends a turn of the network that a log-in comes from, and one of the account. A browser that the account knows has
// turns of its own, so that nobody is locked out by somebody else's guessing.
func (s *Server) mayTry(c echo.Context, email string) error {
	_, key, err := chat.CleanEmail(email)
	if err == nil && s.known.knows(c, key) {
		return s.limits.known.take(key)
	}
	if slow := s.limits.address.take(network(c.RealIP())); slow != nil || err != nil { // no account has such an address
		return slow
	}
	return s.limits.account.take(key)
}

// written is where somebody who logs out may have left text in this browser. That it is not known does not keep anybody in.
func (s *Server) written(c echo.Context) (chat.User, []chat.Place) {
	me := visitorOf(c).User
	if me.ID == 0 || !isHX(c) {
		return me, nil
	}
	places, err := s.chat.PlacesOf(c.Request().Context(), me)
	if err != nil {
		slog.Warn("places not read", "request", requestID(c), "error", err)
	}
	return me, places
}

func (s *Server) logout(c echo.Context) error {
	if v := visitorOf(c); v.signedIn() && v.Session.Kind != chat.Browser {
		return s.endTokens(c)
	}
	session, err := s.sessions.Get(c.Request(), s.cookieName())
	if err != nil {
		return err
	}
	me, places := s.written(c)
	session.Options.MaxAge = -1
	if err := session.Save(c.Request(), c.Response()); err != nil {
		return err
	}
	s.clearStorage(c)
	if wantsJSON(c) {
		return c.NoContent(http.StatusNoContent)
	}
	if isHX(c) {
		return s.render(c, http.StatusOK, views.LoggedOut(s.locale(c), me.ID, places))
	}
	return redirect(c, "/login")
}
