package chat

import (
	"errors"
	"fmt"
	"time"
)

// Code is the kind of an Error. Clients can rely on it.
type Code string

// The codes of errors. The code of an error that is not an *Error is "internal"; see CodeOf.
const (
	Invalid         Code = "invalid"
	Unauthenticated Code = "unauthenticated"
	Forbidden       Code = "forbidden"
	NotFound        Code = "not_found"
	Conflict        Code = "conflict"
	TooMany         Code = "too_many"
	TooLarge        Code = "too_large"
	Unavailable     Code = "unavailable"

	PasswordRequired Code = "password_required"
)

// Error is a failure that the user can understand. Format is an English sentence with fmt verbs for Args; translations
// are found by this sentence.
type Error struct {
	Code       Code
	Field      string // the form field that is wrong; empty for none
	Format     string
	Args       []any
	RetryAfter time.Duration // how long to wait before another attempt; zero if waiting does not help
	cause      error
}

// Error returns the message for logs, which includes the cause. The user never sees the cause.
func (e *Error) Error() string {
	text := fmt.Sprintf(e.Format, e.Args...)
	if e.cause != nil {
		text += " (" + e.cause.Error() + ")"
	}
	return text
}

// Unwrap returns the cause of e, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Errorf returns an Error that is not about a form field.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Format: format, Args: args}
}

// invalidf returns an Error with the code Invalid about one form field.
func invalidf(field, format string, args ...any) *Error {
	return &Error{Code: Invalid, Field: field, Format: format, Args: args}
}

// ErrNotFound is returned for things that do not exist and for things that the acting user may not see. The error is
// the same, so that a user cannot find out whether something exists.
var ErrNotFound = Errorf(NotFound, "This doesn't exist, or you don't have access to it.")

// DatabaseUnavailable returns an Error with the code Unavailable for a database failure that may be temporary, and its
// cause.
func DatabaseUnavailable(cause error) *Error {
	return &Error{
		Code: Unavailable, Format: "Charla isn't available right now. Try again in a moment.",
		RetryAfter: 2 * time.Second, cause: cause,
	}
}

// ErrDiskFull is in the chain of every error that DiskFull returns.
var ErrDiskFull = errors.New("the disk is full")

// DiskFull returns an Error with the code Unavailable for a write that failed because a disk of the database or of the
// file storage is full, and its cause.
func DiskFull(cause error) *Error {
	return &Error{
		Code: Unavailable, Format: "The server's disk is full. Nothing can be saved until there is space again.",
		RetryAfter: 5 * time.Second, cause: fmt.Errorf("%w: %w", ErrDiskFull, cause),
	}
}

// ErrDuplicate is returned by a Store if a write violates a unique constraint.
var ErrDuplicate = errors.New("duplicate")

// CodeOf returns the code of the first Error in the chain of err, or "internal" if err contains no Error.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return "internal"
}

// FieldErrors returns the Errors about form fields that err contains, by name of the field.
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
