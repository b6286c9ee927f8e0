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

// maxBody is how much of a request is read. A message of 100,000 bytes, three times as long in a form, must still reach
// the handler, which refuses it in words and keeps the text.
const maxBody = "512K"

// use stacks the middleware, outermost first.
func (s *Server) use() {
	s.echo.Use(
		nameRequest,
		s.observe,
		s.log,
		middleware.RecoverWithConfig(middleware.RecoverConfig{LogErrorFunc: logPanic}),
		s.secure,
		s.limitBody,
		middleware.GzipWithConfig(middleware.GzipConfig{Skipper: uncompressed, Level: gzipLevel, MinLength: 1 << 10}),
		s.sameOrigin,
		s.identify,
		s.pace,
	)
}

// gzipLevel trades a tenth of the size for a third of the time.
const gzipLevel = 2

// uncompressed leaves streams alone, which a compressor would hold back, files that are compressed already, and who refuses: echo takes
// "gzip;q=0" for a wish.
func uncompressed(c echo.Context) bool {
	path := c.Request().URL.Path
	file := strings.HasPrefix(path, "/files/") && c.Request().Method != http.MethodPost
	return path == "/events" || path == "/messages/live" || path == "/settings/export" || file || strings.HasPrefix(path, staticPath) ||
		!static.AcceptsGzip(c.Request())
}

// nameRequest gives each request an id of ours; what a client calls it does not matter.
func nameRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXRequestID, rand.Text())
		return next(c)
	}
}

func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// observe tells the operator's numbers of each request. The time until the answer begins is ours; what follows is the
// network's, or a stream, which lasts. Where a stream takes its connection over there is no beginning but the end of its
// opening.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	if s.config.Observe == nil {
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
		s.config.Observe(s.line(c), c.Response().Status, took)
		return err
	}
}

// line is the line of the route table that a request met. Whoever asks for what is not there cannot invent lines.
func (s *Server) line(c echo.Context) string {
	if line, known := s.lines[address{c.Request().Method, c.Path()}]; known {
		return line
	}
	return "other"
}

// log writes one line for each request: ids, never bodies or query strings.
func (s *Server) log(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		level := slog.LevelInfo
		if c.Response().Status < 400 && (strings.HasPrefix(c.Path(), staticPath) || strings.HasSuffix(c.Path(), "z")) {
			level = slog.LevelDebug
		}
		slog.Log(c.Request().Context(), level, "request", "method", c.Request().Method, "route", c.Path(), "status", c.Response().Status,
			"took", time.Since(start).Round(time.Microsecond), "request", requestID(c), "user", visitorOf(c).User.ID, "ip", c.RealIP())
		return nil
	}
}

func logPanic(c echo.Context, err error, stack []byte) error {
	slog.Error("panic", "request", requestID(c), "route", c.Path(), "error", err, "stack", string(stack))
	return err
}

// nonceKey is where the nonce of the answer's Content-Security-Policy stands in the context.
const nonceKey = "nonce"

// csp is the policy under which every page was seen to work without a report; %s is the nonce.
const csp = "default-src 'none'; script-src 'nonce-%s'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"manifest-src 'self'; media-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'; " +
	"require-trusted-types-for 'script'; trusted-types htmx"

// secure sets the headers that make a browser careful.
func (s *Server) secure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		nonce := rand.Text()
		c.Set(nonceKey, nonce)
		h := c.Response().Header()
		h.Set("Content-Security-Policy", fmt.Sprintf(csp, nonce))
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

// sameOrigin refuses what another site makes a browser send.
func (s *Server) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, carried := bearer(c.Request()); carried { // no browser adds a token by itself
			return next(c)
		}
		if err := s.origins.Check(c.Request()); err != nil {
			return chat.Errorf(chat.Forbidden, "This request came from another site and was refused.")
		}
		return next(c)
	}
}

// visitor is who asks: a signed-in person, or nobody.
type visitor struct {
	Session chat.Session
	User    chat.User
}

func (v visitor) signedIn() bool { return v.User.ID != 0 }

const visitorKey = "visitor"

func visitorOf(c echo.Context) visitor {
	v, _ := c.Get(visitorKey).(visitor)
	return v
}

// person is the acting person of a request that passed membersOnly.
func person(c echo.Context) chat.User { return visitorOf(c).User }

// identify finds out who asks. Files and health need no answer to that, and who brings something of their own to be known
// by is not asked for a session too.
func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		path := c.Path()
		if strings.HasPrefix(path, staticPath) || path == "/healthz" || path == "/readyz" {
			return next(c)
		}
		if c.Response().Header().Get("Cache-Control") == "" {
			c.Response().Header().Set("Cache-Control", "private, no-store")
		}
		c.Response().Header().Add("Vary", "Accept, Accept-Language, Authorization, Cookie, HX-Request")
		if slices.Contains(credentialed, path) {
			return next(c)
		}
		v, err := s.whoAsks(c)
		if err != nil {
			return err
		}
		if v.signedIn() {
			c.Set(visitorKey, v)
		}
		return next(c)
	}
}

// whoAsks looks up the cookie of a browser or the token of a program: one look at the database.
func (s *Server) whoAsks(c echo.Context) (visitor, error) {
	if token, carried := bearer(c.Request()); carried {
		return s.tokenHolder(c, token)
	}
	session, err := s.sessions.Get(c.Request(), s.cookieName())
	if err != nil {
		return visitor{}, err
	}
	v, _ := session.Values[visitorKey].(visitor)
	return v, nil
}

// errSignedOut is what a guest gets where only people who are signed in may go.
var errSignedOut = chat.Errorf(chat.Unauthenticated, "You are signed out. Log in again to go on.")

// membersOnly turns guests away.
func (s *Server) membersOnly(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !visitorOf(c).signedIn() {
			return errSignedOut
		}
		return next(c)
	}
}

// pace slows down who asks too much.
func (s *Server) pace(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Path() == "" || strings.HasPrefix(c.Path(), staticPath) {
			return next(c)
		}
		who := "ip " + c.RealIP()
		if v := visitorOf(c); v.signedIn() {
			who = fmt.Sprint("user ", v.User.ID)
		}
		if err := s.limits.requests.take(who); err != nil {
			return err
		}
		return next(c)
	}
}
