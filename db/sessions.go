package db

import (
	"cmp"
	"context"

	"charla/chat"
)

// selectSession selects a session that is live at time $2, together with its user.
const selectSession = `
	SELECT s.id AS "s.id", s.user_id AS "s.user_id", s.kind AS "s.kind", s.created_at AS "s.created_at",
		s.seen_at AS "s.seen_at", s.expires_at AS "s.expires_at", s.user_agent AS "s.user_agent", s.ip AS "s.ip",
		s.password_at AS "s.password_at",
		` + userColumns + `
	FROM sessions s JOIN users u ON u.id = s.user_id
	WHERE s.ended_at = 0 AND s.expires_at > $2 AND u.disabled_at = 0`

// Session returns the live session whose token has this hash. On SQLite it may come from the sessionCache.
func (s *Store) Session(ctx context.Context, hash string, now chat.Timestamp) (chat.Session, chat.User, error) {
	query := func() (chat.Session, chat.User, error) { return s.reader.Session(ctx, hash, now) }
	if !s.cachesSessions() {
		return query()
	}
	return s.sessions.read(sessionKey{hash: hash}, now, query)
}

// SessionByID returns the live session with this id, and its user. On SQLite it may come from the sessionCache.
func (s *Store) SessionByID(ctx context.Context, id int64, now chat.Timestamp) (chat.Session, chat.User, error) {
	query := func() (chat.Session, chat.User, error) { return s.reader.SessionByID(ctx, id, now) }
	if !s.cachesSessions() {
		return query()
	}
	return s.sessions.read(sessionKey{id: id}, now, query)
}

// cachesSessions reports whether this process makes all changes of the database, as on SQLite. On PostgreSQL other
// nodes change it too.
func (s *Store) cachesSessions() bool { return s.committer != nil }

// Session returns the live session whose token has this hash, as of this moment.
func (r reader) Session(ctx context.Context, hash string, now chat.Timestamp) (chat.Session, chat.User, error) {
	const query = selectSession + ` AND s.hash = $1`
	return r.sessionRow(ctx, "read session", query, hash, now)
}

// SessionByID returns the live session with this id, and its user, as of this moment.
func (r reader) SessionByID(ctx context.Context, id int64, now chat.Timestamp) (chat.Session, chat.User, error) {
	const query = selectSession + ` AND s.id = $1`
	return r.sessionRow(ctx, "read session by id", query, id, now)
}

func (r reader) sessionRow(ctx context.Context, op, query string, args ...any) (chat.Session, chat.User, error) {
	var row struct {
		chat.User
		Session chat.Session `db:"s"`
	}
	err := r.get(ctx, op, &row, query, args...)
	return row.Session, row.User, err
}

// Sessions lists the live sessions of a user, without ended and expired ones.
func (r reader) Sessions(ctx context.Context, user int64, now chat.Timestamp,
	limit int) (sessions []chat.Session, err error) {
	const query = `
		SELECT id, user_id, kind, created_at, seen_at, expires_at, user_agent, ip FROM sessions
		WHERE user_id = $1 AND ended_at = 0 AND expires_at > $2
		ORDER BY seen_at DESC, id DESC
		LIMIT $3`
	err = r.list(ctx, "list sessions", &sessions, query, user, now, limit)
	return sessions, err
}

// EndedSessions lists the sessions that ended at or after a time. It has no limit, because a session that is missing
// from the result would keep its access. Callers ask for a short time, in which few sessions end.
func (r reader) EndedSessions(ctx context.Context, since chat.Timestamp) (ids []int64, err error) {
	const query = `
		SELECT id FROM sessions
		WHERE id IN (
			SELECT id FROM sessions WHERE ended_at > 0 AND ended_at >= $1
			UNION ALL
			SELECT s.id FROM users u JOIN sessions s ON s.user_id = u.id
			WHERE u.disabled_at > 0 AND u.disabled_at >= $1)
		ORDER BY id`
	err = r.list(ctx, "list ended sessions", &ids, query, since)
	return ids, err
}

