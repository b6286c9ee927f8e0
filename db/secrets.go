package db

import "context"

// Secret returns what the nodes share under this name.
func (r reader) Secret(ctx context.Context, name string) (value []byte, err error) {
	const query = `
		SELECT value FROM secrets WHERE name = $1`
	err = r.get(ctx, &value, query, name)
	return value, err
}

// KeepSecret lets the first node win.
func (w writer) KeepSecret(ctx context.Context, name string, value []byte) ([]byte, error) {
	const query = `
		INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`
	if _, err := w.exec(ctx, query, name, value); err != nil {
		return nil, err
	}
	return w.Secret(ctx, name)
}
