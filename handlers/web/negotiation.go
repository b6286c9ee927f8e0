package web

import (
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// WantsJSON reports whether to answer with JSON rather than with HTML; errors too. It applies the first of these rules
// that decides: a route for programs answers with JSON; the Accept header may prefer JSON or HTML; a request with a
// bearer token or a JSON body gets JSON; any other gets HTML.
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
	return hasToken || MediaTypeOf(r.Header) == echo.MIMEApplicationJSON
}

const forceJSONKey = "force JSON"

// ForceJSON makes WantsJSON return true for this request, even if its Accept header prefers HTML. It is used for
// invalid bearer tokens, which only programs send.
func ForceJSON(c echo.Context) { c.Set(forceJSONKey, true) }

// maxAcceptBytes is how much of the Accept and Accept-Language headers is read. Browsers send about 150 bytes.
const maxAcceptBytes = 2000

// startOfList returns the value of a header with a list, or its first elements if it is longer than maxAcceptBytes.
func startOfList(s string) string {
	if len(s) <= maxAcceptBytes {
		return s
	}
	s = s[:maxAcceptBytes]
	return s[:max(strings.LastIndexByte(s, ','), 0)]
}

// acceptedTypes returns the media types in the Accept headers, each with its quality: how much the client likes it,
// from 0 to 1.
func acceptedTypes(h http.Header) map[string]float64 {
	accepted := map[string]float64{}
	for _, part := range splitList(startOfList(strings.Join(h.Values("Accept"), ","))) {
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

// splitList splits the value of a header at its commas, except those in quoted strings.
func splitList(s string) []string {
	var parts []string
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == '\\' && quoted:
			i++ // the next character is escaped
		case s[i] == ',' && !quoted:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// MediaTypeOf returns the media type of the request body, in lower case and without parameters, or "" if the header
// names none. Malformed parameters do not matter, because no handler depends on one apart from the boundary of
// multipart forms.
func MediaTypeOf(h http.Header) string {
	name, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(name))
}

// ErrHTMLOnly is the error for a program that asks for JSON at a URL that has only HTML.
var ErrHTMLOnly = echo.NewHTTPError(http.StatusNotAcceptable)

// HTMLOnly returns the handler of a page that cannot answer with JSON. Callers who want JSON get status 406.
func HTMLOnly(handler echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if WantsJSON(c) {
			return ErrHTMLOnly
		}
		return handler(c)
	}
}

// IsHTMX reports whether htmx sent the request. htmx expects a fragment instead of a full page, and the header
// HX-Redirect instead of a redirect.
func IsHTMX(c echo.Context) bool { return c.Request().Header.Get("HX-Request") == "true" }

// IsGet reports whether the method is GET or HEAD, which the same handlers answer.
func IsGet(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// IsHead reports whether the method is HEAD.
func IsHead(c echo.Context) bool { return c.Request().Method == http.MethodHead }

// Redirect answers with a redirect to another page. For htmx it sends a header that makes htmx open that page.
func Redirect(c echo.Context, to string) error {
	if IsHTMX(c) {
		c.Response().Header().Set("HX-Redirect", to)
		return c.NoContent(http.StatusOK)
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// LoginURL returns the URL of the sign-in page for a user who requested the page of r. Signing in leads back to that
// page.
func LoginURL(r *http.Request) string {
	next := r.URL.RequestURI()
	if !IsGet(r) || r.URL.Path == "/" || len(next) > maxNext {
		return "/login"
	}
	return "/login?" + url.Values{"next": {next}}.Encode()
}

// LocalPath returns next if it is a path on this site, otherwise /chat. It prevents that signing in leads to another
// site.
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

// BearerToken returns the bearer token of a request, and whether the request has one. It ignores other kinds of
// authorization, which a proxy may use. If there are several Authorization headers it returns an empty token, which is
// never valid.
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
