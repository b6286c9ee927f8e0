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

// SessionReader reads sessions. A session is live until it ends, expires or its user is disabled.
type SessionReader interface {
	// Session returns the live session whose token has this hash, and its user.
	Session(ctx context.Context, hash string, now Timestamp) (Session, User, error)
	// SessionByID returns the live session with this id, and its user.
	SessionByID(ctx context.Context, id int64, now Timestamp) (Session, User, error)
	// Sessions lists the live sessions of a user, most recently used first.
	Sessions(ctx context.Context, user int64, now Timestamp, limit int) ([]Session, error)
	// EndedSessions lists the ids of sessions that ended, or whose user was disabled, at or after the time "since".
	EndedSessions(ctx context.Context, since Timestamp) ([]int64, error)
	// LastSeen returns when a user last used a session, or zero if they never did.
	LastSeen(ctx context.Context, user int64) (Timestamp, error)
}

// SessionWriter changes sessions.
type SessionWriter interface {
	// InsertSession adds a session with the hash of its token and returns its id.
	InsertSession(ctx context.Context, s Session, hash string) (int64, error)
	// TouchSession records when a session was used and when it will expire.
	TouchSession(ctx context.Context, id int64, seen, expires Timestamp) error
	// SetPasswordAt records when the password was given in a session. It returns ErrNotFound if the session has ended.
	SetPasswordAt(ctx context.Context, id int64, at Timestamp) error
	// EndSession ends a session.
	EndSession(ctx context.Context, id int64, at Timestamp) error
	// EndUserSession ends a live session of a user. It returns ErrNotFound if the user has no such session.
	EndUserSession(ctx context.Context, user, id int64, at Timestamp) error
	// EndSessions ends the sessions of a user and returns their ids. It leaves out the session whose id is given as
	// "except", if that is not zero.
	EndSessions(ctx context.Context, user, except int64, at Timestamp) ([]int64, error)
	// EndExpiredSessions ends the sessions that have expired and returns their ids.
	EndExpiredSessions(ctx context.Context, now Timestamp) ([]int64, error)
	// PruneSessions deletes the rows of sessions that expired or ended before the given time.
	PruneSessions(ctx context.Context, t Timestamp) error
}

// SessionKind is the kind of client that holds a session.
type SessionKind string

// The kinds of clients. A browser holds a cookie, a program holds access and refresh tokens, and a bot holds one token
// that lives long.
const (
	BrowserSession SessionKind = "browser"
	ProgramSession SessionKind = "program"
	BotSession     SessionKind = "bot"
)

// Session is one signed-in browser or program. The store keeps only a hash of its token, never the token itself.
type Session struct {
	ID        int64       `db:"id"`
	UserID    int64       `db:"user_id"`
	Kind      SessionKind `db:"kind"`
	CreatedAt Timestamp   `db:"created_at"`
	SeenAt    Timestamp   `db:"seen_at"`
	ExpiresAt Timestamp   `db:"expires_at"`
	UserAgent string      `db:"user_agent"`
	IP        string      `db:"ip"`

	PasswordAt Timestamp `db:"password_at"` // when the password was last given in this session; zero for never
}

// How long a session lives and how often its use is recorded. A session expires 30 days after its last use, and at the
// latest a year after its start. The session of a bot expires a year after its last use. The use of a session is
// recorded at most once a minute.
const (
	sessionLifetime    = Timestamp(30 * 24 * time.Hour / time.Microsecond)
	maxSessionLifetime = Timestamp(365 * 24 * time.Hour / time.Microsecond)
	botTokenLifetime   = Timestamp(365 * 24 * time.Hour / time.Microsecond)
	touchInterval      = Timestamp(time.Minute / time.Microsecond)
)

// expiry returns when a session expires that is used now.
func (s Session) expiry(now Timestamp) Timestamp {
	if s.Kind == BotSession {
		return now + botTokenLifetime
	}
	return min(now+sessionLifetime, s.CreatedAt+maxSessionLifetime)
}

// endedSessionRetention is how long the row of an ended session is kept, so that every node notices that it ended.
const endedSessionRetention = Timestamp(24 * time.Hour / time.Microsecond)

const maxUserAgentBytes = 200 // of the User-Agent header that a session keeps

// hashToken returns the hash under which a token is stored. It needs no salt: tokens have 256 random bits, so nobody
// can find a token by guessing.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// newToken returns a random token of 256 bits.
func newToken() string {
	raw := make([]byte, 32)
	rand.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw)
}

