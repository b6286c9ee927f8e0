package db

import (
	"context"

	"charla/chat"
)

const selectErasure = `
	SELECT user_id, room_id, departed, words, seq FROM erasures`

// NextErasureJob finishes one person after the other.
func (r reader) NextErasureJob(ctx context.Context) (e chat.ErasureJob, err error) {
	const query = selectErasure + ` ORDER BY user_id, room_id LIMIT 1`
	err = r.get(ctx, &e, query)
	return e, err
}

// ErasureJob finds what is left in one room.
func (r reader) ErasureJob(ctx context.Context, user, room int64) (e chat.ErasureJob, err error) {
	const query = selectErasure + ` WHERE user_id = $1 AND room_id = $2`
	err = r.get(ctx, &e, query, user, room)
	return e, err
}

// CreateErasureJobs finds the rooms that somebody left by their departures.
func (w writer) CreateErasureJobs(ctx context.Context, user, departed int64, words bool) error {
	const query = `
		INSERT INTO erasures (user_id, room_id, departed, words)
		SELECT CAST($1 AS BIGINT), r.id, r.id = $2, CAST($3 AS BOOLEAN) OR COALESCE(r.pair_low = r.pair_high, FALSE)
		FROM rooms r
		WHERE r.id IN (SELECT room_id FROM members WHERE user_id = $1 UNION SELECT room_id FROM departures WHERE user_id = $1)`
	_, err := w.exec(ctx, query, user, departed, words)
	return err
}

// UpdateErasureJob keeps how far it is.
func (w writer) UpdateErasureJob(ctx context.Context, e chat.ErasureJob) error {
	const query = `
		UPDATE erasures SET departed = $3, seq = $4 WHERE user_id = $1 AND room_id = $2`
	_, err := w.exec(ctx, query, e.User, e.Room, e.DepartureRecorded, e.ErasedThrough)
	return err
}

// DeleteErasureJob forgets what is done.
func (w writer) DeleteErasureJob(ctx context.Context, e chat.ErasureJob) error {
	const query = `
		DELETE FROM erasures WHERE user_id = $1 AND room_id = $2`
	_, err := w.exec(ctx, query, e.User, e.Room)
	return err
}

// EraseUser leaves an address that is none, so that the real one is free. What the files held is swept later, and so are the
// sessions, of the person and of their bots: every node must still find that they ended.
func (w writer) EraseUser(ctx context.Context, user int64, hash string, at chat.Timestamp) error {
	const (
		person = `
			UPDATE users SET name = '', name_key = '', email = '', email_key = 'deleted ' || id, password_hash = '', locale = '', theme = '',
				role = 'member', avatar = 0, sound = FALSE, emoji_tone = 0,
				confirmed_at = 0, spoken = '', mail = 'off', push_topic = '', push_rooms = FALSE, push_text = FALSE, disabled_at = $3
			WHERE id = $1 AND password_hash = $2 AND name <> ''`
		drafts = `
			DELETE FROM drafts WHERE user_id = $1`
		habits = `
			DELETE FROM emoji_used WHERE user_id = $1`
		unsent = `
			DELETE FROM files WHERE user_id = $1 AND message_id IS NULL`
		tickets = `
			DELETE FROM tickets WHERE user_id = $1`
		notices = `
			DELETE FROM outbox WHERE user_id = $1`
		alerts = `
			DELETE FROM alerts WHERE user_id = $1`
		sessions = `
			UPDATE sessions SET user_agent = '', ip = ''
			WHERE user_id = $1 OR user_id IN (SELECT id FROM users WHERE owner_id = $1 AND owner_id > 0)`
	)
	erased, err := w.exec(ctx, person, user, hash, at)
	err = requireRow(erased, err)
	for _, query := range []string{drafts, habits, unsent, tickets, notices, alerts, sessions} {
		if err == nil {
			_, err = w.exec(ctx, query, user)
		}
	}
	return err
}

// IsOnlyAdmin counts neither the disabled nor those who are gone, nor bots.
func (r reader) IsOnlyAdmin(ctx context.Context, user int64) (only bool, err error) {
	const query = `
		SELECT EXISTS (SELECT 1 FROM users WHERE id = $1 AND role = 'admin')
			AND NOT EXISTS (SELECT 1 FROM users WHERE id <> $1 AND role = 'admin' AND disabled_at = 0)
			AND EXISTS (SELECT 1 FROM users WHERE id <> $1 AND name <> '' AND owner_id = 0)`
	err = r.get(ctx, &only, query, user)
	return only, err
}
