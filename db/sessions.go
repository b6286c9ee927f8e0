package db

import (
	"context"

	"charla/chat"
)

// Session finds a live session and its person in one look.
func (r reader) Session(ctx context.Context, hash string, now chat.Micros) (chat.Session, chat.User, error) {
	const query = `
		SELECT s.id AS "s.id", s.user_id AS "s.user_id", s.created_at AS "s.created_at", s.seen_at AS "s.seen_at",
			s.expires_at AS "s.expires_at", s.user_agent AS "s.user_agent", s.ip AS "s.ip",
			u.id, u.name, u.email, u.locale, u.theme, u.role, u.disabled_at, u.avatar
		FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE s.hash = $1 AND s.ended_at = 0 AND s.expires_at > $2 AND u.disabled_at = 0`
	var row struct {
		chat.User
		Session chat.Session `db:"s"`
	}
	err := r.get(ctx, &row, query, hash, now)
	return row.Session, row.User, err
}

// EndedSessions has no limit: whoever is left out would keep reading. It is bounded by how little ends in a moment.
func (r reader) EndedSessions(ctx context.Context, since chat.Micros) (ids []int64, err error) {
	const query = `
		SELECT id FROM sessions
		WHERE id IN (
			SELECT id FROM sessions WHERE ended_at > 0 AND ended_at >= $1
			UNION ALL
			SELECT s.id FROM users u JOIN sessions s ON s.user_id = u.id WHERE u.disabled_at > 0 AND u.disabled_at >= $1)
		ORDER BY id`
	err = r.list(ctx, &ids, query, since)
	return ids, err
}

// InsertSession stores a session under the hash of its token.
func (w writer) InsertSession(ctx context.Context, s chat.Session, hash string) (id int64, err error) {
	const query = `
		INSERT INTO sessions (hash, user_id, created_at, seen_at, expires_at, user_agent, ip)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		RETURNING id`
	err = w.get(ctx, &id, query, hash, s.UserID, s.CreatedAt, s.SeenAt, s.ExpiresAt, s.UserAgent, s.IP)
	return id, err
}

// TouchSession does not wake a session that has ended.
func (w writer) TouchSession(ctx context.Context, id int64, seen, expires chat.Micros) error {
	const query = `
		UPDATE sessions SET seen_at = $2, expires_at = $3 WHERE id = $1 AND ended_at = 0`
	_, err := w.exec(ctx, query, id, seen, expires)
	return err
}

// EndSession ends a session once: the first time stays.
func (w writer) EndSession(ctx context.Context, id int64, at chat.Micros) error {
	const query = `
		UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at = 0`
	_, err := w.exec(ctx, query, id, at)
	return err
}

// EndSessions spares one.
func (w writer) EndSessions(ctx context.Context, user, but int64, at chat.Micros) (ids []int64, err error) {
	const query = `
		UPDATE sessions SET ended_at = $3 WHERE user_id = $1 AND id <> $2 AND ended_at = 0
		RETURNING id`
	err = w.list(ctx, &ids, query, user, but, at)
	return ids, err
}

// PruneSessions forgets what has been over since before t.
func (w writer) PruneSessions(ctx context.Context, t chat.Micros) error {
	const query = `
		DELETE FROM sessions WHERE expires_at < $1 OR (ended_at > 0 AND ended_at < $1)`
	_, err := w.exec(ctx, query, t)
	return err
}
