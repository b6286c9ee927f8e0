package web

import (
	"charla/chat"

	"github.com/labstack/echo/v4"
)

// Caller is the sender of a request: a signed-in user with their session. The zero Caller is anonymous.
type Caller struct {
	Session chat.Session
	User    chat.User
}

// SignedIn reports whether the caller is a signed-in user.
func (c Caller) SignedIn() bool { return c.User.ID != 0 }

// These are the keys under which this package stores values in an echo.Context.
const (
	callerKey = "caller"
	nonceKey  = "nonce"
	routeKey  = "route"
)

// SetCaller stores the sender of the request in its context.
func SetCaller(c echo.Context, caller Caller) { c.Set(callerKey, caller) }

// CallerOf returns the sender of the request, or the zero Caller for an anonymous request.
func CallerOf(c echo.Context) Caller {
	caller, _ := c.Get(callerKey).(Caller)
	return caller
}

// CurrentUser returns the user who sent the request, or the zero User for an anonymous request.
func CurrentUser(c echo.Context) chat.User { return CallerOf(c).User }

// SetNonce stores the nonce of the answer's Content-Security-Policy in the context of the request.
func SetNonce(c echo.Context, nonce string) { c.Set(nonceKey, nonce) }

func nonce(c echo.Context) string {
	value, _ := c.Get(nonceKey).(string)
	return value
}

// RequestID returns the random id of the request, under which the log and error pages mention it.
func RequestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// ErrSignedOut is the error for anonymous callers of a route that only signed-in users may call.
var ErrSignedOut = chat.Errorf(chat.Unauthenticated, "Your session ended. Sign in again to continue.")
