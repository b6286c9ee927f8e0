package chat

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// AccessLife is how long an access token is good, unless its session ends before.
const AccessLife = 15 * time.Minute

// refreshAgain is how long a refresh token that was used is good for the same answer once more: a program whose answer was
// lost asks again.
const refreshAgain = Micros(time.Minute / time.Microsecond)

// maxBearer is far more than a token has, in bytes.
const maxBearer = 4 << 10

// Who makes access tokens, and for whom.
const (
	tokenIssuer   = "charla"
	tokenAudience = "charla"
)

// ErrBadToken is the one answer to a token that is not good, whatever is wrong with it.
var ErrBadToken = Errorf(Unauthenticated, "This token is not valid. Get a new one.")

// Tokens are what a program holds: an access token, good for AccessLife, and a refresh token, good for one use.
type Tokens struct{ Access, Refresh string }

// claims are what an access token says. It names a session, so that it ends with it.
type claims struct {
	jwt.RegisteredClaims
	Session int64 `json:"sid"`
}

// refresh is a refresh token. All tokens of a session share the family; the secret is new each time.
type refresh struct {
	family [16]byte
	secret [32]byte
}

func (r refresh) String() string {
	return base64.RawURLEncoding.EncodeToString(append(r.family[:], r.secret[:]...))
}

// parseRefresh reads a refresh token. What is none is ErrBadToken.
func parseRefresh(token string) (r refresh, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != len(r.family)+len(r.secret) || strings.ContainsAny(token, "\r\n") {
		return refresh{}, ErrBadToken
	}
	copy(r.family[:], raw)
	copy(r.secret[:], raw[len(r.family):])
	return r, nil
}

// next returns the token that follows r: always the same, and only for who knows the key.
func (r refresh) next(key []byte) refresh {
	mac := hmac.New(sha256.New, key)
	mac.Write(r.family[:])
	mac.Write(r.secret[:])
	return refresh{r.family, [32]byte(mac.Sum(nil))}
}

func (r refresh) familyHash() string { return hashToken(string(r.family[:])) }
func (r refresh) secretHash() string { return hashToken(string(r.secret[:])) }

// IssueTokens signs a program of by in. It answers as StartSession does.
func (s *Service) IssueTokens(ctx context.Context, by User, userAgent, ip string) (Tokens, error) {
	key, err := s.signingKey(ctx)
	if err != nil {
		return Tokens{}, err
	}
	var token refresh
	rand.Read(token.family[:])
	rand.Read(token.secret[:])
	session := newSession(by.ID, Program, s.micros())
	session.UserAgent, session.IP = clip(userAgent, maxUserAgent), ip
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		if session.ID, err = openSession(ctx, tx, by, session, token.familyHash()); err != nil {
			return err
		}
		return tx.InsertToken(ctx, session.ID, token.secretHash(), session.CreatedAt)
	})
	if err != nil {
		return Tokens{}, err
	}
	return s.sign(key, session, token)
}

// RefreshTokens gives new tokens for a refresh token, which is then used up. Within a minute, and until its successor is
// used, it is good for the same successor again. Later it is known to two, and so its session ends. Whatever is wrong,
// the answer is ErrBadToken.
func (s *Service) RefreshTokens(ctx context.Context, token string) (Tokens, error) {
	old, err := parseRefresh(token)
	if err != nil {
		return Tokens{}, err
	}
	key, err := s.signingKey(ctx)
	if err != nil {
		return Tokens{}, err
	}
	session, next, stolen, err := s.renew(ctx, old)
	switch {
	case errors.Is(err, ErrNotFound):
		return Tokens{}, ErrBadToken
	case err != nil:
		return Tokens{}, err
	case stolen:
		s.announceEnded([]int64{session.ID})
		return Tokens{}, ErrBadToken
	}
	return s.sign(key, session, next)
}

