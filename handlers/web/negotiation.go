package web

import (
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// WantsJSON reports whether the caller gets JSON, errors included, or else HTML. It decides in this order: routes for
// programs answer JSON; then an Accept header decides that prefers JSON or HTML; then a bearer token or a JSON body
// means JSON.
func WantsJSON(c echo.Context) bool {
	if RouteOf(c).ProgramsOnly || c.Get(forceJSONKey) != nil {
		return true
	}
	r := c.Request()
	accepted := acceptedTypes(r.Header)
	if json, html := accepted[echo.MIMEApplicationJSON], accepted[echo.MIMETextHTML]; json != html {
		return json > html
	}
	_, hasToken := BearerToken(r)
	return hasToken || mediaType(r.Header) == echo.MIMEApplicationJSON
}

const forceJSONKey = "force JSON"

// ForceJSON makes the request's error JSON, whatever its Accept header says. Bad tokens get it, because no browser
// sends one.
func ForceJSON(c echo.Context) { c.Set(forceJSONKey, true) }

// acceptedTypes returns the quality of each media type that the Accept headers name.
func acceptedTypes(h http.Header) map[string]float64 {
	accepted := map[string]float64{}
	for part := range strings.SplitSeq(strings.Join(h.Values("Accept"), ","), ",") {
		name, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		quality, err := strconv.ParseFloat(params["q"], 64)
		if err != nil {
			quality = 1
		}
		accepted[name] = quality
	}
	return accepted
}

// mediaType returns the media type of the body in lower case, without parameters, or "" if there is none.
func mediaType(h http.Header) string {
	name, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return name
}

// ErrHTMLOnly is the error of a page that has no JSON form.
var ErrHTMLOnly = echo.NewHTTPError(http.StatusNotAcceptable)

// HTMLOnly answers 406 instead of calling the handler if the caller wants JSON.
func HTMLOnly(handler echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if WantsJSON(c) {
			return ErrHTMLOnly
		}
		return handler(c)
	}
}

// IsHTMX reports whether htmx sent the request. It takes a fragment where a browser takes a page or a redirect.
func IsHTMX(c echo.Context) bool { return c.Request().Header.Get("HX-Request") == "true" }

// IsGet reports whether the method is GET or HEAD, which have the same handlers.
func IsGet(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// IsHead reports whether the method is HEAD.
func IsHead(c echo.Context) bool { return c.Request().Method == http.MethodHead }

// Redirect sends a browser to another page, and tells htmx to go there.
func Redirect(c echo.Context, to string) error {
	if IsHTMX(c) {
		c.Response().Header().Set("HX-Redirect", to)
		return c.NoContent(http.StatusOK)
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// LoginURL returns the address of the log-in that leads back to the requested page.
func LoginURL(r *http.Request) string {
	if !IsGet(r) || r.URL.Path == "/" {
		return "/login"
	}
	return "/login?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
}

// LocalPath returns next if it is a path of this site, and otherwise /chat. It guards against links that redirect
// elsewhere.
func LocalPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return "/chat"
	}
	for _, s := range []string{next, u.Path} { // as sent, and unescaped
		if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\r\n\t\x00") {
			return "/chat"
		}
	}
	return u.RequestURI()
}

// BearerToken returns the bearer token of a request, and whether there is one. Other authorization schemes are
// ignored, because a proxy may use them. If there are several Authorization headers, the token is empty, which is no
// valid token.
func BearerToken(r *http.Request) (token string, hasToken bool) {
	values := r.Header.Values("Authorization")
	for _, v := range values {
		scheme, rest, _ := strings.Cut(v, " ")
		if strings.EqualFold(scheme, "Bearer") {
			token, hasToken = strings.TrimSpace(rest), true
		}
	}
	if len(values) > 1 {
		token = ""
	}
	return token, hasToken
}
