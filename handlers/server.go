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
	"charla/live"
	"charla/static"

	"github.com/gorilla/sessions"
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
	chat           *chat.Service
	hub            *live.Hub
	config         Config
	sessions       sessions.Store
	knownBrowsers  *KnownBrowsers
	limits         *RateLimits
	sounds         soundThrottle
	exports        activeExports
	crossOrigin    *http.CrossOriginProtection
	transferLimits transferTimeouts
	echo           *echo.Echo
	routeLabels    map[routeKey]string // of the route table, as Observe is told of them

	openAPIDocument func() []byte // of all routes, for programs
}

// staticPrefix is where the embedded files stand.
const staticPrefix = "/static/"

// New returns the whole site over the product and its live side.
func New(service *chat.Service, hub *live.Hub, config Config) *Server {
	s := &Server{chat: service, hub: hub, config: config, transferLimits: defaultTransferTimeouts, echo: echo.New(), routeLabels: map[routeKey]string{}}
	s.sessions = &SessionStore{chat: service, options: s.cookieOptions(sessionCookieMaxAge)}
	s.knownBrowsers = NewKnownBrowsers(config.CookieSecret, s.cookieOptions(knownBrowserCookieMaxAge))
	s.limits = NewRateLimits(config.RateScale)
	s.sounds.playedAt = map[int64]time.Time{}
	s.exports.users = map[int64]bool{}
	s.crossOrigin = http.NewCrossOriginProtection()
	if config.BaseURL != nil {
		if err := s.crossOrigin.AddTrustedOrigin(config.BaseURL.Scheme + "://" + config.BaseURL.Host); err != nil {
			slog.Warn("base URL is no origin", "error", err)
		}
	}
	s.echo.HTTPErrorHandler = s.handleError
	s.echo.IPExtractor = ipExtractor(config.TrustedProxies)
	s.openAPIDocument = sync.OnceValue(s.buildOpenAPI)
	s.installMiddleware()
	for _, r := range s.routes() {
		s.addRoute(r)
	}
	s.addRoute(route{http.MethodGet, staticPrefix + "*", anonymous, serveAsset})
	return s
}

// serveAsset answers a file that never changes; what is none is missing in the words and the form of everything that is.
func serveAsset(c echo.Context) error {
	if !static.Exists(c.Request().URL.Path) {
		return chat.ErrNotFound
	}
	static.Serve(c.Response(), c.Request())
	return nil
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// withHTTPS tells whether people reach us over TLS, here or at a proxy.
func (s *Server) https() bool {
	return s.config.TLS || s.config.BaseURL != nil && s.config.BaseURL.Scheme == "https"
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
