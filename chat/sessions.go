package chat

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"time"
)

// A session lives a month from its last use; its use is recorded at most once a minute.
const (
	sessionLife = Micros(30 * 24 * time.Hour / time.Microsecond)
	touchEvery  = Micros(time.Minute / time.Microsecond)
)

const maxUserAgent = 200 // bytes kept of what a browser says of itself

// hashToken is how a token is stored: a token has 256 bits of chance, so a plain hash cannot be guessed back.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func newToken() string {
	raw := make([]byte, 32)
	rand.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw)
}

func newSession(user int64, now Micros) Session {
	return Session{UserID: user, CreatedAt: now, SeenAt: now, ExpiresAt: now + sessionLife}
}

// StartSession signs by in and returns the token that the browser keeps.
func (s *Service) StartSession(ctx context.Context, by User, userAgent, ip string) (string, error) {
	token := newToken()
	session := newSession(by.ID, s.micros())
	session.UserAgent, session.IP = clip(userAgent, maxUserAgent), ip
	err := s.store.InTx(ctx, func(tx Tx) error {
		_, err := tx.InsertSession(ctx, session, hashToken(token))
		return err
	})
	return token, err
}

// Session returns the live session of a token and its person, or ErrNotFound.
func (s *Service) Session(ctx context.Context, token string) (Session, User, error) {
	now := s.micros()
	session, user, err := s.store.Session(ctx, hashToken(token), now)
	if err == nil && now-session.SeenAt > touchEvery {
		s.touch(ctx, session.ID, now)
	}
	return session, user, err
}

// touch may fail without harm: the next request tries again.
func (s *Service) touch(ctx context.Context, id int64, now Micros) {
	err := s.store.InTx(ctx, func(tx Tx) error { return tx.TouchSession(ctx, id, now, now+sessionLife) })
	if err != nil {
		slog.WarnContext(ctx, "session not touched", "session", id, "error", err)
	}
}

// EndSession signs a session out and closes its streams.
func (s *Service) EndSession(ctx context.Context, session Session) error {
	if err := s.store.InTx(ctx, func(tx Tx) error { return tx.EndSession(ctx, session.ID, s.micros()) }); err != nil {
		return err
	}
	s.events.Publish(SessionEnded{Session: session.ID})
	return nil
}

// PruneSessions forgets sessions that have been over for a day.
func (s *Service) PruneSessions(ctx context.Context) error {
	before := At(s.now().Add(-24 * time.Hour))
	return s.store.InTx(ctx, func(tx Tx) error { return tx.PruneSessions(ctx, before) })
}

// Secret returns the secret of this name that all nodes share, made at first use: 64 random bytes.
func (s *Service) Secret(ctx context.Context, name string) (value []byte, err error) {
	fresh := make([]byte, 64)
	rand.Read(fresh)
	err = s.store.InTx(ctx, func(tx Tx) error {
		value, err = tx.KeepSecret(ctx, name, fresh)
		return err
	})
	return value, err
}
