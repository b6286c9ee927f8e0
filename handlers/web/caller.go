package web

import (
	"charla/chat"

	"github.com/labstack/echo/v4"
)

// Caller is who sent a request: a signed-in user with their session, or nobody.
type Caller struct {
	Session chat.Session
	User    chat.User
}

// SignedIn reports whether the caller is a user.
func (c Caller) SignedIn() bool { return c.User.ID != 0 }

// Keys of values in an echo.Context.
const (
	callerKey = "caller"
	nonceKey  = "nonce"
	routeKey  = "route"
)

// SetCaller records who sent the request.
func SetCaller(c echo.Context, caller Caller) { c.Set(callerKey, caller) }

// CallerOf returns who sent the request; the zero Caller is anonymous.
func CallerOf(c echo.Context) Caller {
	caller, _ := c.Get(callerKey).(Caller)
	return caller
}

// CurrentUser returns the user who sent the request; the zero User is anonymous.
func CurrentUser(c echo.Context) chat.User { return CallerOf(c).User }

// SetNonce records the nonce of the answer's Content-Security-Policy.
func SetNonce(c echo.Context, nonce string) { c.Set(nonceKey, nonce) }

func nonce(c echo.Context) string {
	value, _ := c.Get(nonceKey).(string)
	return value
}

// RequestID returns the id under which the request appears in the log.
func RequestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// ErrSignedOut is the error of a route that only signed-in users may call.
var ErrSignedOut = chat.Errorf(chat.Unauthenticated, "Your session ended. Sign in again to continue.")
