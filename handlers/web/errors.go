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
	{chat.Unavailable, http.StatusServiceUnavailable, "The database or the storage does not answer. Try again as `Retry-After` says."},
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
			slog.Warn("unavailable", "request", RequestID(c), "route", RouteOf(c).Path, "error", errors.Unwrap(e))
		}
		return e, StatusOf(e.Code)
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok {
		switch e.Code {
		case http.StatusNotFound:
			return chat.ErrNotFound, e.Code
		case http.StatusMethodNotAllowed:
			return chat.Errorf(MethodNotAllowed, "This address does not take such a request."), e.Code
		case http.StatusRequestEntityTooLarge:
			return ErrBodyTooLarge, e.Code
		case http.StatusNotAcceptable:
			return chat.Errorf(NotAcceptable, "This is a page for browsers: there is no JSON of it."), e.Code
		case http.StatusUnsupportedMediaType:
			return chat.Errorf(Unsupported, "Send a form or JSON, and say which in the header Content-Type."), e.Code
		}
	}
	slog.Error("internal", "request", RequestID(c), "route", RouteOf(c).Path, "error", err)
	return chat.Errorf(Internal, "Something went wrong on our side. It has been noted."), http.StatusInternalServerError
}