// LastSeen returns when a user last used a session, which may have ended since.
func (r reader) LastSeen(ctx context.Context, user int64) (at chat.Timestamp, err error) {
	const query = `
		SELECT COALESCE(MAX(seen_at), 0) FROM sessions WHERE user_id = $1`
	err = r.get(ctx, "read last seen", &at, query, user)
	return at, err
}

// InsertSession stores a session with the hash of its token and returns its id. An empty Kind is stored as a browser
// session.
func (w writer) InsertSession(ctx context.Context, s chat.Session, hash string) (id int64, err error) {
	const query = `
		INSERT INTO sessions (hash, user_id, kind, created_at, seen_at, expires_at, user_agent, ip, password_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		RETURNING id`
	err = w.get(ctx, "insert session", &id, query, hash, s.UserID, cmp.Or(s.Kind, chat.BrowserSession), s.CreatedAt,
		s.SeenAt, s.ExpiresAt, s.UserAgent, s.IP, s.PasswordAt)
	return id, err
}

const touchSession = `
	UPDATE sessions SET seen_at = $2, expires_at = $3 WHERE id = $1 AND ended_at = 0`

// TouchSession records when a session was used and when it expires. It does nothing if the session has ended.
func (w writer) TouchSession(ctx context.Context, id int64, seen, expires chat.Timestamp) error {
	_, err := w.exec(ctx, "touch session", touchSession, id, seen, expires)
	return err
}

// SetPasswordAt records when the password was given in a session.
func (w writer) SetPasswordAt(ctx context.Context, id int64, at chat.Timestamp) error {
	const query = `
		UPDATE sessions SET password_at = $2 WHERE id = $1 AND ended_at = 0`
	return w.execRow(ctx, "set time of password", query, id, at)
}

// EndSession ends a session. It does nothing if the session has already ended.
func (w writer) EndSession(ctx context.Context, id int64, at chat.Timestamp) error {
	const query = `
		UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at = 0`
	_, err := w.exec(ctx, "end session", query, id, at)
	return err
}

// EndUserSession ends a live session of a user. It returns chat.ErrNotFound if the user has no such session.
func (w writer) EndUserSession(ctx context.Context, user, id int64, at chat.Timestamp) error {
	const query = `
		UPDATE sessions SET ended_at = $3 WHERE user_id = $1 AND id = $2 AND ended_at = 0 AND expires_at > $3`
	return w.execRow(ctx, "end session of user", query, user, id, at)
}

// EndSessions ends all sessions of a user, apart from one that the caller excepts by its id (zero for none), and
// returns the ids of the ended sessions.
func (w writer) EndSessions(ctx context.Context, user, except int64, at chat.Timestamp) (ids []int64, err error) {
	const query = `
		UPDATE sessions SET ended_at = $3 WHERE user_id = $1 AND id <> $2 AND ended_at = 0
		RETURNING id`
	err = w.list(ctx, "end sessions", &ids, query, user, except, at)
	return ids, err
}

// EndExpiredSessions ends the sessions that have expired and returns their ids.
func (w writer) EndExpiredSessions(ctx context.Context, now chat.Timestamp) (ids []int64, err error) {
	const query = `
		UPDATE sessions SET ended_at = $1 WHERE expires_at <= $1 AND ended_at = 0
		RETURNING id`
	err = w.list(ctx, "end expired sessions", &ids, query, now)
	return ids, err
}

// PruneSessions deletes sessions that expired or ended before a time.
func (w writer) PruneSessions(ctx context.Context, before chat.Timestamp) error {
	const query = `
		DELETE FROM sessions WHERE expires_at < $1 OR (ended_at > 0 AND ended_at < $1)`
	_, err := w.exec(ctx, "prune sessions", query, before)
	return err
}
