package web

import (
	"charla/chat"

	"github.com/labstack/echo/v4"
)

// Access says who may call a route. Package chat decides whether a signed-in user may see the requested object.
type Access int

// These are the users who may call a route. The field Route.Action can restrict them further. Every route must name one
// of them: a test fails for a route that does not, and the middleware treats it like one for signed-in users.
const (
	Anonymous Access = iota + 1 // everybody
	Member                      // signed-in users
)

// UploadKind says whether the body of a request may contain files. A body with files may be larger and take longer.
type UploadKind int

// These are the kinds of request bodies, according to which files they may contain.
const (
	NoUpload        UploadKind = iota
	MultipartUpload            // a multipart form may hold files
	AnyUpload                  // a multipart form may hold files, and any other body is a file
)

// StreamKind says whether a route answers with a stream: a response that stays open while the server goes on writing.
type StreamKind int

// These are the kinds of responses, according to whether they stay open.
const (
	NoStream    StreamKind = iota
	EventStream            // server-sent events; anonymous pages are told in the stream that their session ended
	OtherStream            // a page or file that is written while it is produced
)

// Route is a method and a path with its handler, its documentation and what the middleware must know about it. The GET
// route also answers HEAD requests.
type Route struct {
	Method, Path string // Method is empty if no handler answers this method on this path
	Handler      echo.HandlerFunc
	Access       Access
	Action       chat.Action // what the caller must be allowed to do; empty for everybody with access
	Stream       StreamKind
	Upload       UploadKind
	MaxBody      string // the largest body without files, such as "4M"; empty for the usual limit
	Doc          Operation

	KeepsText           bool // an error page shows again what the user typed
	AuthenticatesItself bool // the handler checks credentials in the body or the path; no session is looked up
	ProgramsOnly        bool // browsers never call it
	NoGzip              bool // the answer would not shrink, or it has secrets that its length could tell
	Asset               bool // the same for everybody, and cheap: no session, no rate limit
	Probe               bool // a health check: no session, logged only if it fails
}

// Label returns the name that the route has in logs and metrics, such as "GET /messages/:id". It returns "other" if no
// route matched.
func (r *Route) Label() string {
	if r.Method == "" {
		return "other"
	}
	return r.Method + " " + r.Path
}

// SetRoute stores the route of the request in its context.
func SetRoute(c echo.Context, r *Route) { c.Set(routeKey, r) }

// HasRoute reports whether the request has a route, that is, whether SetRoute was called.
func HasRoute(c echo.Context) bool { return c.Get(routeKey) != nil }

// RouteOf returns the route of the request, or an empty one if no route matched.
func RouteOf(c echo.Context) *Route {
	if r, ok := c.Get(routeKey).(*Route); ok {
		return r
	}
	return &Route{}
}

// RouteGroup is the routes of one feature with their title in the documentation.
type RouteGroup struct {
	Name   string
	Routes []Route
}
