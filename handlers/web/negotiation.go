package web

import (
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// IsGet tells GET, and HEAD, which is answered alike.
func IsGet(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// LoginURL is where a guest is sent; a page asked for is returned to after log-in.
func LoginURL(r *http.Request) string {
	if !IsGet(r) || r.URL.Path == "/" {
		return "/login"
	}
	return "/login?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
}

// LocalPath returns next when it is a path of this site, otherwise /chat.
func LocalPath(next string) string {
	u, err := url.Parse(next)
	bad := err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" ||
		!strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t\x00")
	if bad || strings.HasPrefix(u.Path, "//") || strings.Contains(u.Path, "\\") {
		return "/chat"
	}
	return u.RequestURI()
}

// WantsJSON tells a program from a browser: it prefers JSON to HTML.
func WantsJSON(c echo.Context) bool {
	quality := map[string]float64{}
	for part := range strings.SplitSeq(c.Request().Header.Get("Accept"), ",") {
		kind, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		q, err := strconv.ParseFloat(params["q"], 64)
		if err != nil {
			q = 1
		}
		quality[kind] = q
	}
	return quality["application/json"] > quality["text/html"]
}

// WantsJSONErrors tells who is told in JSON what was wrong: who prefers it, and every program, whatever it accepts.
func WantsJSONErrors(c echo.Context) bool { return WantsJSON(c) || IsProgramRequest(c) }

// ErrHTMLOnly refuses a program where there is only a page.
var ErrHTMLOnly = echo.NewHTTPError(http.StatusNotAcceptable)

// HTMLOnly refuses a program where there is only a page.
func HTMLOnly(handle echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if WantsJSON(c) {
			return ErrHTMLOnly
		}
		return handle(c)
	}
}

// IsHTMX tells a request of htmx, which takes a fragment, from one of a browser, which takes a page or a redirect.
func IsHTMX(c echo.Context) bool { return c.Request().Header.Get("HX-Request") == "true" }

// Redirect sends a browser on, through htmx where that asked.
func Redirect(c echo.Context, to string) error {
	if IsHTMX(c) {
		c.Response().Header().Set("HX-Redirect", to)
		return c.NoContent(http.StatusOK)
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// IsProgramRequest reports whether the request comes from a program: it carries a bearer token or calls a route that only
// programs use.
func IsProgramRequest(c echo.Context) bool {
	_, hasToken := BearerToken(c.Request())
	return hasToken || RouteOf(c).ProgramsOnly
}

// BearerToken returns the token that a request carries. Other schemes are not ours: a proxy in front may have a password of
// its own. Two tokens are carried like none: empty.
func BearerToken(r *http.Request) (token string, carried bool) {
	values := r.Header.Values("Authorization")
	for _, v := range values {
		scheme, rest, _ := strings.Cut(v, " ")
		if strings.EqualFold(scheme, "Bearer") {
			token, carried = strings.TrimSpace(rest), true
		}
	}
	if len(values) > 1 {
		token = ""
	}
	return token, carried
}
