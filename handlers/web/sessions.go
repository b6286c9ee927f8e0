package web

import (
	"errors"
	"net/http"

	"charla/chat"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"
)

// cookieMaxAge is the lifetime of cookies in seconds: 400 days, the most that browsers allow. Sessions themselves end
// sooner.
const cookieMaxAge = 400 * 24 * 3600

// cookieOptions returns the options of every cookie. Neither scripts nor other sites can use such a cookie. maxAge is
// in seconds; a negative one deletes the cookie.
func cookieOptions(https bool, maxAge int) sessions.Options {
	return sessions.Options{
		Path: "/", MaxAge: maxAge, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: https,
	}
}

// CookieName returns the name of the session cookie. Over https its prefix makes browsers refuse cookies that another
// host set.
func CookieName(https bool) string {
	if https {
		return "__Host-charla"
	}
	return "charla"
}

// SessionStore is a sessions.Store that keeps sessions in the database. The only values of a session are its Caller
// and, while somebody logs in, their chat.Credentials.
type SessionStore struct {
	chat    *chat.Service
	options sessions.Options
}

// Get returns the session of a request. It reads the database once per request.
func (st *SessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(st, name)
}

// New returns the session that the cookie of the request names, or an empty one.
func (st *SessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(st, name)
	options := st.options
	session.Options, session.IsNew = &options, true
	cookie, err := r.Cookie(name)
	if err != nil {
		return session, nil
	}
	row, user, err := st.chat.Session(r.Context(), cookie.Value)
	if errors.Is(err, chat.ErrNotFound) {
		return session, nil
	}
	if err != nil {
		return session, err
	}
	session.ID, session.IsNew = cookie.Value, false
	session.Values[callerKey] = Caller{row, user}
	return session, nil
}

// Save starts a session for the credentials in it, under a new id, or ends it if its MaxAge is negative.
func (st *SessionStore) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	caller, _ := session.Values[callerKey].(Caller)
	if session.Options.MaxAge < 0 {
		return st.endSession(r, w, session, caller.Session)
	}
	credentials, _ := session.Values[credentialsKey].(chat.Credentials)
	token, err := st.chat.StartSession(r.Context(), credentials, r.UserAgent(), caller.Session.IP)
	if err != nil {
		return err
	}
	session.ID = token
	http.SetCookie(w, sessions.NewCookie(session.Name(), token, session.Options))
	return nil
}

// endSession ends a session and then deletes its cookie. If it fails, the browser still has the cookie and can try
// again.
func (st *SessionStore) endSession(
	r *http.Request, w http.ResponseWriter, session *sessions.Session, stored chat.Session,
) error {
	if stored.ID != 0 {
		if err := st.chat.EndSession(r.Context(), stored); err != nil {
			return err
		}
	}
	http.SetCookie(w, sessions.NewCookie(session.Name(), "", session.Options))
	return nil
}

// Sessions reads and writes the session cookies of browsers.
type Sessions struct {
	store *SessionStore
	https bool
}

// NewSessions returns the sessions of service. Their cookies are secure if https is set.
func NewSessions(service *chat.Service, https bool) *Sessions {
	store := &SessionStore{chat: service, options: cookieOptions(https, cookieMaxAge)}
	return &Sessions{store: store, https: https}
}

// CookieName returns the name of the session cookie.
func (s *Sessions) CookieName() string { return CookieName(s.https) }

// Caller returns the user and the session that the request's cookie names, or the zero Caller.
func (s *Sessions) Caller(r *http.Request) (Caller, error) {
	session, err := s.store.Get(r, s.CookieName())
	if err != nil {
		return Caller{}, err
	}
	caller, _ := session.Values[callerKey].(Caller)
	return caller, nil
}

// credentialsKey is the key of the session's value that holds the credentials of the user who logs in.
const credentialsKey = "credentials"

// Start ends the session that the browser has and starts one for the user who logs in.
func (s *Sessions) Start(c echo.Context, credentials chat.Credentials) error {
	session, err := s.store.Get(c.Request(), s.CookieName())
	if err != nil {
		return err
	}
	if old := CallerOf(c); old.Session.Kind == chat.BrowserSession {
		if err := s.store.chat.EndSession(c.Request().Context(), old.Session); err != nil {
			return err
		}
	}
	session.Values[callerKey] = Caller{chat.Session{IP: c.RealIP()}, credentials.User}
	session.Values[credentialsKey] = credentials
	return session.Save(c.Request(), c.Response())
}

// End ends the session of the browser and deletes its cookie.
func (s *Sessions) End(c echo.Context) error {
	session, err := s.store.Get(c.Request(), s.CookieName())
	if err != nil {
		return err
	}
	session.Options.MaxAge = -1
	return session.Save(c.Request(), c.Response())
}

// DeleteCookies deletes all cookies of Charla in the browser.
func (s *Sessions) DeleteCookies(c echo.Context) {
	expired := cookieOptions(s.https, -1)
	http.SetCookie(c.Response(), sessions.NewCookie(s.CookieName(), "", &expired))
	http.SetCookie(c.Response(), sessions.NewCookie(knownBrowserCookie, "", &expired))
}

// KnownBrowsers remembers in a signed cookie that an account was used in this browser before. Such a browser has a
// rate limit of its own, so that somebody who guesses passwords elsewhere cannot lock out the owner of the account.
type KnownBrowsers struct {
	codec   *securecookie.SecureCookie
	options sessions.Options
}

const knownBrowserCookie = "charla-known"

// NewKnownBrowsers returns KnownBrowsers whose cookies are signed with secret, and secure if https is set.
func NewKnownBrowsers(secret []byte, https bool) *KnownBrowsers {
	codec := securecookie.New(secret, nil).MaxAge(cookieMaxAge)
	return &KnownBrowsers{codec: codec, options: cookieOptions(https, cookieMaxAge)}
}

// Remember sets the cookie for the account with that e-mail key.
func (k *KnownBrowsers) Remember(c echo.Context, emailKey string) {
	if value, err := k.codec.Encode(knownBrowserCookie, emailKey); err == nil {
		http.SetCookie(c.Response(), sessions.NewCookie(knownBrowserCookie, value, &k.options))
	}
}

// Knows reports whether this browser logged in to the account with that e-mail key before.
func (k *KnownBrowsers) Knows(c echo.Context, emailKey string) bool {
	cookie, err := c.Cookie(knownBrowserCookie)
	if err != nil {
		return false
	}
	var key string
	return k.codec.Decode(knownBrowserCookie, cookie.Value, &key) == nil && key == emailKey
}
