package db

import (
	"context"

	"charla/chat"
)

// EmailToken returns the unexpired token that has this kind and hash.
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

// UseEmailToken deletes a token. If several transactions use the same token at the same time, only one succeeds; the
// others get chat.ErrNotFound.
func (w writer) UseEmailToken(ctx context.Context, hash string) error {
	const query = `
		DELETE FROM email_tokens WHERE hash = $1`
	return w.execRow(ctx, "use e-mail token", query, hash)
}

// RevokeEmailTokens deletes the tokens of a user and the queued e-mails that would create new ones. It deletes the
// e-mails first: a worker that is creating a token for an e-mail has locked that e-mail, so RevokeEmailTokens waits for
// the worker and then deletes the new token too. E-mails for a forgotten password stay, because they do not name a
// user; they are sent to the current address of the account.
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

// PruneEmailTokens deletes the tokens that have expired at the time now.
func (w writer) PruneEmailTokens(ctx context.Context, now chat.Timestamp) error {
	const query = `
		DELETE FROM email_tokens WHERE expires_at <= $1`
	_, err := w.exec(ctx, "prune e-mail tokens", query, now)
	return err
}
