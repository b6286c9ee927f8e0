package web

import (
	"errors"
	"net/http"

	"charla/chat"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"
)

const (
	sessionCookieMaxAge      = 400 * 24 * 3600 // seconds; browsers keep no cookie longer. The session itself ends sooner.
	knownBrowserCookieMaxAge = 400 * 24 * 3600
)

// cookieOptions returns the options of every cookie. Scripts and other sites cannot use them. MaxAge is in seconds; a negative
// one deletes the cookie.
func cookieOptions(https bool, maxAge int) sessions.Options {
	return sessions.Options{
		Path: "/", MaxAge: maxAge, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: https,
	}
}

// CookieName is the session cookie's: under TLS its prefix makes browsers refuse it from anywhere but this host.
func CookieName(https bool) string {
	if https {
		return "__Host-charla"
	}
	return "charla"
}

// SessionStore is a sessions.Store whose sessions are rows of the product. A session carries only its visitor.
type SessionStore struct {
	chat    *chat.Service
	options sessions.Options
}

// Get returns the session of a request, looked up once.
func (st *SessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(st, name)
}

// New looks the session of a request up; a new one is empty.
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

// Save starts the session of the visitor in it under a new id, or ends it where MaxAge is negative.
func (st *SessionStore) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	v, _ := session.Values[callerKey].(Caller)
	if session.Options.MaxAge < 0 {
		return st.endSession(r, w, session, v)
	}
	credentials, _ := session.Values[credentialsKey].(chat.Credentials)
	token, err := st.chat.StartSession(r.Context(), credentials, r.UserAgent(), v.Session.IP)
	if err != nil {
		return err
	}
	session.ID = token
	http.SetCookie(w, sessions.NewCookie(session.Name(), token, session.Options))
	return nil
}

// endSession takes the cookie away once the session is over, never before: a cookie that is gone could not end it any more.
func (st *SessionStore) endSession(r *http.Request, w http.ResponseWriter, session *sessions.Session, v Caller) error {
	if v.Session.ID != 0 {
		if err := st.chat.EndSession(r.Context(), v.Session); err != nil {
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
	return &Sessions{store: &SessionStore{chat: service, options: cookieOptions(https, sessionCookieMaxAge)}, https: https}
}

// CookieName returns the name of the session cookie.
func (s *Sessions) CookieName() string { return CookieName(s.https) }

// Caller returns whose session the request's cookie names, or the zero Caller.
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

// KnownBrowsers remembers by a signed cookie that somebody logged in to an account from here before: who tries
// passwords elsewhere cannot lock them out.
type KnownBrowsers struct {
	codec   *securecookie.SecureCookie
	options sessions.Options
}

const knownBrowserCookie = "charla-known"

// NewKnownBrowsers returns KnownBrowsers whose cookies are signed with secret, and secure if https is set.
func NewKnownBrowsers(secret []byte, https bool) *KnownBrowsers {
	codec := securecookie.New(secret, nil).MaxAge(knownBrowserCookieMaxAge)
	return &KnownBrowsers{codec: codec, options: cookieOptions(https, knownBrowserCookieMaxAge)}
}

func (k *KnownBrowsers) Remember(c echo.Context, emailKey string) {
	if value, err := k.codec.Encode(knownBrowserCookie, emailKey); err == nil {
		http.SetCookie(c.Response(), sessions.NewCookie(knownBrowserCookie, value, &k.options))
	}
}

// Knows tells whether this browser logged in to the account before.
func (k *KnownBrowsers) Knows(c echo.Context, emailKey string) bool {
	cookie, err := c.Cookie(knownBrowserCookie)
	if err != nil {
		return false
	}
	var known string
	return k.codec.Decode(knownBrowserCookie, cookie.Value, &known) == nil && known == emailKey
}
