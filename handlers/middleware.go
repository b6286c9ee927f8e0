package handlers

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"charla/chat"
	"charla/handlers/stream"
	"charla/handlers/web"
	"charla/live"
	"charla/static"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// maxBodySize is how much of a request without files is read. A form-encoded message of 100,000 bytes can take three
// times as much, and it must reach the handler, which refuses it with a message and keeps the text.
const maxBodySize = "512K"

// gzipLevel produces 10 % more bytes than the default level in two thirds of the time.
const gzipLevel = 2

// middleware returns the middleware of every route, outermost first.
func (s *Server) middleware() []echo.MiddlewareFunc {
	return []echo.MiddlewareFunc{
		setRequestID,
		s.observeRequest,
		s.logRequest,
		middleware.RecoverWithConfig(middleware.RecoverConfig{LogErrorFunc: logPanic}),
		s.securityHeaders,
		s.limitBody(),
		middleware.GzipWithConfig(middleware.GzipConfig{Skipper: skipGzip, Level: gzipLevel, MinLength: 1 << 10}),
		s.rejectCrossOrigin,
		s.authenticate,
		s.limitRate,
		requireLogin,
	}
}

// withMiddleware returns the handler of a route inside the middleware, which asks web.RouteOf for the route.
func (s *Server) withMiddleware(r web.Route) echo.HandlerFunc {
	handler := r.Handler
	for _, wrap := range slices.Backward(s.middlewares) {
		handler = wrap(handler)
	}
	return func(c echo.Context) error {
		web.SetRoute(c, &r)
		return handler(c)
	}
}

// skipGzip reports whether an answer is sent uncompressed: a compressor would hold back streams, and files and assets
// are compressed already. Echo itself takes "gzip;q=0" for consent.
func skipGzip(c echo.Context) bool {
	r := web.RouteOf(c)
	return r.Stream != web.NoStream || r.NoGzip || r.Asset || !static.AcceptsGzip(c.Request())
}

// limitBody limits how much of a request body is read.
func (s *Server) limitBody() echo.MiddlewareFunc {
	limitSmall := middleware.BodyLimit(maxBodySize)
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		small := limitSmall(next)
		return func(c echo.Context) error {
			if !web.AcceptsFiles(c) {
				return small(c)
			}
			if err := web.LimitUpload(c, s.chat.FileLimits(), s.transferTimeouts); err != nil {
				return err
			}
			return next(c)
		}
	}
}

// setRequestID gives each request an id of ours; an id that the client sends is ignored.
func setRequestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXRequestID, rand.Text())
		return next(c)
	}
}

// observeRequest reports each request to Config.ObserveRequest. It measures the time until the answer begins, because
// what follows depends on the network or is a stream. For a stream on a hijacked connection, which has no ordinary
// answer, it measures until the handler returns.
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
		s.config.ObserveRequest(web.RouteOf(c).Label(), c.Response().Status, took)
		return err
	}
}

// logRequest logs one line for each request. It logs ids, never bodies or query strings.
func (s *Server) logRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		level, route, status := slog.LevelInfo, web.RouteOf(c), c.Response().Status
		if status < 400 && (route.Asset || route.Probe) {
			level = slog.LevelDebug
		}
		slog.Log(c.Request().Context(), level, "request", "method", c.Request().Method, "route", route.Path,
			"status", status, "took", time.Since(start).Round(time.Microsecond),
			"request", web.RequestID(c), "user", web.CurrentUser(c).ID, "ip", c.RealIP())
		return nil
	}
}

func logPanic(c echo.Context, err error, stack []byte) error {
	slog.Error("panic", "request", web.RequestID(c), "route", web.RouteOf(c).Path, "error", err, "stack", string(stack))
	return err
}

// contentSecurityPolicy is the policy of every page; %s is the nonce.
const contentSecurityPolicy = "default-src 'none'; script-src 'nonce-%s'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; manifest-src 'self'; media-src 'self'; frame-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types htmx"

// securityHeaders sets the headers that restrict what a browser does with the answer.
func (s *Server) securityHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		nonce := rand.Text()
		web.SetNonce(c, nonce)
		h := c.Response().Header()
		h.Set("Content-Security-Policy", fmt.Sprintf(contentSecurityPolicy, nonce))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "SAMEORIGIN")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if s.HTTPS {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		return next(c)
	}
}

// rejectCrossOrigin refuses requests that another site made a browser send. A browser never adds a bearer token by
// itself, so requests with one pass.
func (s *Server) rejectCrossOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, hasToken := web.BearerToken(c.Request()); hasToken {
			return next(c)
		}
		if err := s.crossOrigin.Check(c.Request()); err != nil {
			return chat.Errorf(chat.Forbidden, "This request came from another site and was rejected.")
		}
		return next(c)
	}
}

// authenticate finds the caller of a request. Assets and health checks need no caller, and a route that authenticates
// itself ignores cookies and tokens, because a program that refreshes its tokens often sends the expired one along.
func (s *Server) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		route := web.RouteOf(c)
		if route.Asset || route.Probe {
			return next(c)
		}
		h := c.Response().Header()
		if h.Get("Cache-Control") == "" {
			h.Set("Cache-Control", "private, no-store")
		}
		h.Add("Vary", "Accept, Accept-Language, Authorization, Cookie, HX-Request")
		if route.AuthenticatesItself {
			return next(c)
		}
		caller, err := s.lookUpCaller(c)
		if err != nil {
			if _, hasToken := web.BearerToken(c.Request()); hasToken {
				web.ForceJSON(c)
			}
			return err
		}
		web.SetCaller(c, caller)
		return next(c)
	}
}

// lookUpCaller returns who owns the token or the session cookie of the request, or the zero Caller. It reads the
// database once.
func (s *Server) lookUpCaller(c echo.Context) (web.Caller, error) {
	if token, hasToken := web.BearerToken(c.Request()); hasToken {
		return s.authenticateBearer(c, token)
	}
	return s.sessions.Caller(c.Request())
}

// limitRate limits how often one user, or one IP address without a user, sends requests.
func (s *Server) limitRate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		route := web.RouteOf(c)
		if route.Asset || route.Path == "" {
			return next(c)
		}
		key := "ip " + c.RealIP()
		if user := web.CurrentUser(c); user.ID != 0 {
			key = fmt.Sprint("user ", user.ID)
		}
		if err := s.limits.Requests.Allow(key); err != nil {
			return err
		}
		return next(c)
	}
}

// requireLogin refuses anonymous callers of routes for signed-in users. A page learns it from the event stream,
// because its browser would follow a redirect again and again.
func requireLogin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		route := web.RouteOf(c)
		switch {
		case route.Access == web.Anonymous || web.CallerOf(c).SignedIn():
			return next(c)
		case route.Stream == web.EventStream && !web.WantsJSON(c):
			return stream.EndNow(c, live.EndLogout)
		}
		return web.ErrSignedOut
	}
}
