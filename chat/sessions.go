package chat

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"log/slog"
	"time"
)

// SessionReader reads sessions. A session is live until it ends or expires or its user is disabled.
type SessionReader interface {
	// Session returns the live session with this token hash, and its user.
	Session(ctx context.Context, hash string, now Timestamp) (Session, User, error)
	// SessionByID returns the live session with this id, and its user.
	SessionByID(ctx context.Context, id int64, now Timestamp) (Session, User, error)
	// Sessions lists the live sessions of a user, most recently used first.
	Sessions(ctx context.Context, user int64, now Timestamp, limit int) ([]Session, error)
	// EndedSessions lists the ids of sessions that ended, or whose user was disabled, at or after since.
	EndedSessions(ctx context.Context, since Timestamp) ([]int64, error)
	// LastSeen returns when a user last used one of their sessions, or zero if they never did.
	LastSeen(ctx context.Context, user int64) (Timestamp, error)
}

// SessionWriter changes sessions.
type SessionWriter interface {
	// InsertSession adds a session with the hash of its token and returns its id.
	InsertSession(ctx context.Context, s Session, hash string) (int64, error)
	// TouchSession records when a session was used and when it will expire.
	TouchSession(ctx context.Context, id int64, seen, expires Timestamp) error
	// EndSession ends a session.
	EndSession(ctx context.Context, id int64, at Timestamp) error
	// EndUserSession ends a live session of a user. It returns ErrNotFound if the user has no such session.
	EndUserSession(ctx context.Context, user, id int64, at Timestamp) error
	// EndSessions ends the sessions of a user except the one with the id except (zero for none), and returns their ids.
	EndSessions(ctx context.Context, user, except int64, at Timestamp) ([]int64, error)
	// PruneSessions deletes the rows of sessions that expired or ended before t.
	PruneSessions(ctx context.Context, t Timestamp) error
}

// A session lives a month from its last use, a bot's a year; its use is recorded at most once a minute.
const (
	sessionLifetime  = Timestamp(30 * 24 * time.Hour / time.Microsecond)
	botTokenLifetime = Timestamp(365 * 24 * time.Hour / time.Microsecond)
	touchInterval    = Timestamp(time.Minute / time.Microsecond)
)

// lifetime is how long a session lives from its last use.
func (k SessionKind) lifetime() Timestamp {
	if k == BotSession {
		return botTokenLifetime
	}
	return sessionLifetime
}

const maxUserAgentBytes = 200 // bytes kept of what a browser says of itself

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

func newSession(user int64, kind SessionKind, now Timestamp) Session {
	return Session{UserID: user, Kind: kind, CreatedAt: now, SeenAt: now, ExpiresAt: now + kind.lifetime()}
}

// insertLoginSession adds a session for by, unless they were shut out or the password that they showed was changed meanwhile: who ends all
// sessions would not have ended this one. It takes the lock that those take.
func insertLoginSession(ctx context.Context, tx Tx, by Credentials, session Session, hash string) (id int64, err error) {
	err = tx.LockAccount(ctx, by.ID, by.PasswordHash)
	if errors.Is(err, ErrNotFound) {
		return 0, errBadCredentials
	}
	if err != nil {
		return 0, err
	}
	return tx.InsertSession(ctx, session, hash)
}

// StartSession signs by in and returns the token that the browser keeps. It answers Unauthenticated as LogIn does, for
// what changed since.
func (s *Service) StartSession(ctx context.Context, by Credentials, userAgent, ip string) (string, error) {
	token := newToken()
	session := newSession(by.ID, BrowserSession, s.now())
	session.UserAgent, session.IP = truncate(userAgent, maxUserAgentBytes), ip
	err := s.store.InTx(ctx, func(tx Tx) error {
		_, err := insertLoginSession(ctx, tx, by, session, hashToken(token))
		return err
	})
	return token, err
}

// Session returns the live session of the token that a browser keeps and its person, or ErrNotFound.
func (s *Service) Session(ctx context.Context, token string) (Session, User, error) {
	return s.sessionByToken(ctx, token, BrowserSession)
}

// sessionByToken finds the live session of a token that means nothing by itself.
func (s *Service) sessionByToken(ctx context.Context, token string, kind SessionKind) (Session, User, error) {
	now := s.now()
	session, user, err := s.store.Session(ctx, hashToken(token), now)
	if err == nil && session.Kind != kind {
		err = ErrNotFound
	}
	if err != nil {
		return Session{}, User{}, err
	}
	s.touchSession(ctx, session, now)
	return session, user, nil
}

// touchSession records that a session was used. It may fail without harm: the next request tries again.
func (s *Service) touchSession(ctx context.Context, session Session, now Timestamp) {
	if now-session.SeenAt <= touchInterval {
		return
	}
	err := s.store.InTx(ctx, func(tx Tx) error { return tx.TouchSession(ctx, session.ID, now, now+session.Kind.lifetime()) })
	if err != nil {
		slog.WarnContext(ctx, "session not touched", "session", session.ID, "error", err)
	}
}

// EndSession signs a session out and closes its streams.
func (s *Service) EndSession(ctx context.Context, session Session) error {
	if err := s.store.InTx(ctx, func(tx Tx) error { return tx.EndSession(ctx, session.ID, s.now()) }); err != nil {
		return err
	}
	s.events.Publish(SessionEnded{Session: session.ID})
	return nil
}

const maxSessions = 100

// Sessions lists where by is signed in, used last first; at most 100.
func (s *Service) Sessions(ctx context.Context, by User) ([]Session, error) {
	return s.store.Sessions(ctx, by.ID, s.now(), maxSessions)
}

// EndUserSession signs by out somewhere. It answers NotFound for a session that is over or not by's.
func (s *Service) EndSessionByID(ctx context.Context, by User, session int64) error {
	err := s.store.InTx(ctx, func(tx Tx) error { return tx.EndUserSession(ctx, by.ID, session, s.now()) })
	if err == nil {
		s.publishSessionsEnded([]int64{session})
	}
	return err
}

// EndOtherSessions signs by out everywhere but in one session.
func (s *Service) EndOtherSessions(ctx context.Context, by User, kept Session) error {
	var ended []int64
	err := s.store.InTx(ctx, func(tx Tx) (err error) {
		ended, err = tx.EndSessions(ctx, by.ID, kept.ID, s.now())
		return err
	})
	if err == nil {
		s.publishSessionsEnded(ended)
	}
	return err
}

// PruneSessions forgets sessions that have been over for a day.
func (s *Service) PruneSessions(ctx context.Context) error {
	before := TimestampOf(s.clock().Add(-24 * time.Hour))
	return s.store.InTx(ctx, func(tx Tx) error { return tx.PruneSessions(ctx, before) })
}

// SessionKind tells what a session is held by.
type SessionKind string

// Session is one signed-in browser or program. The token itself is never stored, only its hash.
type Session struct {
	ID        int64       `db:"id"`
	UserID    int64       `db:"user_id"`
	Kind      SessionKind `db:"kind"`
	CreatedAt Timestamp   `db:"created_at"`
	SeenAt    Timestamp   `db:"seen_at"`
	ExpiresAt Timestamp   `db:"expires_at"`
	UserAgent string      `db:"user_agent"`
	IP        string      `db:"ip"`
}

// publishSessionsEnded closes the streams of sessions that are over.
func (s *Service) publishSessionsEnded(sessions []int64) {
	for _, id := range sessions {
		s.events.Publish(SessionEnded{Session: id})
	}
}
