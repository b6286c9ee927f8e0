package db

import (
	"context"

	"charla/chat"
)

// SigningKeys returns at most limit keys, newest first.
func (r reader) SigningKeys(ctx context.Context, limit int) (keys []chat.SigningKey, err error) {
	const query = `
		SELECT id, value, created_at FROM signing_keys ORDER BY id DESC LIMIT $1`
	err = r.list(ctx, "list signing keys", &keys, query, limit)
	return keys, err
}

// InsertSigningKey adds a key and deletes all but the newest keep keys. If two nodes add a key at the same time, both
// keys have the same id, and only the first is stored.
func (w writer) InsertSigningKey(ctx context.Context, k chat.SigningKey, keep int) error {
	const op = "insert signing key"
	const (
		insert = `
			INSERT INTO signing_keys (id, value, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`
		prune = `
			DELETE FROM signing_keys WHERE id <= $1`
	)
	if _, err := w.exec(ctx, op, insert, k.ID, k.Value, k.CreatedAt); err != nil {
		return err
	}
	_, err := w.exec(ctx, op, prune, k.ID-int64(keep))
	return err
}
