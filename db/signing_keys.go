package db

import (
	"context"

	"charla/chat"
)

// SigningKeys reads the key that signs and the one before.
func (r reader) SigningKeys(ctx context.Context) (keys []chat.SigningKey, err error) {
	const query = `
		SELECT id, value, created_at FROM token_keys ORDER BY id DESC LIMIT 2`
	err = r.list(ctx, &keys, query)
	return keys, err
}

// InsertSigningKey lets the first node win: the others would add the same id.
func (w writer) InsertSigningKey(ctx context.Context, k chat.SigningKey) error {
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
