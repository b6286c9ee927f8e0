package db

import (
	"context"

	"charla/chat"
)

// EmailToken returns a token that has not expired.
func (r reader) EmailToken(ctx context.Context, kind chat.EmailTokenKind, hash string,
	now chat.Timestamp) (t chat.EmailToken, err error) {
	const query = `
		SELECT hash, kind, COALESCE(registration_id, 0) AS registration_id, COALESCE(user_id, 0) AS user_id, email,
			expires_at
		FROM email_tokens
		WHERE hash = $1 AND kind = $2 AND expires_at > $3`
	err = r.get(ctx, "read e-mail token", &t, query, hash, kind, now)
	return t, err
}

// InsertEmailToken stores the hash of a token and what the token is for.
func (w writer) InsertEmailToken(ctx context.Context, t chat.EmailToken) error {
	const query = `
		INSERT INTO email_tokens (hash, kind, registration_id, user_id, email, expires_at)
		VALUES ($1, $2, NULLIF(CAST($3 AS BIGINT), 0), NULLIF(CAST($4 AS BIGINT), 0), $5, $6)`
	_, err := w.exec(ctx, "insert e-mail token", query, t.Hash, t.Kind, t.Registration, t.User, t.Email, t.ExpiresAt)
	return err
}

// UseEmailToken succeeds for only one of several concurrent callers.
func (w writer) UseEmailToken(ctx context.Context, hash string) error {
	const query = `
		DELETE FROM email_tokens WHERE hash = $1`
	return w.execRow(ctx, "use e-mail token", query, hash)
}

// RevokeEmailTokens deletes queued e-mails before tokens: a worker that is creating a token for such an e-mail has
// locked it, so this waits for the worker and then deletes that token too. E-mails for a forgotten password are not
// deleted. They name no user, and go to the address of the account anyway.
func (w writer) RevokeEmailTokens(ctx context.Context, user int64) error {
	const op = "revoke e-mail tokens"
	const (
		emails = `
			DELETE FROM notifications WHERE user_id = $1 AND kind = $2`
		tokens = `
			DELETE FROM email_tokens WHERE user_id = $1`
	)
	if _, err := w.exec(ctx, op, emails, user, chat.NotifyConfirmEmail); err != nil {
		return err
	}
	_, err := w.exec(ctx, op, tokens, user)
	return err
}

// PruneEmailTokens deletes expired tokens.
func (w writer) PruneEmailTokens(ctx context.Context, now chat.Timestamp) error {
	const query = `
		DELETE FROM email_tokens WHERE expires_at <= $1`
	_, err := w.exec(ctx, "prune e-mail tokens", query, now)
	return err
}
