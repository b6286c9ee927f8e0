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

// ErrorJSON is the one form of an error in JSON. Field is the first that is wrong, or empty; where more than one is,
// Fields has the words for each.
type ErrorJSON struct {
	Error FailureJSON `json:"error"`
}

type FailureJSON struct {
	Code    string            `json:"code"`
	Message string            `json:"message"`
	Field   string            `json:"field"`
	Fields  map[string]string `json:"fields,omitempty"`
}

// ErrorToJSON puts an error into words; whole is the error that e was found in.
func ErrorToJSON(l views.Locale, e *chat.Error, whole error) ErrorJSON {
	out := FailureJSON{Code: string(e.Code), Message: l.Error(e), Field: e.Field}
	if wrong := chat.FieldErrors(whole); len(wrong) > 1 {
		out.Fields = map[string]string{}
		for field, e := range wrong {
			out.Fields[field] = l.Error(e)
		}
	}
	return ErrorJSON{out}
}

// handleError is the one place where an error becomes an answer: JSON for programs, whatever they accept, a text for htmx, a page for a browser.
func (s *Server) handleError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	e, status := ClassifyError(c, err)
	l := s.Locale(c)
	SetRetryAfter(c, e)
	switch {
	case WantsJSONErrors(c):
		if status == http.StatusUnauthorized {
			c.Response().Header().Set("WWW-Authenticate", "Bearer")
		}
		err = c.JSON(status, ErrorToJSON(l, e, err))
	case e.Code == chat.Unauthenticated && !IsHTMX(c):
		err = c.Redirect(http.StatusSeeOther, LoginURL(c.Request()))
	case IsHTMX(c) && IsGet(c.Request()) && e.Code == chat.Unauthenticated:
		err = Redirect(c, LoginURL(c.Request()))
	case IsHTMX(c) && !IsGet(c.Request()):
		err = s.Render(c, status, views.ErrorText(l.Error(e)))
	case (e.Code == chat.Unavailable || e.Code == chat.TooMany) && c.Request().Method == http.MethodPost && slices.Contains(keepsTextPaths, c.Path()):
		err = s.rerenderText(c, e, status)
	default:
		err = s.Render(c, status, s.errorPage(c, e, status))
	}
	if err != nil {
		slog.Info("failure not told", "request", RequestID(c), "error", err) // as a rule its reader went away
	}
}

// keepsTextPaths are where people send what they wrote.
var keepsTextPaths = []string{"/messages", "/messages/:id/edit", "/emoji", "/typing"}

// rerenderText gives back the text of a message that did not reach its handler: the database did not even say whose session
// it was, or its sender asks too often.
func (s *Server) rerenderText(c echo.Context, e *chat.Error, status int) error {
	var in postRequest
	if Bind(c, &in) != nil {
		return s.Render(c, status, s.errorPage(c, e, status))
	}
	if message := ParseID(c.Param("id")); message != 0 {
		return s.Render(c, status, views.UnsavedEditPage(s.Page(c), chat.Message{ID: message}, views.EditForm{MessageEdit: editRequest{Body: &in.Body}.edit(c.Request().PostForm), Error: e}))
	}
	box := views.Composer{UserID: CallerOf(c).User.ID, Conversation: in.conversation(), Key: in.Key, KeyPrefix: rand.Text(), Body: in.Body, SavedDraft: in.Base, ReplaceText: true, Error: e}
	return s.Render(c, status, views.UnsentMessagePage(s.Page(c), box))
}

func SetRetryAfter(c echo.Context, e *chat.Error) {
	if e.RetryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
}

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
func WantsJSONErrors(c echo.Context) bool { return WantsJSON(c) || isProgramRequest(c) }

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

// statusByCode maps the product's codes to HTTP's.
var statusByCode = map[chat.Code]int{
	chat.Invalid:         http.StatusUnprocessableEntity,
	chat.Unauthenticated: http.StatusUnauthorized,
	chat.Forbidden:       http.StatusForbidden,
	chat.NotFound:        http.StatusNotFound,
	chat.Conflict:        http.StatusConflict,
	chat.TooMany:         http.StatusTooManyRequests,
	chat.TooLarge:        http.StatusRequestEntityTooLarge,
	chat.Unavailable:     http.StatusServiceUnavailable,
}

// statusClientClosedRequest is what the log and the numbers say, as others do, of a request whose sender did not wait for the answer.
const statusClientClosedRequest = 499

// clientGone tells a look at the database that ended because nobody waits for it any more from one that it did not answer. Each
// database says in its own way that it was interrupted; the request says it for all.
func clientGone(c echo.Context, e *chat.Error) bool {
	return e.Code == chat.Unavailable && c.Request().Context().Err() != nil
}

// ClassifyError turns any error into one that a person can read, and its status. What is not understood is internal: it is
// logged here, once, and shown as a plain apology.
func ClassifyError(c echo.Context, err error) (*chat.Error, int) {
	if e, ok := errors.AsType[*chat.Error](err); ok {
		if clientGone(c, e) {
			return e, statusClientClosedRequest
		}
		if e.Code == chat.Unavailable {
			slog.Warn("unavailable", "request", RequestID(c), "route", c.Path(), "error", errors.Unwrap(e))
		}
		return e, statusByCode[e.Code]
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok {
		switch e.Code {
		case http.StatusNotFound:
			return chat.ErrNotFound, e.Code
		case http.StatusMethodNotAllowed:
			return chat.Errorf("method_not_allowed", "This address does not take such a request."), e.Code
		case http.StatusRequestEntityTooLarge:
			return errBodyTooLarge, e.Code
		case http.StatusNotAcceptable:
			return chat.Errorf("not_acceptable", "This is a page for browsers: there is no JSON of it."), e.Code
		case http.StatusUnsupportedMediaType:
			return chat.Errorf("unsupported", "Send a form or JSON, and say which in the header Content-Type."), e.Code
		}
	}
	slog.Error("internal", "request", RequestID(c), "route", c.Path(), "error", err)
	return chat.Errorf("internal", "Something went wrong on our side. It has been noted."), http.StatusInternalServerError
}
