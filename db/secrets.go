package db

import "context"

// EnsureSecret lets the first node win.
func (w writer) EnsureSecret(ctx context.Context, name string, value []byte) (kept []byte, err error) {
	const (
		keep = `
			INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`
		query = `
			SELECT value FROM secrets WHERE name = $1`
	)
	if _, err = w.exec(ctx, keep, name, value); err != nil {
		return nil, err
	}
	err = w.get(ctx, &kept, query, name)
	return kept, err
}
