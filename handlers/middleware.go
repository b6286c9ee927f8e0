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

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// maxBodySize limits the body of a request without files. The longest message has 100,000 bytes and can take three
// times as much in a form. Somewhat longer messages fit too, because the handler refuses them but shows their text
// again.
const maxBodySize = "512K"

// middleware returns the middleware that every route has, outermost first.
func (s *Server) middleware() []echo.MiddlewareFunc {
	return []echo.MiddlewareFunc{
		setRequestID,
		s.observeRequest,
		s.logRequest,
		middleware.RecoverWithConfig(middleware.RecoverConfig{LogErrorFunc: logPanic}),
		s.securityHeaders,
		s.checkHead,
		s.limitBody(),
		compressResponse,
		s.rejectCrossOrigin,
		s.authenticate,
		s.limitRate,
		requireLogin,
		checkParameters,
		s.requirePermission,
	}
}

// withMiddleware returns the handler of a route wrapped in the middleware. It also stores the route in the context of
// each request, where web.RouteOf finds it.
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

// limitBody returns middleware that refuses request bodies above the limit: that of the route, or else maxBodySize, or
// the limits for uploads on routes that accept files.
func (s *Server) limitBody() echo.MiddlewareFunc {
	limitSmall := middleware.BodyLimit(maxBodySize)
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		small := limitSmall(next)
		return func(c echo.Context) error {
			if limit := web.RouteOf(c).MaxBody; limit != "" {
				return middleware.BodyLimit(limit)(next)(c)
			}
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

// setRequestID is middleware that gives each request a random id, which the log and error pages show. It ignores an id
// that the client sends.
func setRequestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXRequestID, rand.Text())
		return next(c)
	}
}

// observeRequest is middleware that reports the duration of each request to Config.ObserveRequest. The duration ends
// when the answer begins, because the rest depends on the network or is an endless stream. For a hijacked connection,
// which a stream has taken over, it ends when the handler returns.
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

// logRequest is middleware that logs one line for each request. The line contains ids, never bodies or query strings.
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

// contentSecurityPolicy is the format string of the Content-Security-Policy of all pages. Its argument is the nonce
// that the scripts of the page must have.
const contentSecurityPolicy = "default-src 'none'; script-src 'nonce-%s'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; manifest-src 'self'; media-src 'self'; frame-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types htmx"

// securityHeaders is middleware that sets the headers that restrict what a browser does with the answer.
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
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		return next(c)
	}
}

// checkHead is middleware that refuses requests whose head is too large or whose Host header names another server; see
// web.CheckHead. The answer is not cached, because it depends on the settings of the operator.
func (s *Server) checkHead(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := web.CheckHead(c.Request(), s.config.BaseURL, web.RouteOf(c)); err != nil {
			c.Response().Header().Set("Cache-Control", "no-store")
			return err
		}
		return next(c)
	}
}

// rejectCrossOrigin is middleware that refuses requests that another website makes a browser send. It lets requests
// with a bearer token pass, because browsers never send such a token on their own.
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

// authenticate is middleware that finds out who sent a request and stores the caller in its context. It also sets the
// headers that keep private answers out of shared caches. It does nothing for assets and health checks. It looks for no
// caller on routes that authenticate callers themselves, because a program that refreshes its tokens often sends the
// expired token too.
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

// lookUpCaller returns the user to whom the request's bearer token or session cookie belongs, with the session. It
// returns the zero Caller if the request has neither. It reads the database at most once.
func (s *Server) lookUpCaller(c echo.Context) (web.Caller, error) {
	if token, hasToken := web.BearerToken(c.Request()); hasToken {
		return s.authenticateBearer(c, token)
	}
	return s.sessions.Caller(c.Request())
}

// limitRate is middleware that limits how often a user may send requests. Anonymous requests share a limit per IP
// address or IPv6 network.
func (s *Server) limitRate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		route := web.RouteOf(c)
		if route.Asset || route.Path == "" {
			return next(c)
		}
		key := "ip " + web.NetworkPrefix(c.RealIP())
		if user := web.CurrentUser(c); user.ID != 0 {
			key = fmt.Sprint("user ", user.ID)
		}
		if err := s.limits.Requests.Allow(key); err != nil {
			return err
		}
		return next(c)
	}
}

// requireLogin is middleware that refuses anonymous callers on routes that require a user. On the event stream of a
// page it answers with an event that says so instead of an error, because the browser would repeat a failed request
// again and again.
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

// checkParameters is middleware that refuses parameters in the path or the query that are too long.
func checkParameters(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := web.CheckParameters(c); err != nil {
			return err
		}
		return next(c)
	}
}

// requirePermission is middleware that refuses callers who may not do the action of the route. A page that they may not
// see does not exist for them. Package chat decides about actions in a room.
func (s *Server) requirePermission(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		route := web.RouteOf(c)
		if route.Action == "" || chat.DefaultPermission(route.Action).IsRoomAction() {
			return next(c)
		}
		err := s.chat.CheckPermission(c.Request().Context(), web.CurrentUser(c), route.Action)
		switch {
		case err == nil:
			return next(c)
		case web.IsGet(c.Request()):
			return chat.ErrNotFound
		}
		s.logOwnAction(c, "request", err, "action", route.Action)
		return err
	}
}
