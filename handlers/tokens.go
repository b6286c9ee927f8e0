package handlers

import (
	"errors"
	"log/slog"
	"net/http"

	"charla/chat"
	"charla/handlers/web"

	"github.com/labstack/echo/v4"
)

func (s *Server) tokenRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/tokens", Handler: s.issueTokens, Access: web.Anonymous,
			AuthenticatesItself: true,
			ProgramsOnly:        true,
			Doc: web.Operation{
				Summary:   "Signs a program in and returns an access token and a refresh token.",
				Body:      loginRequest{},
				Responses: web.Responses{201: tokensJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/tokens/refresh", Handler: s.refreshTokens, Access: web.Anonymous,
			AuthenticatesItself: true,
			ProgramsOnly:        true,
			Doc: web.Operation{
				Summary:   "Returns new tokens. A refresh token can be used once.",
				Body:      refreshRequest{},
				Responses: web.Responses{200: tokensJSON{}},
			},
		},
		{
			Method: http.MethodDelete, Path: "/tokens/current", Handler: s.revokeToken, Access: web.Member,
			ProgramsOnly: true,
			Doc: web.Operation{
				Summary:   "Ends the session of the token that the request carries.",
				Responses: web.Responses{204: nil},
			},
		},
	}
}

var errTwoCredentials = chat.Errorf(chat.Unauthenticated, "Send a token or a cookie, not both.")

// authenticateBearer returns the user and the session to which a bearer token belongs. A request with an invalid token
// counts against the rate limit of its IP address, as an anonymous request does.
func (s *Server) authenticateBearer(c echo.Context, token string) (web.Caller, error) {
	if _, err := c.Cookie(s.sessions.CookieName()); err == nil {
		return web.Caller{}, errTwoCredentials
	}
	session, user, err := s.chat.SessionByBearerToken(c.Request().Context(), token)
	if err == chat.ErrBadToken {
		s.logSecurity(c, "token check", err)
		if limitErr := s.limits.Requests.Allow("ip " + web.NetworkPrefix(c.RealIP())); limitErr != nil {
			return web.Caller{}, limitErr
		}
	}
	return web.Caller{Session: session, User: user}, err
}

// tokensJSON is the JSON response with an access token and a refresh token. The field names are those of OAuth 2.0.
type tokensJSON struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type" enum:"Bearer"`
	ExpiresIn    int    `json:"expires_in"` // seconds
	RefreshToken string `json:"refresh_token"`
}

func renderTokens(c echo.Context, status int, t chat.Tokens) error {
	return c.JSON(status, tokensJSON{t.Access, "Bearer", int(chat.AccessTokenLifetime.Seconds()), t.Refresh})
}

// issueTokens signs a program in by e-mail address and password, and answers with its tokens. It has the same rate
// limits as the sign-in form.
func (s *Server) issueTokens(c echo.Context) error {
	var in loginRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	credentials, err := s.verifyLogin(c, in)
	if err != nil {
		return err
	}
	tokens, err := s.chat.IssueTokens(c.Request().Context(), credentials, c.Request().UserAgent(), c.RealIP())
	if err != nil {
		return err
	}
	return renderTokens(c, http.StatusCreated, tokens)
}

// refreshRequest is the form or JSON that exchanges a refresh token for a new pair of tokens.
type refreshRequest struct {
	RefreshToken string `form:"refresh_token" json:"refresh_token" required:"true" max:"150000"`
}

func (s *Server) refreshTokens(c echo.Context) error {
	var in refreshRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	tokens, err := s.chat.RefreshTokens(c.Request().Context(), in.RefreshToken)
	if err != nil {
		s.logFailedRefresh(c, err)
		return err
	}
	return renderTokens(c, http.StatusOK, tokens)
}

// logFailedRefresh logs why a program got no new tokens. A refresh token that is used again was probably stolen.
func (s *Server) logFailedRefresh(c echo.Context, err error) {
	reuse, ok := errors.AsType[chat.TokenReuse](err)
	if !ok {
		s.logSecurity(c, "token refresh", err)
		return
	}
	slog.WarnContext(c.Request().Context(), "refresh token was used again, session ended", "user", reuse.User,
		"session", reuse.Session, "ip", c.RealIP(), "request", web.RequestID(c))
}

// revokeToken ends the session to which the request's token belongs.
func (s *Server) revokeToken(c echo.Context) error {
	err := s.chat.EndSession(c.Request().Context(), web.CallerOf(c).Session)
	s.logOwnAction(c, "sign-out", err)
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
