package db

import (
	"context"

	"charla/chat"
)

// NotificationsDue looks at the first entry of an index.
func (r reader) NotificationsDue(ctx context.Context, road chat.Medium, now chat.Timestamp) (due bool, err error) {
	const query = `
		SELECT EXISTS (SELECT 1 FROM outbox WHERE road = $1 AND next_at <= $2 AND gave_up_at = 0)`
	err = r.get(ctx, &due, query, road, now)
	return due, err
}

// InsertNotification makes no difference between persons who exist and addresses of nobody. Somebody waits for these, so that they go
// before what was gathered, which may be thousands: their time began long ago.
func (w writer) InsertNotification(ctx context.Context, n chat.Notification) error {
	const query = `
		INSERT INTO outbox (road, kind, user_id, ref, address, locale, since, created_at, next_at)
		VALUES ($1, $2, NULLIF(CAST($3 AS BIGINT), 0), $4, $5, $6, $7, $8, 0)`
	_, err := w.exec(ctx, query, n.Medium, n.Kind, n.User, n.SubjectID, n.Address, n.Locale, n.AwaySince, n.CreatedAt)
	return err
}

// ClaimNotifications asks again whether a row is due once it has its lock: of two nodes that choose the same, one gets it.
func (w writer) ClaimNotifications(ctx context.Context, road chat.Medium, now, until chat.Timestamp, limit int) (claimed []chat.Notification, err error) {
	const query = `
		UPDATE outbox SET next_at = $3, attempts = attempts + 1
		WHERE next_at <= $2 AND id IN (
			SELECT id FROM outbox WHERE road = $1 AND next_at <= $2 AND gave_up_at = 0 ORDER BY next_at, id LIMIT $4)
		RETURNING id, road, kind, COALESCE(user_id, 0) AS user_id, ref, address, locale, since, created_at, attempts`
	err = w.list(ctx, &claimed, query, road, now, until, limit)
	return claimed, err
}

// LockNotification takes the row's lock.
func (w writer) LockNotification(ctx context.Context, id int64) error {
	const query = `
		UPDATE outbox SET attempts = attempts WHERE id = $1`
	held, err := w.exec(ctx, query, id)
	return requireRow(held, err)
}

// PostponeNotification says when it is tried next.
func (w writer) PostponeNotification(ctx context.Context, id int64, failure string, next chat.Timestamp) error {
	const query = `
		UPDATE outbox SET error = $2, next_at = $3 WHERE id = $1`
	_, err := w.exec(ctx, query, id, failure, next)
	return err
}

// FailNotification keeps it for the operator to see.
func (w writer) FailNotification(ctx context.Context, id int64, failure string, at chat.Timestamp) error {
	const query = `
		UPDATE outbox SET error = $2, gave_up_at = $3 WHERE id = $1`
	_, err := w.exec(ctx, query, id, failure, at)
	return err
}

// DeleteNotification forgets what was told.
func (w writer) DeleteNotification(ctx context.Context, id int64) error {
	const query = `
		DELETE FROM outbox WHERE id = $1`
	_, err := w.exec(ctx, query, id)
	return err
}

// PruneNotifications forgets what was given up long ago.
func (w writer) PruneNotifications(ctx context.Context, gaveUpBefore chat.Timestamp) error {
	const query = `
		DELETE FROM outbox WHERE gave_up_at > 0 AND gave_up_at < $1`
	_, err := w.exec(ctx, query, gaveUpBefore)
	return err
}