func newSession(user int64, kind SessionKind, now Timestamp) Session {
	session := Session{UserID: user, Kind: kind, CreatedAt: now, SeenAt: now}
	session.ExpiresAt = session.expiry(now)
	return session
}

// insertLoginSession adds a session for a user who has just proved their password. It returns Unauthenticated if the
// user was disabled or their password changed since then. Disabling a user and changing a password end all sessions of
// the user. They take the same lock as insertLoginSession, so that they do not miss the new session.
func insertLoginSession(
	ctx context.Context, tx Tx, by Credentials, session Session, hash string,
) (id int64, err error) {
	err = tx.LockAccount(ctx, by.ID, by.PasswordHash)
	if errors.Is(err, ErrNotFound) {
		return 0, errBadCredentials
	}
	if err != nil {
		return 0, err
	}
	session.PasswordAt = session.CreatedAt
	return tx.InsertSession(ctx, session, hash)
}

// StartSession starts a browser session and returns its token. It returns Unauthenticated if the user was disabled or
// their password changed since LogIn.
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

// Session returns the live browser session with this token, and its user. It returns ErrNotFound if there is no such
// session.
func (s *Service) Session(ctx context.Context, token string) (Session, User, error) {
	return s.sessionByToken(ctx, token, BrowserSession)
}

// sessionByToken returns the live session with this kind and token, and its user. It cannot find access tokens, because
// their hashes are not stored.
func (s *Service) sessionByToken(ctx context.Context, token string, kind SessionKind) (Session, User, error) {
	now := s.now()
	session, user, err := s.store.Session(ctx, hashToken(token), now)
	if err != nil {
		return Session{}, User{}, err
	}
	if session.Kind != kind || session.expiry(now) <= now {
		return Session{}, User{}, ErrNotFound
	}
	s.touchSession(ctx, session, now)
	return session, user, nil
}

// touchSession records that a session was used. It only logs a failure, because the next request tries again.
func (s *Service) touchSession(ctx context.Context, session Session, now Timestamp) {
	if now-session.SeenAt <= touchInterval {
		return
	}
	err := s.store.InTx(ctx, func(tx Tx) error {
		return tx.TouchSession(ctx, session.ID, now, session.expiry(now))
	})
	if err != nil {
		slog.WarnContext(ctx, "record session use failed", "session", session.ID, "error", err)
	}
}

// EndSession ends a session and closes its event streams.
func (s *Service) EndSession(ctx context.Context, session Session) error {
	if err := s.store.InTx(ctx, func(tx Tx) error { return tx.EndSession(ctx, session.ID, s.now()) }); err != nil {
		return err
	}
	s.events.Publish(SessionEnded{Session: session.ID})
	return nil
}

const maxSessions = 100

// Sessions lists the live sessions of the acting user, most recently used first, at most 100.
func (s *Service) Sessions(ctx context.Context, by User) ([]Session, error) {
	return s.store.Sessions(ctx, by.ID, s.now(), maxSessions)
}

// EndSessionByID ends another session of the acting user. It returns ErrNotFound if the user has no such live session.
func (s *Service) EndSessionByID(ctx context.Context, by User, session int64) error {
	err := s.store.InTx(ctx, func(tx Tx) error { return tx.EndUserSession(ctx, by.ID, session, s.now()) })
	if err != nil {
		return err
	}
	s.publishSessionsEnded([]int64{session})
	return nil
}

// EndOtherSessions ends all sessions of the acting user except the session kept.
func (s *Service) EndOtherSessions(ctx context.Context, by User, kept Session) error {
	var ended []int64
	err := s.store.InTx(ctx, func(tx Tx) (err error) {
		ended, err = tx.EndSessions(ctx, by.ID, kept.ID, s.now())
		return err
	})
	if err != nil {
		return err
	}
	s.publishSessionsEnded(ended)
	return nil
}

// PruneSessions ends the sessions that have expired, which closes their event streams, and deletes the rows of sessions
// that ended or expired more than a day ago.
func (s *Service) PruneSessions(ctx context.Context) error {
	now := s.now()
	var expired []int64
	err := s.store.InTx(ctx, func(tx Tx) (err error) {
		if expired, err = tx.EndExpiredSessions(ctx, now); err != nil {
			return err
		}
		return tx.PruneSessions(ctx, now-endedSessionRetention)
	})
	if err != nil {
		return err
	}
	s.publishSessionsEnded(expired)
	return nil
}

// publishSessionsEnded announces that sessions have ended. The event streams of these sessions are then closed.
func (s *Service) publishSessionsEnded(sessions []int64) {
	for _, id := range sessions {
		s.events.Publish(SessionEnded{Session: id})
	}
}
