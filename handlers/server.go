// Package handlers answers HTTP requests: one file for each feature with its routes and handlers. A handler reads the
// request, calls chat.Service and renders the result. The rules are in chat and the markup is in views.
package handlers

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"charla/chat"
	"charla/handlers/stream"
	"charla/handlers/web"
	"charla/live"

	"github.com/labstack/echo/v4"
)

// Config contains the settings of a Server and the functions that connect it to the rest of the program.
type Config struct {
	BaseURL         *url.URL                    // the URL that browsers use; nil if they reach this process directly
	TimeZone        *time.Location              // of days, and of times on pages without JavaScript
	RateScale       float64                     // multiplies all rate limits; 0 switches them off
	TrustedProxies  []*net.IPNet                // proxies whose X-Forwarded-For header is trusted
	TLS             bool                        // this process terminates TLS, even if BaseURL is set
	Ping            func(context.Context) error // returns an error if the database does not answer
	Warnings        []func() string             // texts for the operator on /readyz; empty ones are left out
	SecurityContact string                      // the URI of whom to tell about vulnerabilities; empty for nobody
	CookieSecret    []byte                      // for signed cookies and for pseudonyms in the log
	ObserveRequest  RequestObserver             // called for every request; may be nil
}

// RequestObserver is a function that New's caller provides to measure requests. It is called for each answered request,
// with its route, such as "GET /messages/:id" or "other", its HTTP status, and the time until the answer began. It must
// not block.
type RequestObserver func(route string, status int, took time.Duration)

// Server answers all HTTP requests. Create it with New.
type Server struct {
	*web.Renderer
	chat             *chat.Service
	hub              *live.Hub
	config           Config
	sessions         *web.Sessions
	knownBrowsers    *web.KnownBrowsers
	limits           *web.RateLimits
	sounds           soundThrottle
	exports          activeExports
	crossOrigin      *http.CrossOriginProtection
	transferTimeouts web.TransferTimeouts
	echo             *echo.Echo
	middlewares      []echo.MiddlewareFunc // of every route, outermost first
	openAPIDocument  func() []byte
}

// New returns a server that calls service for what users do and gets its event streams from the hub.
func New(service *chat.Service, hub *live.Hub, config Config) *Server {
	https := config.TLS || config.BaseURL != nil && config.BaseURL.Scheme == "https"
	s := &Server{
		Renderer:         &web.Renderer{Chat: service, TimeZone: config.TimeZone, TLS: config.TLS, HTTPS: https},
		chat:             service,
		hub:              hub,
		config:           config,
		sessions:         web.NewSessions(service, https),
		knownBrowsers:    web.NewKnownBrowsers(config.CookieSecret, https),
		limits:           web.NewRateLimits(config.RateScale),
		sounds:           soundThrottle{playedAt: map[int64]time.Time{}},
		exports:          activeExports{users: map[int64]bool{}},
		crossOrigin:      newCrossOriginProtection(config.BaseURL),
		transferTimeouts: web.DefaultTransferTimeouts,
		echo:             echo.New(),
	}
	s.echo.HTTPErrorHandler = s.handleError
	s.echo.IPExtractor = web.ClientAddress(config.TrustedProxies)
	s.openAPIDocument = sync.OnceValue(func() []byte { return web.OpenAPI(s.routeGroups(), stream.Docs) })
	s.middlewares = s.middleware()
	s.addRoutes(s.routes())
	return s
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	web.NormalizeRequest(r)
	s.echo.ServeHTTP(w, r)
}

// newCrossOriginProtection returns the protection against requests that other websites make a browser send. It also
// accepts requests from the origin of base, because behind a proxy the request may have a different Host header.
func newCrossOriginProtection(base *url.URL) *http.CrossOriginProtection {
	protection := http.NewCrossOriginProtection()
	if base == nil {
		return protection
	}
	if err := protection.AddTrustedOrigin(base.Scheme + "://" + base.Host); err != nil {
		slog.Warn("trust base URL failed", "url", base, "error", err)
	}
	return protection
}
