package db

import "context"

// EnsureSecret stores a secret unless one with this name exists, and returns the stored one. If two nodes do this at
// the same time, both get the same secret.
func (w writer) EnsureSecret(ctx context.Context, name string, value []byte) (stored []byte, err error) {
	const op = "ensure secret"
	const (
		insert = `
			INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`
		query = `
			SELECT value FROM secrets WHERE name = $1`
	)
	if _, err = w.exec(ctx, op, insert, name, value); err != nil {
		return nil, err
	}
	err = w.get(ctx, op, &stored, query, name)
	return stored, err
}