// renew finds the session of a refresh token and puts the next one in its place.
func (s *Service) renew(ctx context.Context, old refresh) (session Session, next refresh, stolen bool, err error) {
	fresh := make([]byte, keyBytes)
	rand.Read(fresh)
	err = s.store.InTx(ctx, func(tx Tx) error {
		now := s.micros()
		if session, _, err = tx.Session(ctx, old.familyHash(), now); err != nil {
			return err
		}
		chain, err := tx.KeepSecret(ctx, "refresh-tokens", fresh)
		if err != nil {
			return err
		}
		next = old.next(chain)
		stolen, err = rotate(ctx, tx, session, old, next, now)
		return err
	})
	return session, next, stolen, err
}

// rotate puts next in the place of old, or ends a session whose token was used before.
func rotate(ctx context.Context, tx Tx, session Session, old, next refresh, now Micros) (stolen bool, err error) {
	rotated, err := tx.RotateToken(ctx, session.ID, old.secretHash(), next.secretHash(), now)
	if err != nil {
		return false, err
	}
	if rotated {
		return false, tx.TouchSession(ctx, session.ID, now, now+session.Kind.life())
	}
	again, err := tx.WasToken(ctx, session.ID, old.secretHash(), now-refreshAgain)
	if err != nil || again {
		return false, err
	}
	return true, tx.EndSession(ctx, session.ID, now)
}

// sign makes an access token of a session.
func (s *Service) sign(key TokenKey, session Session, next refresh) (Tokens, error) {
	now := s.now()
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: tokenIssuer, Audience: jwt.ClaimStrings{tokenAudience}, Subject: strconv.FormatInt(session.UserID, 10),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(AccessLife)),
		},
		Session: session.ID,
	})
	token.Header["kid"] = key.name()
	access, err := token.SignedString(key.Value)
	return Tokens{Access: access, Refresh: next.String()}, err
}

// Bearer returns the live session of an access token, or of a bot's token, and its person. Whatever is wrong with the
// token, the answer is ErrBadToken.
func (s *Service) Bearer(ctx context.Context, token string) (session Session, user User, err error) {
	switch {
	case len(token) > maxBearer:
		err = ErrBadToken
	case strings.HasPrefix(token, botPrefix):
		session, user, err = s.opaque(ctx, token, BotToken)
	default:
		session, user, err = s.access(ctx, token)
	}
	if errors.Is(err, ErrNotFound) {
		err = ErrBadToken
	}
	return session, user, err
}

// access finds the session that an access token names.
func (s *Service) access(ctx context.Context, token string) (Session, User, error) {
	said, err := s.verify(ctx, token)
	if err != nil {
		return Session{}, User{}, err
	}
	now := s.micros()
	session, user, err := s.store.SessionByID(ctx, said.Session, now)
	if err == nil && (session.Kind != Program || strconv.FormatInt(user.ID, 10) != said.Subject) {
		err = ErrBadToken
	}
	if err != nil {
		return Session{}, User{}, err
	}
	s.touch(ctx, session, now)
	return session, user, nil
}

// verify reads an access token. Where its key is not known it looks whether there is a new one.
func (s *Service) verify(ctx context.Context, token string) (claims, error) {
	for _, age := range []time.Duration{keysFresh, keysUnknown} {
		keys, err := s.tokenKeys(ctx, age)
		if err != nil {
			return claims{}, err
		}
		said, err := s.parse(token, keys)
		if err == nil {
			return said, nil
		}
		if !errors.Is(err, errUnknownKey) {
			break
		}
	}
	return claims{}, ErrBadToken
}

var errUnknownKey = errors.New("unknown key")

// parse accepts exactly what sign makes.
func (s *Service) parse(token string, keys []TokenKey) (said claims, err error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(tokenIssuer), jwt.WithAudience(tokenAudience),
		jwt.WithExpirationRequired(), jwt.WithStrictDecoding(), jwt.WithTimeFunc(s.now))
	_, err = parser.ParseWithClaims(token, &said, func(t *jwt.Token) (any, error) {
		for _, k := range keys {
			if t.Header["kid"] == k.name() {
				return k.Value, nil
			}
		}
		return nil, errUnknownKey
	})
	return said, err
}
