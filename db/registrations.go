package db

import (
	"context"

	"charla/chat"
)

const registration = `
	SELECT id, name, email, email_key, password_hash, locale, created_at FROM registrations`

// Registration finds one by id.
func (r reader) Registration(ctx context.Context, id int64) (found chat.Waitlisted, err error) {
	const query = registration + ` WHERE id = $1`
	err = r.get(ctx, &found, query, id)
	return found, err
}

// RegistrationByEmail finds the latest.
func (r reader) RegistrationByEmail(ctx context.Context, emailKey string, since chat.Micros) (found chat.Waitlisted, err error) {
	const query = registration + `
		WHERE email_key = $1 AND created_at >= $2
		ORDER BY id DESC
		LIMIT 1`
	err = r.get(ctx, &found, query, emailKey, since)
	return found, err
}

// InsertRegistration asks nobody whether the address is known.
func (w writer) InsertRegistration(ctx context.Context, u chat.NewUser) (id int64, err error) {
	const query = `
		INSERT INTO registrations (name, email, email_key, password_hash, locale, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		RETURNING id`
	err = w.get(ctx, &id, query, u.Name, u.Email, u.EmailKey, u.PasswordHash, u.Spoken, u.CreatedAt)
	return id, err
}

// DeleteRegistrations frees an address of all that wait for it.
func (w writer) DeleteRegistrations(ctx context.Context, emailKey string) error {
	const query = `
		DELETE FROM registrations WHERE email_key = $1`
	_, err := w.exec(ctx, query, emailKey)
	return err
}

// PruneRegistrations forgets those that nobody confirmed.
func (w writer) PruneRegistrations(ctx context.Context, before chat.Micros) error {
	const query = `
		DELETE FROM registrations WHERE created_at < $1`
	_, err := w.exec(ctx, query, before)
	return err
}

// Ticket finds one that is good.
func (r reader) Ticket(ctx context.Context, kind chat.TicketKind, hash string, now chat.Micros) (t chat.Ticket, err error) {
	const query = `
		SELECT hash, kind, COALESCE(registration_id, 0) AS registration_id, COALESCE(user_id, 0) AS user_id, email, expires_at FROM tickets
		WHERE hash = $1 AND kind = $2 AND expires_at > $3`
	err = r.get(ctx, &t, query, hash, kind, now)
	return t, err
}

// InsertTicket stores a ticket under the hash of its token.
func (w writer) InsertTicket(ctx context.Context, t chat.Ticket) error {
	const query = `
		INSERT INTO tickets (hash, kind, registration_id, user_id, email, expires_at)
		VALUES ($1, $2, NULLIF(CAST($3 AS BIGINT), 0), NULLIF(CAST($4 AS BIGINT), 0), $5, $6)`
	_, err := w.exec(ctx, query, t.Hash, t.Kind, t.Registration, t.User, t.Email, t.ExpiresAt)
	return err
}

// UseTicket lets one of several win.
func (w writer) UseTicket(ctx context.Context, hash string) error {
	const query = `
		DELETE FROM tickets WHERE hash = $1`
	used, err := w.exec(ctx, query, hash)
	return found(used, err)
}

// DeleteTickets takes the letters first: one that is on its way holds its row while its ticket is made. A letter for a forgotten
// password names nobody, and goes to its owner's address anyway.
func (w writer) DeleteTickets(ctx context.Context, user int64) error {
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

// PruneTickets forgets those that are too old.
func (w writer) PruneTickets(ctx context.Context, now chat.Micros) error {
	const query = `
		DELETE FROM tickets WHERE expires_at <= $1`
	_, err := w.exec(ctx, query, now)
	return err
}
