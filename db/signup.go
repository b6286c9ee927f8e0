package db

import (
	"context"

	"charla/chat"
)

const selectRegistration = `
	SELECT id, name, email, email_key, password_hash, locale, created_at FROM registrations`

// PendingRegistration finds one by id.
func (r reader) PendingRegistration(ctx context.Context, id int64) (found chat.PendingRegistration, err error) {
	const query = selectRegistration + ` WHERE id = $1`
	err = r.get(ctx, &found, query, id)
	return found, err
}

// PendingRegistrationByEmail finds the latest.
func (r reader) PendingRegistrationByEmail(ctx context.Context, emailKey string, since chat.Timestamp) (found chat.PendingRegistration, err error) {
	const query = selectRegistration + `
		WHERE email_key = $1 AND created_at >= $2
		ORDER BY id DESC
		LIMIT 1`
	err = r.get(ctx, &found, query, emailKey, since)
	return found, err
}

// InsertPendingRegistration asks nobody whether the address is known.
func (w writer) InsertPendingRegistration(ctx context.Context, u chat.NewUser) (id int64, err error) {
	const query = `
		INSERT INTO registrations (name, email, email_key, password_hash, locale, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		RETURNING id`
	err = w.get(ctx, &id, query, u.Name, u.Email, u.EmailKey, u.PasswordHash, u.BrowserLocale, u.CreatedAt)
	return id, err
}

// DeletePendingRegistrations frees an address of all that wait for it.
func (w writer) DeletePendingRegistrations(ctx context.Context, emailKey string) error {
	const query = `
		DELETE FROM registrations WHERE email_key = $1`
	_, err := w.exec(ctx, query, emailKey)
	return err
}

// PrunePendingRegistrations forgets those that nobody confirmed.
func (w writer) PrunePendingRegistrations(ctx context.Context, before chat.Timestamp) error {
	const query = `
		DELETE FROM registrations WHERE created_at < $1`
	_, err := w.exec(ctx, query, before)
	return err
}
