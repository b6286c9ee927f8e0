package chat

import (
	"errors"
	"fmt"
	"time"
)

// Code says what kind of failure an Error is.
type Code string

// The codes. Any error that is not an *Error is internal.
const (
	Invalid         Code = "invalid"
	Unauthenticated Code = "unauthenticated"
	Forbidden       Code = "forbidden"
	NotFound        Code = "not_found"
	Conflict        Code = "conflict"
	TooMany         Code = "too_many"
	TooLarge        Code = "too_large"
	Unavailable     Code = "unavailable"
)

// Error is a failure that its reader can understand. Format is an English sentence for a person, in the manner of
// fmt.Sprintf, and the key of its translations. Field names the form field it belongs to, or is empty. RetryAfter is
// how long to wait before trying again, or zero.
type Error struct {
	Code       Code
	Field      string
	Format     string
	Args       []any
	RetryAfter time.Duration
	cause      error
}

// Error is for logs: with the cause, which is not for the reader.
func (e *Error) Error() string {
	text := fmt.Sprintf(e.Format, e.Args...)
	if e.cause != nil {
		text += " (" + e.cause.Error() + ")"
	}
	return text
}

// Unwrap returns what caused e, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Errorf returns an Error without a field.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Format: format, Args: args}
}

// invalidf returns an Error about one field of a form.
func invalidf(field, format string, args ...any) *Error {
	return &Error{Code: Invalid, Field: field, Format: format, Args: args}
}

// ErrNotFound is the answer to what does not exist and to what the asking person may not see.
var ErrNotFound = Errorf(NotFound, "There is nothing here, or it is not for you.")

// DatabaseUnavailable wraps the failure of a database that does not answer.
func DatabaseUnavailable(cause error) *Error {
	return &Error{Code: Unavailable, Format: "Charla cannot reach its database. Try again in a moment.", RetryAfter: 2 * time.Second, cause: cause}
}

// ErrDuplicate is what a Store returns when a unique constraint forbids a write.
var ErrDuplicate = errors.New("duplicate")

// CodeOf returns the code of err, or "internal".
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return "internal"
}

// FieldErrors returns every Error with a field inside err, by field.
func FieldErrors(err error) map[string]*Error {
	found := map[string]*Error{}
	collectFieldErrors(err, found)
	return found
}

func collectFieldErrors(err error, found map[string]*Error) {
	switch e := err.(type) {
	case *Error:
		if e.Field != "" {
			found[e.Field] = e
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			collectFieldErrors(inner, found)
		}
	case interface{ Unwrap() error }:
		collectFieldErrors(e.Unwrap(), found)
	}
}
