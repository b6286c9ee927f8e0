package handlers

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"charla/chat"
	"charla/views"

	"github.com/labstack/echo/v4"
)

// errorJSON is the one form of an error in JSON. Field is the first that is wrong, or empty; where more than one is,
// Fields has the words for each.
type errorJSON struct {
	Error failureJSON `json:"error"`
}

type failureJSON struct {
	Code    string            `json:"code"`
	Message string            `json:"message"`
	Field   string            `json:"field"`
	Fields  map[string]string `json:"fields,omitempty"`
}

// errorToJSON puts an error into words; whole is the error that e was found in.
func errorToJSON(l views.Locale, e *chat.Error, whole error) errorJSON {
	out := failureJSON{Code: string(e.Code), Message: l.Error(e), Field: e.Field}
	if wrong := chat.FieldErrors(whole); len(wrong) > 1 {
		out.Fields = map[string]string{}
		for field, e := range wrong {
			out.Fields[field] = l.Error(e)
		}
	}
	return errorJSON{out}
}

// fail is the one place where an error becomes an answer: JSON for programs, whatever they accept, a text for htmx, a page for a browser.
func (s *Server) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	e, status := understand(c, err)
	l := s.locale(c)
	retryAfter(c, e)
	switch {
	case failsInJSON(c):
		if status == http.StatusUnauthorized {
			c.Response().Header().Set("WWW-Authenticate", "Bearer")
		}
		err = c.JSON(status, errorToJSON(l, e, err))
	case e.Code == chat.Unauthenticated && !isHX(c):
		err = c.Redirect(http.StatusSeeOther, loginURL(c.Request()))
	case isHX(c) && isGet(c.Request()) && e.Code == chat.Unauthenticated:
		err = redirect(c, loginURL(c.Request()))
	case isHX(c) && !isGet(c.Request()):
		err = s.render(c, status, views.ErrorText(l.Error(e)))
	case (e.Code == chat.Unavailable || e.Code == chat.TooMany) && c.Request().Method == http.MethodPost && slices.Contains(texts, c.Path()):
		err = s.returnText(c, e, status)
	default:
		err = s.render(c, status, s.errorPage(c, e, status))
	}
	if err != nil {
		slog.Info("failure not told", "request", requestID(c), "error", err) // as a rule its reader went away
	}
}

// texts are where people send what they wrote.
var texts = []string{"/messages", "/messages/:id/edit", "/emoji", "/typing"}

// returnText gives back the text of a message that did not reach its handler: the database did not even say whose session
// it was, or its sender asks too often.
func (s *Server) returnText(c echo.Context, e *chat.Error, status int) error {
	var in posting
	if decode(c, &in) != nil {
		return s.render(c, status, s.errorPage(c, e, status))
	}
	if message := number(c.Param("id")); message != 0 {
		return s.render(c, status, views.Unedited(s.page(c), chat.Message{ID: message}, views.Edit{Edit: newText{Body: &in.Body}.edit(c.Request().PostForm), Error: e}))
	}
	box := views.Composer{Me: visitorOf(c).User.ID, Place: in.place(), Key: in.Key, Fresh: rand.Text(), Body: in.Body, Base: in.Base, Set: true, Error: e}
	return s.render(c, status, views.Unsent(s.page(c), box))
}

func retryAfter(c echo.Context, e *chat.Error) {
	if e.RetryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
}

// isGet tells GET, and HEAD, which is answered alike.
func isGet(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// loginURL is where a guest is sent; a page asked for is returned to after log-in.
func loginURL(r *http.Request) string {
	if !isGet(r) || r.URL.Path == "/" {
		return "/login"
	}
	return "/login?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
}

// ownPath returns next when it is a path of this site, otherwise /chat.
func ownPath(next string) string {
	u, err := url.Parse(next)
	bad := err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" ||
		!strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t\x00")
	if bad || strings.HasPrefix(u.Path, "//") || strings.Contains(u.Path, "\\") {
		return "/chat"
	}
	return u.RequestURI()
}

// wantsJSON tells a program from a browser: it prefers JSON to HTML.
func wantsJSON(c echo.Context) bool {
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

// failsInJSON tells who is told in JSON what was wrong: who prefers it, and every program, whatever it accepts.
func failsInJSON(c echo.Context) bool { return wantsJSON(c) || forProgram(c) }

// errPageOnly refuses a program where there is only a page.
var errPageOnly = echo.NewHTTPError(http.StatusNotAcceptable)

// forBrowsers refuses a program where there is only a page.
func forBrowsers(handle echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if wantsJSON(c) {
			return errPageOnly
		}
		return handle(c)
	}
}

// isHX tells a request of htmx, which takes a fragment, from one of a browser, which takes a page or a redirect.
func isHX(c echo.Context) bool { return c.Request().Header.Get("HX-Request") == "true" }

// redirect sends a browser on, through htmx where that asked.
func redirect(c echo.Context, to string) error {
	if isHX(c) {
		c.Response().Header().Set("HX-Redirect", to)
		return c.NoContent(http.StatusOK)
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// statuses maps the product's codes to HTTP's.
var statuses = map[chat.Code]int{
	chat.Invalid:         http.StatusUnprocessableEntity,
	chat.Unauthenticated: http.StatusUnauthorized,
	chat.Forbidden:       http.StatusForbidden,
	chat.NotFound:        http.StatusNotFound,
	chat.Conflict:        http.StatusConflict,
	chat.TooMany:         http.StatusTooManyRequests,
	chat.TooLarge:        http.StatusRequestEntityTooLarge,
	chat.Unavailable:     http.StatusServiceUnavailable,
}

// statusWentAway is what the log and the numbers say, as others do, of a request whose sender did not wait for the answer.
const statusWentAway = 499

// wentAway tells a look at the database that ended because nobody waits for it any more from one that it did not answer. Each
// database says in its own way that it was interrupted; the request says it for all.
func wentAway(c echo.Context, e *chat.Error) bool {
	return e.Code == chat.Unavailable && c.Request().Context().Err() != nil
}

// understand turns any error into one that a person can read, and its status. What is not understood is internal: it is
// logged here, once, and shown as a plain apology.
func understand(c echo.Context, err error) (*chat.Error, int) {
	if e, ok := errors.AsType[*chat.Error](err); ok {
		if wentAway(c, e) {
			return e, statusWentAway
		}
		if e.Code == chat.Unavailable {
			slog.Warn("unavailable", "request", requestID(c), "route", c.Path(), "error", errors.Unwrap(e))
		}
		return e, statuses[e.Code]
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok {
		switch e.Code {
		case http.StatusNotFound:
			return chat.ErrNotFound, e.Code
		case http.StatusMethodNotAllowed:
			return chat.Errorf("method_not_allowed", "This address does not take such a request."), e.Code
		case http.StatusRequestEntityTooLarge:
			return errTooMuch, e.Code
		case http.StatusNotAcceptable:
			return chat.Errorf("not_acceptable", "This is a page for browsers: there is no JSON of it."), e.Code
		case http.StatusUnsupportedMediaType:
			return chat.Errorf("unsupported", "Send a form or JSON, and say which in the header Content-Type."), e.Code
		}
	}
	slog.Error("internal", "request", requestID(c), "route", c.Path(), "error", err)
	return chat.Errorf("internal", "Something went wrong on our side. It has been noted."), http.StatusInternalServerError
}
