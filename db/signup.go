package db

import (
	"context"

	"charla/chat"
)

const selectRegistration = `
	SELECT id, name, email, email_key, password_hash, browser_locale, created_at,
		COALESCE(invitation_id, 0) AS invitation_id, reason
	FROM pending_registrations`

// PendingRegistration returns the unconfirmed registration with this id.
func (r reader) PendingRegistration(ctx context.Context, id int64) (p chat.PendingRegistration, err error) {
	const query = selectRegistration + ` WHERE id = $1`
	err = r.get(ctx, "read pending registration", &p, query, id)
	return p, err
}

// PendingRegistrationByEmail returns the latest unconfirmed registration of an e-mail address.
func (r reader) PendingRegistrationByEmail(ctx context.Context, emailKey string,
	since chat.Timestamp) (p chat.PendingRegistration, err error) {
	const query = selectRegistration + `
		WHERE email_key = $1 AND created_at >= $2
		ORDER BY id DESC
		LIMIT 1`
	err = r.get(ctx, "read pending registration by e-mail", &p, query, emailKey, since)
	return p, err
}

// InsertPendingRegistration adds an unconfirmed registration and returns its id. It does not check whether an account
// already has the e-mail address.
func (w writer) InsertPendingRegistration(ctx context.Context, p chat.PendingRegistration) (id int64, err error) {
	const query = `
		INSERT INTO pending_registrations (name, email, email_key, password_hash, browser_locale, created_at,
			invitation_id, reason)
		VALUES ($1, $2, $3, $4, $5, $6, NULLIF(CAST($7 AS BIGINT), 0), $8)
		RETURNING id`
	err = w.get(ctx, "insert pending registration", &id, query, p.Name, p.Email, p.EmailKey, p.PasswordHash,
		p.BrowserLocale, p.CreatedAt, p.Invitation, p.Reason)
	return id, err
}

// DeletePendingRegistrations deletes all unconfirmed registrations of an e-mail address.
func (w writer) DeletePendingRegistrations(ctx context.Context, emailKey string) error {
	const query = `
		DELETE FROM pending_registrations WHERE email_key = $1`
	_, err := w.exec(ctx, "delete pending registrations", query, emailKey)
	return err
}

// PrunePendingRegistrations deletes the unconfirmed registrations that were made before a time.
func (w writer) PrunePendingRegistrations(ctx context.Context, before chat.Timestamp) error {
	const query = `
		DELETE FROM pending_registrations WHERE created_at < $1`
	_, err := w.exec(ctx, "prune pending registrations", query, before)
	return err
}
