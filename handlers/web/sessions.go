package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"net/http"

	"charla/chat"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"
)

// cookieMaxAge is the lifetime of cookies in seconds: 400 days, the longest that browsers allow. Sessions end earlier,
// on the server.
const cookieMaxAge = 400 * 24 * 3600

// cookieOptions returns the options of every cookie that Charla sets. Scripts cannot read the cookie. Browsers send it
// when a user follows a link from another site, but not with requests that forms and scripts of another site make
// (SameSite=Lax). maxAge is in seconds; a negative value deletes the cookie.
func cookieOptions(https bool, maxAge int) sessions.Options {
	return sessions.Options{
		Path: "/", MaxAge: maxAge, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: https,
	}
}

// CookieName returns the name of the session cookie. With https the name begins with __Host-, so that browsers reject a
// cookie of this name that another host has set.
func CookieName(https bool) string {
	if https {
		return "__Host-charla"
	}
	return "charla"
}

// SessionStore is a sessions.Store that keeps sessions in the database. The values of a session are its Caller and,
// while the user is signing in, the chat.Credentials.
type SessionStore struct {
	chat    *chat.Service
	options sessions.Options
}

// Get returns the session of a request. It reads the database at most once per request.
func (st *SessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(st, name)
}

// New returns the session to which the request's cookie belongs. If there is no cookie or the session has ended, it
// returns an empty session.
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

// Save signs a user in: it starts a session in the database for the credentials in session.Values and sets the cookie
// to the new session's token. If session.Options.MaxAge is negative, it ends the session of the caller instead.
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

// endSession ends a session in the database and then deletes the browser's cookie. If the database fails, the browser
// keeps the cookie, so that the user can try again.
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

// Sessions starts, finds and ends the sessions of browsers. A browser has the token of its session in a cookie.
type Sessions struct {
	store *SessionStore
	https bool
}

// NewSessions returns the object that starts, finds and ends browser sessions of the service. If https is true,
// browsers send the cookies only over https.
func NewSessions(service *chat.Service, https bool) *Sessions {
	store := &SessionStore{chat: service, options: cookieOptions(https, cookieMaxAge)}
	return &Sessions{store: store, https: https}
}

// CookieName returns the name of the session cookie.
func (s *Sessions) CookieName() string { return CookieName(s.https) }

// Caller returns the user and the session to which the request's cookie belongs, or the zero Caller if there is no such
// session.
func (s *Sessions) Caller(r *http.Request) (Caller, error) {
	session, err := s.store.Get(r, s.CookieName())
	if err != nil {
		return Caller{}, err
	}
	caller, _ := session.Values[callerKey].(Caller)
	return caller, nil
}

// credentialsKey is the key in session.Values of the credentials of a user who is signing in.
const credentialsKey = "credentials"

// Start ends the current session of the browser, if any, and starts a new session for the user with these credentials.
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

// End ends the current session of the browser and deletes its cookie.
func (s *Sessions) End(c echo.Context) error {
	session, err := s.store.Get(c.Request(), s.CookieName())
	if err != nil {
		return err
	}
	session.Options.MaxAge = -1
	return session.Save(c.Request(), c.Response())
}

// DeleteCookies deletes all cookies that Charla has set in the browser.
func (s *Sessions) DeleteCookies(c echo.Context) {
	expired := cookieOptions(s.https, -1)
	http.SetCookie(c.Response(), sessions.NewCookie(s.CookieName(), "", &expired))
	http.SetCookie(c.Response(), sessions.NewCookie(knownBrowserCookieName(s.https), "", &expired))
}

// KnownBrowsers remembers, in a signed cookie, which account was used in a browser. Attempts to sign in to that account
// from that browser have their own rate limit, so that strangers who guess passwords cannot lock the user out. The
// cookie names the account by an HMAC of its e-mail address, because other users of the device may read it.
type KnownBrowsers struct {
	secret  []byte
	codec   *securecookie.SecureCookie
	cookie  string
	options sessions.Options
}

// NewKnownBrowsers returns a KnownBrowsers that signs its cookies with secret. If https is true, browsers send the
// cookies only over https.
func NewKnownBrowsers(secret []byte, https bool) *KnownBrowsers {
	return &KnownBrowsers{
		secret: secret, codec: securecookie.New(secret, nil).MaxAge(cookieMaxAge),
		cookie: knownBrowserCookieName(https), options: cookieOptions(https, cookieMaxAge),
	}
}

func knownBrowserCookieName(https bool) string { return CookieName(https) + "-known" }

// Remember sets the cookie that says which account was used in this browser. emailKey identifies the account: it is the
// normalized e-mail address that chat.CleanEmail returns.
func (k *KnownBrowsers) Remember(c echo.Context, emailKey string) {
	if value, err := k.codec.Encode(k.cookie, k.accountHash(emailKey)); err == nil {
		http.SetCookie(c.Response(), sessions.NewCookie(k.cookie, value, &k.options))
	}
}

// Knows reports whether the account was the last one that was used in this browser. emailKey is the account's
// normalized e-mail address from chat.CleanEmail.
func (k *KnownBrowsers) Knows(c echo.Context, emailKey string) bool {
	cookie, err := c.Cookie(k.cookie)
	if err != nil {
		return false
	}
	var hash []byte
	return k.codec.Decode(k.cookie, cookie.Value, &hash) == nil && hmac.Equal(hash, k.accountHash(emailKey))
}

// accountHash returns the HMAC-SHA-256 of a normalized e-mail address.
func (k *KnownBrowsers) accountHash(emailKey string) []byte {
	mac := hmac.New(sha256.New, k.secret)
	mac.Write([]byte("account " + emailKey))
	return mac.Sum(nil)
}
