package db

import (
	"context"

	"charla/chat"
)

// InsertRefreshToken stores the first refresh token of a session.
func (w writer) InsertRefreshToken(ctx context.Context, session int64, hash string, at chat.Timestamp) error {
	const query = `
		INSERT INTO refresh_tokens (session_id, hash, rotated_at) VALUES ($1, $2, $3)`
	_, err := w.exec(ctx, "insert refresh token", query, session, hash, at)
	return err
}

// RotateRefreshToken replaces a session's refresh token and reports whether it did. If two transactions replace the
// same token at the same time, the second waits for the first, then finds a different hash, and returns false.
func (w writer) RotateRefreshToken(ctx context.Context, session int64, from, to string,
	at chat.Timestamp) (bool, error) {
	const query = `
		UPDATE refresh_tokens SET previous_hash = hash, hash = $3, rotated_at = $4
		WHERE session_id = $1 AND hash = $2`
	rotated, err := w.exec(ctx, "rotate refresh token", query, session, from, to, at)
	return rotated > 0, err
}

// IsPreviousRefreshToken reports whether hash is that of the token just before the current one. It does not recognize
// older tokens.
func (r reader) IsPreviousRefreshToken(ctx context.Context, session int64, hash string,
	since chat.Timestamp) (previous bool, err error) {
	const query = `
		SELECT EXISTS (
			SELECT 1 FROM refresh_tokens WHERE session_id = $1 AND previous_hash = $2 AND rotated_at >= $3)`
	err = r.get(ctx, "check previous refresh token", &previous, query, session, hash, since)
	return previous, err
}
