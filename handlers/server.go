// Package handlers speaks HTTP: routes, middleware, forms, the choice between a page and JSON, the way from an error to
// a status, and the streams. A handler parses, calls the product and renders; rules live in chat, markup in views.
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

// Config is what the operator decides about serving.
type Config struct {
	BaseURL        *url.URL                    // how people reach Charla from outside; nil when that is where it listens
	TimeZone       *time.Location              // days are cut and script-less times are told in it
	RateScale      float64                     // scales all rate limits; 0 switches them off
	TrustedProxies []*net.IPNet                // whose X-Forwarded-For is believed
	TLS            bool                        // whether TLS ends here, so that BaseURL speaks of no proxy
	Ping           func(context.Context) error // whether the database answers
	Warnings       []func() string             // what the operator should know although all is well enough; empty texts are not told
	CookieSecret   []byte                      // signs the cookie that tells a known browser
	ObserveRequest RequestObserver             // is told of every request; may be nil
}

// RequestObserver is told of an answered request: the line of the route table that it met, such as "GET /messages/:id", or "other";
// the status; and how long it was until the answer began. It must not wait.
type RequestObserver func(route string, status int, took time.Duration)

// Server answers every request.
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

// New returns the whole site of a service and its hub.
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
	s.echo.IPExtractor = ipExtractor(config.TrustedProxies)
	s.openAPIDocument = sync.OnceValue(func() []byte { return web.OpenAPI(s.routeGroups(), stream.Docs) })
	s.middlewares = s.middleware()
	s.addRoutes(s.routes())
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// newCrossOriginProtection returns a protection that also accepts requests from base, which a proxy may hide from us.
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

// ipExtractor finds the address of a client: the connection's own, or what a trusted proxy says.
func ipExtractor(proxies []*net.IPNet) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		trust = append(trust, echo.TrustIPRange(p))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}
