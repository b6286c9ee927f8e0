package db

import (
	"context"

	"charla/chat"
)

// EmailToken finds one that is good.
func (r reader) EmailToken(ctx context.Context, kind chat.EmailTokenKind, hash string, now chat.Timestamp) (t chat.EmailToken, err error) {
	const query = `
		SELECT hash, kind, COALESCE(registration_id, 0) AS registration_id, COALESCE(user_id, 0) AS user_id, email, expires_at FROM tickets
		WHERE hash = $1 AND kind = $2 AND expires_at > $3`
	err = r.get(ctx, &t, query, hash, kind, now)
	return t, err
}

// InsertEmailToken stores a ticket under the hash of its token.
func (w writer) InsertEmailToken(ctx context.Context, t chat.EmailToken) error {
	const query = `
		INSERT INTO tickets (hash, kind, registration_id, user_id, email, expires_at)
		VALUES ($1, $2, NULLIF(CAST($3 AS BIGINT), 0), NULLIF(CAST($4 AS BIGINT), 0), $5, $6)`
	_, err := w.exec(ctx, query, t.Hash, t.Kind, t.Registration, t.User, t.Email, t.ExpiresAt)
	return err
}

// UseEmailToken lets one of several win.
func (w writer) UseEmailToken(ctx context.Context, hash string) error {
	const query = `
		DELETE FROM tickets WHERE hash = $1`
	used, err := w.exec(ctx, query, hash)
	return requireRow(used, err)
}

// RevokeEmailTokens takes the letters first: one that is on its way holds its row while its ticket is made. A letter for a forgotten
// password names nobody, and goes to its owner's address anyway.
func (w writer) RevokeEmailTokens(ctx context.Context, user int64) error {
	const (
		letters = `
			DELETE FROM outbox WHERE user_id = $1 AND kind = 'move'`
		tickets = `
			DELETE FROM tickets WHERE user_id = $1`
	)
	if _, err := w.exec(ctx, letters, user); err != nil {
		return err
	}
	_, err := w.exec(ctx, tickets, user)
	return err
}

// PruneEmailTokens forgets those that are too old.
func (w writer) PruneEmailTokens(ctx context.Context, now chat.Timestamp) error {
	const query = `
		DELETE FROM tickets WHERE expires_at <= $1`
	_, err := w.exec(ctx, query, now)
	return err
}
