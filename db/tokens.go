package db

import (
	"context"

	"charla/chat"
)

// InsertToken adds the first refresh token of a session.
func (w writer) InsertToken(ctx context.Context, session int64, hash string, at chat.Micros) error {
	const query = `
		INSERT INTO tokens (session_id, hash, rotated_at) VALUES ($1, $2, $3)`
	_, err := w.exec(ctx, query, session, hash, at)
	return err
}

// RotateToken lets one of two who come at once through: the second finds another hash when it has waited for the first.
func (w writer) RotateToken(ctx context.Context, session int64, from, to string, at chat.Micros) (bool, error) {
	const query = `
		UPDATE tokens SET previous = hash, hash = $3, rotated_at = $4 WHERE session_id = $1 AND hash = $2`
	rotated, err := w.exec(ctx, query, session, from, to, at)
	return rotated > 0, err
}

// WasToken knows the token before the present one alone.
func (r reader) WasToken(ctx context.Context, session int64, hash string, since chat.Micros) (was bool, err error) {
	const query = `
		SELECT EXISTS (SELECT 1 FROM tokens WHERE session_id = $1 AND previous = $2 AND rotated_at >= $3)`
	err = r.get(ctx, &was, query, session, hash, since)
	return was, err
}

// TokenKeys reads the key that signs and the one before.
func (r reader) TokenKeys(ctx context.Context) (keys []chat.TokenKey, err error) {
	const query = `
		SELECT id, value, created_at FROM token_keys ORDER BY id DESC LIMIT 2`
	err = r.list(ctx, &keys, query)
	return keys, err
}

// InsertTokenKey lets the first node win: the others would add the same id.
func (w writer) InsertTokenKey(ctx context.Context, k chat.TokenKey) error {
	const (
		insert = `
			INSERT INTO token_keys (id, value, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`
		prune = `
			DELETE FROM token_keys WHERE id < $1`
	)
	if _, err := w.exec(ctx, insert, k.ID, k.Value, k.CreatedAt); err != nil {
		return err
	}
	_, err := w.exec(ctx, prune, k.ID-1)
	return err
}
