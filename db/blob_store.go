package db

import (
	"context"

	"charla/chat"
)

// BlobByHash returns the blob that was made from uploaded bytes with this SHA-256 hash, and its id.
func (r reader) BlobByHash(ctx context.Context, hash string) (int64, chat.Blob, error) {
	const query = `
		SELECT id, object, hash, type, size, width, height, animated FROM blobs WHERE hash = $1`
	var row struct {
		ID int64 `db:"id"`
		chat.Blob
	}
	err := r.get(ctx, "read blob by hash", &row, query, hash)
	return row.ID, row.Blob, err
}

// InsertBlob adds a blob, unless one with the same hash exists. It waits for another transaction that inserts the same
// hash.
func (w writer) InsertBlob(ctx context.Context, b chat.Blob, at chat.Timestamp) error {
	const query = `
		INSERT INTO blobs (object, hash, type, size, width, height, animated, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (hash) DO NOTHING`
	_, err := w.exec(ctx, "insert blob", query, b.Object, b.Hash, b.Type, b.Size, b.Width, b.Height, b.Animated, at)
	return err
}
