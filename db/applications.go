package db

import (
	"context"

	"charla/chat"
)

const selectApplications = `
	SELECT id, name, email, email_key, password_hash, browser_locale, reason, created_at, confirmed_at, rejected_at,
		message
	FROM applications`

// Application returns an open application by id.
func (r reader) Application(ctx context.Context, id int64) (a chat.Application, err error) {
	const query = selectApplications + ` WHERE id = $1 AND rejected_at = 0`
	err = r.get(ctx, "read application", &a, query, id)
	return a, err
}

// ApplicationByEmail returns the application of an e-mail address.
func (r reader) ApplicationByEmail(ctx context.Context, emailKey string) (a chat.Application, err error) {
	const query = selectApplications + ` WHERE email_key = $1`
	err = r.get(ctx, "read application by e-mail", &a, query, emailKey)
	return a, err
}

// Applications lists the open applications by id.
func (r reader) Applications(ctx context.Context, after int64, limit int) (list []chat.Application, err error) {
	const query = selectApplications + `
		WHERE rejected_at = 0 AND id > $1
		ORDER BY id
		LIMIT $2`
	err = r.list(ctx, "list applications", &list, query, after, limit)
	return list, err
}

// CountApplications counts the open applications.
func (r reader) CountApplications(ctx context.Context) (n int, err error) {
	const query = `
		SELECT COUNT(*) FROM applications WHERE rejected_at = 0`
	err = r.get(ctx, "count applications", &n, query)
	return n, err
}

// InsertApplication adds an application. First it deletes the application of the same e-mail address if that was
// rejected, or if the address of the new one is confirmed. A unique constraint finds any other.
func (w writer) InsertApplication(ctx context.Context, a chat.Application) error {
	const op = "insert application"
	const (
		replace = `
			DELETE FROM applications WHERE email_key = $1 AND (rejected_at > 0 OR CAST($2 AS BIGINT) > 0)`
		insert = `
			INSERT INTO applications (name, email, email_key, password_hash, browser_locale, reason, created_at,
				confirmed_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	)
	if _, err := w.exec(ctx, op, replace, a.EmailKey, a.ConfirmedAt); err != nil {
		return err
	}
	_, err := w.exec(ctx, op, insert, a.Name, a.Email, a.EmailKey, a.PasswordHash, a.BrowserLocale, a.Reason,
		a.CreatedAt, a.ConfirmedAt)
	return err
}

// RejectApplication stores that an open application was rejected.
func (w writer) RejectApplication(ctx context.Context, id int64, message string, at chat.Timestamp) error {
	const query = `
		UPDATE applications SET rejected_at = $3, message = $2 WHERE id = $1 AND rejected_at = 0`
	return w.execRow(ctx, "reject application", query, id, message, at)
}

// DeleteApplications deletes the application of an e-mail address.
func (w writer) DeleteApplications(ctx context.Context, emailKey string) error {
	const query = `
		DELETE FROM applications WHERE email_key = $1`
	_, err := w.exec(ctx, "delete application", query, emailKey)
	return err
}

// PruneApplications deletes the applications that were rejected before a time.
func (w writer) PruneApplications(ctx context.Context, before chat.Timestamp) error {
	const query = `
		DELETE FROM applications WHERE rejected_at > 0 AND rejected_at < $1`
	_, err := w.exec(ctx, "prune applications", query, before)
	return err
}
