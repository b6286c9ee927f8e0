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

// RotateRefreshToken succeeds for only one of two concurrent callers with the same token: the second waits for the row
// and then finds another hash in it.
func (w writer) RotateRefreshToken(ctx context.Context, session int64, from, to string,
	at chat.Timestamp) (bool, error) {
	const query = `
		UPDATE refresh_tokens SET previous_hash = hash, hash = $3, rotated_at = $4
		WHERE session_id = $1 AND hash = $2`
	rotated, err := w.exec(ctx, "rotate refresh token", query, session, from, to, at)
	return rotated > 0, err
}

// IsPreviousRefreshToken compares with one token only, the one before the current token.
func (r reader) IsPreviousRefreshToken(ctx context.Context, session int64, hash string,
	since chat.Timestamp) (previous bool, err error) {
	const query = `
		SELECT EXISTS (
			SELECT 1 FROM refresh_tokens WHERE session_id = $1 AND previous_hash = $2 AND rotated_at >= $3)`
	err = r.get(ctx, "check previous refresh token", &previous, query, session, hash, since)
	return previous, err
}
