package db

import (
	"context"

	"charla/chat"
)

// InsertRefreshToken adds the first refresh token of a session.
func (w writer) InsertRefreshToken(ctx context.Context, session int64, hash string, at chat.Timestamp) error {
	const query = `
		INSERT INTO tokens (session_id, hash, rotated_at) VALUES ($1, $2, $3)`
	_, err := w.exec(ctx, query, session, hash, at)
	return err
}

// RotateRefreshToken lets one of two who come at once through: the second finds another hash when it has waited for the first.
func (w writer) RotateRefreshToken(ctx context.Context, session int64, from, to string, at chat.Timestamp) (bool, error) {
	const query = `
		UPDATE tokens SET previous = hash, hash = $3, rotated_at = $4 WHERE session_id = $1 AND hash = $2`
	rotated, err := w.exec(ctx, query, session, from, to, at)
	return rotated > 0, err
}

// IsPreviousRefreshToken knows the token before the present one alone.
func (r reader) IsPreviousRefreshToken(ctx context.Context, session int64, hash string, since chat.Timestamp) (was bool, err error) {
	const query = `
		SELECT EXISTS (SELECT 1 FROM tokens WHERE session_id = $1 AND previous = $2 AND rotated_at >= $3)`
	err = r.get(ctx, &was, query, session, hash, since)
	return was, err
}
