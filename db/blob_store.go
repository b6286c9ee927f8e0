package db

import (
	"context"

	"charla/chat"
)

// BlobByHash finds content by the bytes that it came from.
func (r reader) BlobByHash(ctx context.Context, hash string) (int64, chat.Blob, error) {
	const query = `
		SELECT id, object, hash, type, size, width, height, moves FROM contents WHERE hash = $1`
	var row struct {
		ID int64 `db:"id"`
		chat.Blob
	}
	err := r.get(ctx, &row, query, hash)
	return row.ID, row.Blob, err
}

// InsertBlob waits for another transaction that inserts the same bytes.
func (w writer) InsertBlob(ctx context.Context, c chat.Blob, at chat.Timestamp) error {
	const query = `
		INSERT INTO contents (object, hash, type, size, width, height, moves, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (hash) DO NOTHING`
	_, err := w.exec(ctx, query, c.Object, c.Hash, c.Type, c.Size, c.Width, c.Height, c.Animated, at)
	return err
}
