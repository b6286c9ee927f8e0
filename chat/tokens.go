package chat

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TokenWriter stores the refresh tokens of program sessions, by their hashes.
type TokenWriter interface {
	// InsertRefreshToken stores the hash of the first refresh token of a session.
	InsertRefreshToken(ctx context.Context, session int64, hash string, at Timestamp) error
	// RotateRefreshToken replaces the hash of a session's refresh token: from is the old hash, to the new one. It
	// returns false, and changes nothing, if from is not the hash of the current token.
	RotateRefreshToken(ctx context.Context, session int64, from, to string, at Timestamp) (bool, error)
	// IsPreviousRefreshToken reports whether hash is the hash of the token just before the session's current one, and
	// that token was replaced at or after the time "since".
	IsPreviousRefreshToken(ctx context.Context, session int64, hash string, since Timestamp) (bool, error)
}

// AccessTokenLifetime is how long an access token is valid, unless its session ends earlier.
const AccessTokenLifetime = 15 * time.Minute

// refreshGrace is how long a refresh token may be used again after its first use. It then returns the same next token,
// so that a program can retry if it did not get the response.
const refreshGrace = Timestamp(time.Minute / time.Microsecond)

// maxBearerTokenBytes is the longest token that is examined. Valid tokens are far shorter.
const maxBearerTokenBytes = 4 << 10

// The issuer and the audience of access tokens.
const (
	tokenIssuer   = "charla"
	tokenAudience = "charla"
)

// ErrBadToken is returned for every invalid token, so that a client does not learn why the token is invalid.
var ErrBadToken = Errorf(Unauthenticated, "This token isn't valid. Get a new one.")

// TokenReuse is part of the error for a refresh token that was used again. Only the log may mention it.
type TokenReuse struct{ User, Session int64 }

// Error implements error.
func (TokenReuse) Error() string { return "the refresh token was used again" }

// Tokens are the two tokens of a program: an access token, valid for AccessTokenLifetime, and a refresh token, valid
// for one use.
type Tokens struct{ Access, Refresh string }

// accessClaims are the claims of an access token. They name the session, so that the token becomes invalid when the
// session ends.
type accessClaims struct {
	jwt.RegisteredClaims
	Session int64 `json:"sid"`
}

// refreshToken is a decoded refresh token. All tokens of a session have the same family; each has a secret of its own.
type refreshToken struct {
	family [16]byte
	secret [32]byte
}

func (r refreshToken) String() string {
	return base64.RawURLEncoding.EncodeToString(append(r.family[:], r.secret[:]...))
}

// parseRefreshToken parses a refresh token. It returns ErrBadToken if the token is malformed.
func parseRefreshToken(token string) (r refreshToken, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != len(r.family)+len(r.secret) || strings.ContainsAny(token, "\r\n") {
		return refreshToken{}, ErrBadToken
	}
	copy(r.family[:], raw)
	copy(r.secret[:], raw[len(r.family):])
	return r, nil
}

// next returns the refresh token that replaces r. It computes the token from r and key, so that the result is always
// the same, and nobody without the key can compute it.
func (r refreshToken) next(key []byte) refreshToken {
	mac := hmac.New(sha256.New, key)
	mac.Write(r.family[:])
	mac.Write(r.secret[:])
	return refreshToken{r.family, [32]byte(mac.Sum(nil))}
}

func (r refreshToken) familyHash() string { return hashToken(string(r.family[:])) }
func (r refreshToken) secretHash() string { return hashToken(string(r.secret[:])) }

// IssueTokens starts a session of a program and returns its tokens. The errors are those of StartSession.
func (s *Service) IssueTokens(ctx context.Context, by Credentials, userAgent, ip string) (Tokens, error) {
	key, err := s.signingKey(ctx)
	if err != nil {
		return Tokens{}, err
	}
	var token refreshToken
	rand.Read(token.family[:])
	rand.Read(token.secret[:])
	session := newSession(by.ID, ProgramSession, s.now())
	session.UserAgent, session.IP = truncate(userAgent, maxUserAgentBytes), ip
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		if session.ID, err = insertLoginSession(ctx, tx, by, session, token.familyHash()); err != nil {
			return err
		}
		return tx.InsertRefreshToken(ctx, session.ID, token.secretHash(), session.CreatedAt)
	})
	if err != nil {
		return Tokens{}, err
	}
	return s.signTokens(key, session, token)
}

// RefreshTokens exchanges a refresh token for a new access token and a new refresh token. If a program repeats this
// within a minute, it gets the same new refresh token again, unless it has already used that one. Any later use of an
// old token means that the token was stolen, so the session ends. Every invalid token returns ErrBadToken, and a stolen
// one returns ErrBadToken wrapped together with a TokenReuse.
func (s *Service) RefreshTokens(ctx context.Context, token string) (Tokens, error) {
	old, err := parseRefreshToken(token)
	if err != nil {
		return Tokens{}, err
	}
	key, err := s.signingKey(ctx)
	if err != nil {
		return Tokens{}, err
	}
	session, next, stolen, err := s.rotateRefreshToken(ctx, old)
	switch {
	case errors.Is(err, ErrNotFound):
		return Tokens{}, ErrBadToken
	case err != nil:
		return Tokens{}, err
	case stolen:
		s.publishSessionsEnded([]int64{session.ID})
		return Tokens{}, fmt.Errorf("%w: %w", ErrBadToken, TokenReuse{User: session.UserID, Session: session.ID})
	}
	return s.signTokens(key, session, next)
}

