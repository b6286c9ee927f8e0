package web

import (
	"github.com/labstack/echo/v4"
)

// Access says who may call a route. What a signed-in user may see behind it is decided in chat.
type Access int

// The values of Access.
const (
	Anonymous Access = iota // everybody
	Member                  // signed-in users
	Admin                   // signed-in users; chat refuses those who are no admin
)

// UploadKind says whether the body of a request may hold files, which have larger limits than other bodies.
type UploadKind int

// The values of UploadKind.
const (
	NoUpload        UploadKind = iota
	MultipartUpload            // a multipart form may hold files
	AnyUpload                  // a multipart form may hold files, and any other body is a file
)

// StreamKind says whether an answer goes on after its beginning.
type StreamKind int

// The values of StreamKind.
const (
	NoStream    StreamKind = iota
	EventStream            // server-sent events; anonymous pages are told in the stream that their session ended
	OtherStream            // a page or file that is written while it is produced
)

// Route is one method and path, with the facts that the middleware asks for. A GET route answers HEAD too.
type Route struct {
	Method, Path string // Method is empty if no handler answers this method on this path
	Handler      echo.HandlerFunc
	Access       Access
	Stream       StreamKind
	Upload       UploadKind
	Doc          Operation

	KeepsText           bool // an error page shows again what the user typed
	AuthenticatesItself bool // the handler checks credentials in the body or the path; no session is looked up
	ProgramsOnly        bool // browsers never call it
	NoGzip              bool // the answer would not shrink
	Asset               bool // an embedded file: no session, no rate limit, cached for ever
	Probe               bool // a health check: no session, logged only if it fails
}

// Label names the route for logs and metrics, such as "GET /messages/:id", or "other" if no route matched.
func (r *Route) Label() string {
	if r.Method == "" {
		return "other"
	}
	return r.Method + " " + r.Path
}

// SetRoute records which route the request matched.
func SetRoute(c echo.Context, r *Route) { c.Set(routeKey, r) }

// HasRoute reports whether a route was recorded.
func HasRoute(c echo.Context) bool { return c.Get(routeKey) != nil }

// RouteOf returns the route that the request matched, or an empty one.
func RouteOf(c echo.Context) *Route {
	if r, ok := c.Get(routeKey).(*Route); ok {
		return r
	}
	return &Route{}
}

// RouteGroup is the routes of one feature under the name that the documentation uses.
type RouteGroup struct {
	Name   string
	Routes []Route
}
