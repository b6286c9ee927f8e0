package handlers

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strings"

	"charla/chat"
	"charla/handlers/web"

	"github.com/labstack/echo/v4"
)

// logSecurity logs how an action ended that matters for the security of accounts, such as a sign-in. err is nil if it
// succeeded. The line says that the action was refused if the caller may not do it, and otherwise contains the code of
// the error as the reason. attrs say whose account it is about. The line never contains a password, a token or an
// e-mail address.
func (s *Server) logSecurity(c echo.Context, action string, err error, attrs ...any) {
	result := " succeeded"
	switch code := chat.CodeOf(err); {
	case err == nil:
	case code == chat.Forbidden:
		result = " refused"
	default:
		result = " failed"
		attrs = append(attrs, "reason", code)
	}
	attrs = append(attrs, "ip", c.RealIP(), "request", web.RequestID(c))
	slog.InfoContext(c.Request().Context(), action+result, attrs...)
}

// logOwnAction is logSecurity for an action of the caller on their own account.
func (s *Server) logOwnAction(c echo.Context, action string, err error, attrs ...any) {
	s.logSecurity(c, action, err, append([]any{userAttr(web.CurrentUser(c).ID)}, attrs...)...)
}

func userAttr(id int64) slog.Attr { return slog.Int64("user", id) }

// emailAttr returns what the log says about an account of which the request contains only the e-mail address: the id of
// the user, or for an unknown address a pseudonym.
func (s *Server) emailAttr(ctx context.Context, email string) slog.Attr {
	if id := s.chat.UserIDByEmail(ctx, email); id != 0 {
		return userAttr(id)
	}
	return slog.String("account", s.pseudonym(email))
}

// pseudonym returns the HMAC of a normalized e-mail address. It is the same on all nodes and after a restart, so that
// attempts on one address can be recognized.
func (s *Server) pseudonym(email string) string {
	_, key, err := chat.CleanEmail(email)
	if err != nil {
		key = strings.ToLower(strings.TrimSpace(email))
	}
	mac := hmac.New(sha256.New, s.config.CookieSecret)
	mac.Write([]byte("log " + key))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
