package web

import (
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"

	"charla/chat"
	"charla/views"

	"github.com/labstack/echo/v4"
)

// ErrorJSON is the body of every error response in JSON.
type ErrorJSON struct {
	Error FailureJSON `json:"error"`
}

// FailureJSON says what went wrong.
type FailureJSON struct {
	Code    chat.Code         `json:"code"`
	Message string            `json:"message"`          // for a person, in their language
	Field   string            `json:"field"`            // the first wrong field, or empty
	Fields  map[string]string `json:"fields,omitempty"` // a message for each wrong field, if there are several
}

// ErrorToJSON returns e in the language of l. all is the error that contains e and the errors of other fields.
func ErrorToJSON(l views.Locale, e *chat.Error, all error) ErrorJSON {
	out := FailureJSON{Code: e.Code, Message: l.Error(e), Field: e.Field}
	if fields := chat.FieldErrors(all); len(fields) > 1 {
		out.Fields = map[string]string{}
		for field, e := range fields {
			out.Fields[field] = l.Error(e)
		}
	}
	return ErrorJSON{out}
}

// WriteError answers with an error: as JSON, as a text for htmx, as a redirect to the log-in, or as a page.
func (r *Renderer) WriteError(c echo.Context, err error) error {
	e, status := ClassifyError(c, err)
	SetRetryAfter(c, e)
	switch {
	case WantsJSON(c):
		if status == http.StatusUnauthorized {
			c.Response().Header().Set("WWW-Authenticate", "Bearer")
		}
		return c.JSON(status, ErrorToJSON(r.Locale(c), e, err))
	case e.Code == chat.Unauthenticated && !IsHTMX(c):
		return c.Redirect(http.StatusSeeOther, LoginURL(c.Request()))
	case e.Code == chat.Unauthenticated && IsGet(c.Request()):
		return Redirect(c, LoginURL(c.Request()))
	case IsHTMX(c) && !IsGet(c.Request()):
		return r.Render(c, status, views.ErrorText(r.Locale(c).Error(e)))
	}
	return r.RenderErrorPage(c, e, status)
}

// SetRetryAfter tells the caller when to try again, if the error says so.
func SetRetryAfter(c echo.Context, e *chat.Error) {
	if e.RetryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
}

// ErrorDoc is a code of an error in JSON with its HTTP status.
type ErrorDoc struct {
	Code        chat.Code
	Status      int
	Description string // one sentence
}

// The codes of errors that chat does not know.
const (
	MethodNotAllowed chat.Code = "method_not_allowed"
	NotAcceptable    chat.Code = "not_acceptable"
	Unsupported      chat.Code = "unsupported"
	Internal         chat.Code = "internal"
)

// ErrorDocs are all codes of errors in the order of their statuses.
var ErrorDocs = []ErrorDoc{
	{chat.Unauthenticated, http.StatusUnauthorized, "The session or token is missing, wrong or over."},
	{chat.Forbidden, http.StatusForbidden, "The caller can see this, but may not do it."},
	{chat.NotFound, http.StatusNotFound, "It does not exist, or the caller may not see it."},
	{MethodNotAllowed, http.StatusMethodNotAllowed, "The `Allow` header lists the methods."},
	{NotAcceptable, http.StatusNotAcceptable, "This page has no JSON form."},
	{chat.Conflict, http.StatusConflict, "It contradicts what is stored."},
	{chat.TooLarge, http.StatusRequestEntityTooLarge, "The body or a file is too large."},
	{Unsupported, http.StatusUnsupportedMediaType, "The media type of the body is not supported."},
	{chat.Invalid, http.StatusUnprocessableEntity, "A field is wrong."},
	{chat.TooMany, http.StatusTooManyRequests, "Wait as long as `Retry-After` says."},
	{Internal, http.StatusInternalServerError, "Charla has a bug. The log has the details."},
	{chat.Unavailable, http.StatusServiceUnavailable, "The database or the storage does not answer. " +
		"Try again as `Retry-After` says."},
}

// StatusOf returns the HTTP status of a code.
func StatusOf(code chat.Code) int {
	for _, doc := range ErrorDocs {
		if doc.Code == code {
			return doc.Status
		}
	}
	return http.StatusInternalServerError
}

// statusClientClosedRequest appears in the log and the metrics, as in nginx, for a request whose client did not wait.
const statusClientClosedRequest = 499

// clientGone reports whether a query failed because the client disconnected, rather than because the database did not
// answer.
func clientGone(c echo.Context, e *chat.Error) bool {
	return e.Code == chat.Unavailable && c.Request().Context().Err() != nil
}

var errInternal = chat.Errorf(Internal, "Something went wrong on our side. It has been logged.")

// errorsByStatus are the errors that callers see for those of Echo.
var errorsByStatus = map[int]*chat.Error{
	http.StatusNotFound:              chat.ErrNotFound,
	http.StatusMethodNotAllowed:      chat.Errorf(MethodNotAllowed, "This method is not allowed here."),
	http.StatusNotAcceptable:         chat.Errorf(NotAcceptable, "This page is only available as HTML."),
	http.StatusRequestEntityTooLarge: ErrBodyTooLarge,
	http.StatusUnsupportedMediaType:  chat.Errorf(Unsupported, "Send a form or JSON, and set the Content-Type header."),
}

// ClassifyError returns the error that the caller sees for err, and its HTTP status. It logs unexpected errors, which
// become Internal, and unavailable databases and storage.
func ClassifyError(c echo.Context, err error) (*chat.Error, int) {
	if e, ok := errors.AsType[*chat.Error](err); ok {
		if clientGone(c, e) {
			return e, statusClientClosedRequest
		}
		if e.Code == chat.Unavailable {
			slog.Warn("request failed, database or storage unavailable",
				"request", RequestID(c), "route", RouteOf(c).Path, "error", errors.Unwrap(e))
		}
		return e, StatusOf(e.Code)
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok {
		if known := errorsByStatus[e.Code]; known != nil {
			return known, e.Code
		}
	}
	slog.Error("request failed", "request", RequestID(c), "route", RouteOf(c).Path, "error", err)
	return errInternal, http.StatusInternalServerError
}
