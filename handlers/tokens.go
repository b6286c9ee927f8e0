package handlers

import (
	"net/http"
	"slices"
	"strings"

	"charla/chat"

	"github.com/labstack/echo/v4"
)

// credentialed are where a request brings in its body or address what it is known by. A program that renews its tokens
// often sends the expired one along.
var credentialed = []string{"/tokens", "/tokens/refresh", "/hooks/:secret"}

// forProgram tells that no browser asks, whatever is accepted.
func forProgram(c echo.Context) bool {
	_, carried := bearer(c.Request())
	return carried || c.Path() == "/tokens/current" || slices.Contains(credentialed, c.Path())
}

// bearer returns the token that a request carries. Other schemes are not ours: a proxy in front may have a password of
// its own. Two tokens are carried like none: empty.
func bearer(r *http.Request) (token string, carried bool) {
	values := r.Header.Values("Authorization")
	for _, v := range values {
		scheme, rest, _ := strings.Cut(v, " ")
		if strings.EqualFold(scheme, "Bearer") {
			token, carried = strings.TrimSpace(rest), true
		}
	}
	if len(values) > 1 {
		token = ""
	}
	return token, carried
}

var errTwoCredentials = chat.Errorf(chat.Unauthenticated, "Send a token or a cookie, not both.")

// tokenHolder finds who holds a token. Bad ones are paced by the address that they come from, like all that guests do.
func (s *Server) tokenHolder(c echo.Context, token string) (visitor, error) {
	if _, err := c.Cookie(s.cookieName()); err == nil {
		return visitor{}, errTwoCredentials
	}
	session, user, err := s.chat.Bearer(c.Request().Context(), token)
	if err == chat.ErrBadToken {
		if slow := s.limits.requests.take("ip " + c.RealIP()); slow != nil {
			return visitor{}, slow
		}
	}
	return visitor{session, user}, err
}

type tokensJSON struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"` // seconds
	RefreshToken string `json:"refresh_token"`
}

func answerTokens(c echo.Context, status int, t chat.Tokens) error {
	return c.JSON(status, tokensJSON{t.Access, "Bearer", int(chat.AccessLife.Seconds()), t.Refresh})
}

// issueTokens signs a program in, under the limits of log-in.
func (s *Server) issueTokens(c echo.Context) error {
	var in credentials
	if err := decode(c, &in); err != nil {
		return err
	}
	user, err := s.check(c, in)
	if err != nil {
		return err
	}
	tokens, err := s.chat.IssueTokens(c.Request().Context(), user, c.Request().UserAgent(), c.RealIP())
	if err != nil {
		return err
	}
	return answerTokens(c, http.StatusCreated, tokens)
}

type renewal struct {
	RefreshToken string `form:"refresh_token" json:"refresh_token"`
}

func (s *Server) refreshTokens(c echo.Context) error {
	var in renewal
	if err := decode(c, &in); err != nil {
		return err
	}
	tokens, err := s.chat.RefreshTokens(c.Request().Context(), in.RefreshToken)
	if err != nil {
		return err
	}
	return answerTokens(c, http.StatusOK, tokens)
}

// endTokens ends the session that the request was made with.
func (s *Server) endTokens(c echo.Context) error {
	if err := s.chat.EndSession(c.Request().Context(), visitorOf(c).Session); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