// rotateRefreshToken finds the session of a refresh token and replaces the token by its successor. If the token was
// stolen, it ends the session.
func (s *Service) rotateRefreshToken(
	ctx context.Context, old refreshToken,
) (session Session, next refreshToken, stolen bool, err error) {
	fresh := make([]byte, keyBytes)
	rand.Read(fresh)
	err = s.store.InTx(ctx, func(tx Tx) error {
		now := s.now()
		if session, _, err = tx.Session(ctx, old.familyHash(), now); err != nil {
			return err
		}
		chain, err := tx.EnsureSecret(ctx, "refresh-tokens", fresh)
		if err != nil {
			return err
		}
		next = old.next(chain)
		stolen, err = rotateOrRevoke(ctx, tx, session, old, next, now)
		return err
	})
	return session, next, stolen, err
}

// rotateOrRevoke replaces a session's refresh token, old, by next. If old is the token just before the current one and
// was replaced within refreshGrace, it changes nothing, because the program is retrying. Any other token was stolen:
// then it ends the session and returns true.
func rotateOrRevoke(
	ctx context.Context, tx Tx, session Session, old, next refreshToken, now Timestamp,
) (stolen bool, err error) {
	rotated, err := tx.RotateRefreshToken(ctx, session.ID, old.secretHash(), next.secretHash(), now)
	if err != nil {
		return false, err
	}
	if rotated {
		return false, tx.TouchSession(ctx, session.ID, now, session.expiry(now))
	}
	isRetry, err := tx.IsPreviousRefreshToken(ctx, session.ID, old.secretHash(), now-refreshGrace)
	if err != nil || isRetry {
		return false, err
	}
	return true, tx.EndSession(ctx, session.ID, now)
}

// signTokens returns a new access token of a session, together with its refresh token.
func (s *Service) signTokens(key SigningKey, session Session, next refreshToken) (Tokens, error) {
	now := s.clock()
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, accessClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: tokenIssuer, Audience: jwt.ClaimStrings{tokenAudience},
			Subject:  strconv.FormatInt(session.UserID, 10),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(AccessTokenLifetime)),
		},
		Session: session.ID,
	})
	token.Header["kid"] = key.keyID()
	access, err := token.SignedString(key.Value)
	return Tokens{Access: access, Refresh: next.String()}, err
}

// SessionByBearerToken returns the live session of an access token or bot token, and its user. Every invalid token
// returns ErrBadToken.
func (s *Service) SessionByBearerToken(ctx context.Context, token string) (session Session, user User, err error) {
	switch {
	case len(token) > maxBearerTokenBytes:
		err = ErrBadToken
	case strings.HasPrefix(token, botTokenPrefix):
		session, user, err = s.sessionByToken(ctx, token, BotSession)
	default:
		session, user, err = s.sessionByAccessToken(ctx, token)
	}
	if errors.Is(err, ErrNotFound) {
		err = ErrBadToken
	}
	return session, user, err
}

// sessionByAccessToken returns the live session to which an access token belongs, and its user.
func (s *Service) sessionByAccessToken(ctx context.Context, token string) (Session, User, error) {
	claims, err := s.verifyAccessToken(ctx, token)
	if err != nil {
		return Session{}, User{}, err
	}
	now := s.now()
	session, user, err := s.store.SessionByID(ctx, claims.Session, now)
	if err != nil {
		return Session{}, User{}, err
	}
	if session.Kind != ProgramSession || session.expiry(now) <= now ||
		strconv.FormatInt(user.ID, 10) != claims.Subject {
		return Session{}, User{}, ErrBadToken
	}
	s.touchSession(ctx, session, now)
	return session, user, nil
}

// verifyAccessToken checks an access token and returns its claims. If the key that signed it is unknown, it reads the
// keys from the store, because another node may have created that key.
func (s *Service) verifyAccessToken(ctx context.Context, token string) (accessClaims, error) {
	for _, age := range []time.Duration{maxKeyAge, maxUnknownKeyAge} {
		keys, err := s.signingKeys(ctx, age)
		if err != nil {
			return accessClaims{}, err
		}
		claims, err := s.parseAccessToken(token, keys)
		if err == nil {
			return claims, nil
		}
		if !errors.Is(err, errUnknownKey) {
			break
		}
	}
	return accessClaims{}, ErrBadToken
}

var errUnknownKey = errors.New("unknown key")

// parseAccessToken checks that an access token was made by signTokens with one of the keys, and returns its claims.
func (s *Service) parseAccessToken(token string, keys []SigningKey) (claims accessClaims, err error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(tokenIssuer), jwt.WithAudience(tokenAudience),
		jwt.WithExpirationRequired(), jwt.WithStrictDecoding(), jwt.WithTimeFunc(s.clock))
	_, err = parser.ParseWithClaims(token, &claims, func(t *jwt.Token) (any, error) {
		for _, k := range keys {
			if t.Header["kid"] == k.keyID() {
				return k.Value, nil
			}
		}
		return nil, errUnknownKey
	})
	return claims, err
}
