package handlers

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"charla/chat"
	"charla/static"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// maxBodySize is how much of a request is read. A message of 100,000 bytes, three times as long in a form, must still reach
// the handler, which refuses it in words and keeps the text.
const maxBodySize = "512K"

// installMiddleware stacks the middleware, outermost first.
func (s *Server) installMiddleware() {
	s.echo.Use(
		setRequestID,
		s.observeRequest,
		s.logRequest,
		middleware.RecoverWithConfig(middleware.RecoverConfig{LogErrorFunc: logPanic}),
		s.securityHeaders,
		s.limitBody,
		middleware.GzipWithConfig(middleware.GzipConfig{Skipper: skipGzip, Level: gzipLevel, MinLength: 1 << 10}),
		s.rejectCrossOrigin,
		s.authenticate,
		s.limitRate,
	)
}

// gzipLevel trades a tenth of the size for a third of the time.
const gzipLevel = 2

// skipGzip leaves streams alone, which a compressor would hold back, files that are compressed already, and who refuses: echo takes
// "gzip;q=0" for a wish.
func skipGzip(c echo.Context) bool {
	path := c.Request().URL.Path
	file := strings.HasPrefix(path, "/files/") && c.Request().Method != http.MethodPost
	return path == "/events" || path == "/messages/live" || path == "/settings/export" || file || strings.HasPrefix(path, staticPrefix) ||
		!static.AcceptsGzip(c.Request())
}

// setRequestID gives each request an id of ours; what a client calls it does not matter.
func setRequestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXRequestID, rand.Text())
		return next(c)
	}
}

func RequestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// observeRequest tells the operator's numbers of each request. The time until the answer begins is ours; what follows is the
// network's, or a stream, which lasts. Where a stream takes its connection over there is no beginning but the end of its
// opening.
func (s *Server) observeRequest(next echo.HandlerFunc) echo.HandlerFunc {
	if s.config.ObserveRequest == nil {
		return next
	}
	return func(c echo.Context) error {
		start := time.Now()
		var took time.Duration
		c.Response().Before(func() { took = time.Since(start) })
		err := next(c)
		if took == 0 {
			took = time.Since(start)
		}
		s.config.ObserveRequest(s.routeLabel(c), c.Response().Status, took)
		return err
	}
}

// routeLabel is the line of the route table that a request met. Whoever asks for what is not there cannot invent lines.
func (s *Server) routeLabel(c echo.Context) string {
	if line, known := s.routeLabels[routeKey{c.Request().Method, c.Path()}]; known {
		return line
	}
	return "other"
}

// logRequest writes one line for each request: ids, never bodies or query strings.
func (s *Server) logRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		level := slog.LevelInfo
		if c.Response().Status < 400 && (strings.HasPrefix(c.Path(), staticPrefix) || strings.HasSuffix(c.Path(), "z")) {
			level = slog.LevelDebug
		}
		slog.Log(c.Request().Context(), level, "request", "method", c.Request().Method, "route", c.Path(), "status", c.Response().Status,
			"took", time.Since(start).Round(time.Microsecond), "request", RequestID(c), "user", CallerOf(c).User.ID, "ip", c.RealIP())
		return nil
	}
}

func logPanic(c echo.Context, err error, stack []byte) error {
	slog.Error("panic", "request", RequestID(c), "route", c.Path(), "error", err, "stack", string(stack))
	return err
}

// nonceKey is where the nonce of the answer's Content-Security-Policy stands in the context.
const nonceKey = "nonce"

// contentSecurityPolicy is the policy under which every page was seen to work without a report; %s is the nonce.
const contentSecurityPolicy = "default-src 'none'; script-src 'nonce-%s'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"manifest-src 'self'; media-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'; " +
	"require-trusted-types-for 'script'; trusted-types htmx"

// securityHeaders sets the headers that make a browser careful.
func (s *Server) securityHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		nonce := rand.Text()
		c.Set(nonceKey, nonce)
		h := c.Response().Header()
		h.Set("Content-Security-Policy", fmt.Sprintf(contentSecurityPolicy, nonce))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "SAMEORIGIN")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if s.https() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		return next(c)
	}
}

// rejectCrossOrigin refuses what another site makes a browser send.
func (s *Server) rejectCrossOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, hasToken := bearerToken(c.Request()); hasToken { // no browser adds a token by itself
			return next(c)
		}
		if err := s.crossOrigin.Check(c.Request()); err != nil {
			return chat.Errorf(chat.Forbidden, "This request came from another site and was refused.")
		}
		return next(c)
	}
}

// Caller is who asks: a signed-in person, or nobody.
type Caller struct {
	Session chat.Session
	User    chat.User
}

func (v Caller) SignedIn() bool { return v.User.ID != 0 }

const callerKey = "visitor"

func CallerOf(c echo.Context) Caller {
	v, _ := c.Get(callerKey).(Caller)
	return v
}

// newUser is the acting person of a request that passed requireLogin.
func CurrentUser(c echo.Context) chat.User { return CallerOf(c).User }

// authenticate finds out who asks. Files and health need no answer to that, and who brings something of their own to be known
// by is not asked for a session too.
func (s *Server) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		path := c.Path()
		if strings.HasPrefix(path, staticPrefix) || path == "/healthz" || path == "/readyz" {
			return next(c)
		}
		if c.Response().Header().Get("Cache-Control") == "" {
			c.Response().Header().Set("Cache-Control", "private, no-store")
		}
		c.Response().Header().Add("Vary", "Accept, Accept-Language, Authorization, Cookie, HX-Request")
		if slices.Contains(selfAuthenticated, path) {
			return next(c)
		}
		v, err := s.lookupCaller(c)
		if err != nil {
			return err
		}
		if v.SignedIn() {
			c.Set(callerKey, v)
		}
		return next(c)
	}
}

// lookupCaller looks up the cookie of a browser or the token of a program: one look at the database.
func (s *Server) lookupCaller(c echo.Context) (Caller, error) {
	if token, carried := bearerToken(c.Request()); carried {
		return s.authenticateBearer(c, token)
	}
	session, err := s.sessions.Get(c.Request(), s.cookieName())
	if err != nil {
		return Caller{}, err
	}
	v, _ := session.Values[callerKey].(Caller)
	return v, nil
}

// ErrSignedOut is what a guest gets where only people who are signed in may go.
var ErrSignedOut = chat.Errorf(chat.Unauthenticated, "You are signed out. Log in again to go on.")

// requireLogin turns guests away.
func (s *Server) requireLogin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !CallerOf(c).SignedIn() {
			return ErrSignedOut
		}
		return next(c)
	}
}

// limitRate slows down who asks too much.
func (s *Server) limitRate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Path() == "" || strings.HasPrefix(c.Path(), staticPrefix) {
			return next(c)
		}
		key := "ip " + c.RealIP()
		if v := CallerOf(c); v.SignedIn() {
			key = fmt.Sprint("user ", v.User.ID)
		}
		if err := s.limits.Requests.Allow(key); err != nil {
			return err
		}
		return next(c)
	}
}
