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
	Zone           *time.Location              // days are cut and script-less times are told in it
	Rate           float64                     // scales all rate limits; 0 switches them off
	TrustedProxies []*net.IPNet                // whose X-Forwarded-For is believed
	TLS            bool                        // whether TLS ends here, so that BaseURL speaks of no proxy
	Ping           func(context.Context) error // whether the database answers
	Notices        []func() string             // what the operator should know although all is well enough; empty texts are not told
	Secret         []byte                      // signs the cookie that tells a known browser
	Observe        Observe                     // is told of every request; may be nil
}

// Observe is told of an answered request: the line of the route table that it met, such as "GET /messages/:id", or "other";
// the status; and how long it was until the answer began. It must not wait.
type Observe func(route string, status int, took time.Duration)

// Server answers every request.
type Server struct {
	chat     *chat.Service
	hub      *live.Hub
	config   Config
	sessions sessions.Store
	known    *knownBrowsers
	limits   *limits
	ears     ears
	exports  exports
	origins  *http.CrossOriginProtection
	patience patience
	echo     *echo.Echo
	lines    map[address]string // of the route table, as Observe is told of them

	description func() []byte // of all routes, for programs
}

// staticPath is where the embedded files stand.
const staticPath = "/static/"

// New returns the whole site over the product and its live side.
func New(service *chat.Service, hub *live.Hub, config Config) *Server {
	s := &Server{chat: service, hub: hub, config: config, patience: patient, echo: echo.New(), lines: map[address]string{}}
	s.sessions = &sessionStore{chat: service, options: s.cookie(sessionCookieAge)}
	s.known = newKnownBrowsers(config.Secret, s.cookie(knownCookieAge))
	s.limits = newLimits(config.Rate)
	s.ears.heard = map[int64]time.Time{}
	s.exports.now = map[int64]bool{}
	s.origins = http.NewCrossOriginProtection()
	if config.BaseURL != nil {
		if err := s.origins.AddTrustedOrigin(config.BaseURL.Scheme + "://" + config.BaseURL.Host); err != nil {
			slog.Warn("base URL is no origin", "error", err)
		}
	}
	s.echo.HTTPErrorHandler = s.fail
	s.echo.IPExtractor = ipExtractor(config.TrustedProxies)
	s.description = sync.OnceValue(s.describe)
	s.use()
	for _, r := range s.routes() {
		s.add(r)
	}
	s.add(route{http.MethodGet, staticPath + "*", anyone, asset})
	return s
}

// asset answers a file that never changes; what is none is missing in the words and the form of everything that is.
func asset(c echo.Context) error {
	if !static.Has(c.Request().URL.Path) {
		return chat.ErrNotFound
	}
	static.Serve(c.Response(), c.Request())
	return nil
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// https tells whether people reach us over TLS, here or at a proxy.
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
