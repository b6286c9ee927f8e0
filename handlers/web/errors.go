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

// ErrorJSON is the body of every JSON response that reports an error.
type ErrorJSON struct {
	Error FailureJSON `json:"error"`
}

// FailureJSON describes an error to a program: its code, a message for people and further details.
type FailureJSON struct {
	Code    chat.Code         `json:"code"`
	Message string            `json:"message"`          // for a person, in their language
	Field   string            `json:"field"`            // the first wrong field, or empty
	Fields  map[string]string `json:"fields,omitempty"` // a message for each wrong field, if there are several
}

// ErrorToJSON returns e as JSON in the language of l. all is the error from which e was taken. If all contains errors
// of several form fields, ErrorToJSON adds them.
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

// WriteError answers with an error. Programs get JSON, and browsers get an error page. A form that htmx has sent gets a
// text to show beside the form. If the caller must sign in, browsers are redirected to the sign-in page instead.
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

// SetRetryAfter sets the Retry-After header of the answer if the error says when the client may try again.
func SetRetryAfter(c echo.Context, e *chat.Error) {
	if e.RetryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
}

// ErrorDoc documents an error code of JSON responses: its HTTP status and its meaning.
type ErrorDoc struct {
	Code        chat.Code
	Status      int
	Description string // one sentence
}

// These are the error codes that this package adds to those of package chat.
const (
	MethodNotAllowed chat.Code = "method_not_allowed"
	NotAcceptable    chat.Code = "not_acceptable"
	Unsupported      chat.Code = "unsupported"
	Misdirected      chat.Code = "misdirected"
	HeadTooLarge     chat.Code = "head_too_large"
	Internal         chat.Code = "internal"
)

// ErrorDocs documents all error codes, ordered by HTTP status.
var ErrorDocs = []ErrorDoc{
	{chat.Unauthenticated, http.StatusUnauthorized, "The session or token is missing, wrong or over."},
	{chat.Forbidden, http.StatusForbidden, "The caller can see this, but may not do it."},
	{
		chat.PasswordRequired, http.StatusForbidden,
		"The password was last given more than 15 minutes ago. Send it as `password`.",
	},
	{chat.NotFound, http.StatusNotFound, "It does not exist, or the caller may not see it."},
	{MethodNotAllowed, http.StatusMethodNotAllowed, "The `Allow` header lists the methods."},
	{NotAcceptable, http.StatusNotAcceptable, "This page has no JSON form."},
	{chat.Conflict, http.StatusConflict, "It contradicts what is stored."},
	{chat.TooLarge, http.StatusRequestEntityTooLarge, "The body or a file is too large."},
	{Unsupported, http.StatusUnsupportedMediaType, "The media type of the body is not supported."},
	{Misdirected, http.StatusMisdirectedRequest, "`CHARLA_BASE_URL` is set, and the `Host` header names another host."},
	{chat.Invalid, http.StatusUnprocessableEntity, "A field is wrong."},
	{chat.TooMany, http.StatusTooManyRequests, "Wait as long as `Retry-After` says."},
	{HeadTooLarge, http.StatusRequestHeaderFieldsTooLarge, "The address and the headers have more than 64 KB."},
	{Internal, http.StatusInternalServerError, "Charla has a bug. The log has the details."},
	{chat.Unavailable, http.StatusServiceUnavailable, "The database or the storage does not answer, " +
		"or a disk is full. Try again as `Retry-After` says."},
}

// StatusOf returns the HTTP status with which an error code is sent.
func StatusOf(code chat.Code) int {
	for _, doc := range ErrorDocs {
		if doc.Code == code {
			return doc.Status
		}
	}
	return http.StatusInternalServerError
}

// statusClientClosedRequest is the status that the log and the metrics show for a request if its client disconnected
// before the answer. nginx uses the same number.
const statusClientClosedRequest = 499

// clientGone reports whether a query failed only because the client disconnected. The database is not at fault then.
func clientGone(c echo.Context, e *chat.Error) bool {
	return e.Code == chat.Unavailable && c.Request().Context().Err() != nil
}

var errInternal = chat.Errorf(Internal, "Something went wrong on our side. The error was logged.")

// errorsByStatus are the errors that callers get in place of Echo's own errors, by HTTP status.
var errorsByStatus = map[int]*chat.Error{
	http.StatusNotFound:              chat.ErrNotFound,
	http.StatusMethodNotAllowed:      chat.Errorf(MethodNotAllowed, "This method isn't allowed here."),
	http.StatusNotAcceptable:         chat.Errorf(NotAcceptable, "This page is only available as HTML."),
	http.StatusRequestEntityTooLarge: ErrBodyTooLarge,
	http.StatusUnsupportedMediaType:  chat.Errorf(Unsupported, "Send a form or JSON, and set the Content-Type header."),
}

// ClassifyError returns the error that the caller may see instead of err, and its HTTP status. It turns an unexpected
// error into Internal and logs it. It also logs an unavailable database or file storage.
func ClassifyError(c echo.Context, err error) (*chat.Error, int) {
	if e, ok := errors.AsType[*chat.Error](err); ok {
		if clientGone(c, e) {
			return e, statusClientClosedRequest
		}
		if e.Code == chat.Unavailable {
			c.Set(noPageSlotKey, true)
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
