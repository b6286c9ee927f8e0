package db

import (
	"context"

	"charla/chat"
)

// NotificationsDue reports whether notifications of a medium are due. It reads only the first entry of an index, so it
// is fast however long the queue is.
func (r reader) NotificationsDue(ctx context.Context, medium chat.Medium, now chat.Timestamp) (due bool, err error) {
	const query = `
		SELECT EXISTS (SELECT 1 FROM notifications WHERE medium = $1 AND next_attempt_at <= $2 AND failed_at = 0)`
	err = r.get(ctx, "check for due notifications", &due, query, medium, now)
	return due, err
}

// InsertNotification adds a notification that is due at once and comes before all digests and pushes about unread
// messages. A person is waiting for it, and there may be thousands of digests and pushes.
func (w writer) InsertNotification(ctx context.Context, n chat.Notification) error {
	const query = `
		INSERT INTO notifications (medium, kind, user_id, subject_id, address, locale, away_since, created_at, message,
			next_attempt_at)
		VALUES ($1, $2, NULLIF(CAST($3 AS BIGINT), 0), $4, $5, $6, $7, $8, $9, 0)`
	_, err := w.exec(ctx, "insert notification", query, n.Medium, n.Kind, n.User, n.SubjectID, n.Address, n.Locale,
		n.AwaySince, n.CreatedAt, n.Message)
	return err
}

// ClaimNotifications claims at most limit due notifications until a time. It locks each row and then checks again that
// it is due: if two nodes choose the same row, only one gets it.
func (w writer) ClaimNotifications(ctx context.Context, medium chat.Medium, now, until chat.Timestamp,
	limit int) (claimed []chat.Notification, err error) {
	const query = `
		UPDATE notifications SET next_attempt_at = $3, attempts = attempts + 1
		WHERE next_attempt_at <= $2 AND id IN (
			SELECT id FROM notifications WHERE medium = $1 AND next_attempt_at <= $2 AND failed_at = 0
			ORDER BY next_attempt_at, id
			LIMIT $4)
		RETURNING id, medium, kind, COALESCE(user_id, 0) AS user_id, subject_id, address, locale, message,
			away_since, created_at, attempts`
	err = w.list(ctx, "claim notifications", &claimed, query, medium, now, until, limit)
	return claimed, err
}

// LockNotification locks a notification until the transaction ends. It returns chat.ErrNotFound if the notification was
// deleted.
func (w writer) LockNotification(ctx context.Context, id int64) error {
	const query = `
		UPDATE notifications SET attempts = attempts WHERE id = $1`
	return w.execRow(ctx, "lock notification", query, id)
}

// PostponeNotification stores why an attempt failed and when the next one is due.
func (w writer) PostponeNotification(ctx context.Context, id int64, failure string, next chat.Timestamp) error {
	const query = `
		UPDATE notifications SET last_error = $2, next_attempt_at = $3 WHERE id = $1`
	_, err := w.exec(ctx, "postpone notification", query, id, failure, next)
	return err
}

// FailNotification records that a notification was given up, and why. The row stays, so that the operator can see the
// error.
func (w writer) FailNotification(ctx context.Context, id int64, failure string, at chat.Timestamp) error {
	const query = `
		UPDATE notifications SET last_error = $2, failed_at = $3 WHERE id = $1`
	_, err := w.exec(ctx, "fail notification", query, id, failure, at)
	return err
}

// MarkEmailed records that a digest included the messages of a room up to seq. It changes nothing if a later seq is
// already recorded.
func (w writer) MarkEmailed(ctx context.Context, user, room, seq int64) error {
	const query = `
		UPDATE members SET emailed_seq = $3 WHERE user_id = $1 AND room_id = $2 AND emailed_seq < $3`
	_, err := w.exec(ctx, "mark messages e-mailed", query, user, room, seq)
	return err
}

// DeleteNotification deletes a notification that was sent or is pointless.
func (w writer) DeleteNotification(ctx context.Context, id int64) error {
	const query = `
		DELETE FROM notifications WHERE id = $1`
	_, err := w.exec(ctx, "delete notification", query, id)
	return err
}

// PruneNotifications deletes notifications that were given up before a time.
func (w writer) PruneNotifications(ctx context.Context, failedBefore chat.Timestamp) error {
	const query = `
		DELETE FROM notifications WHERE failed_at > 0 AND failed_at < $1`
	_, err := w.exec(ctx, "prune notifications", query, failedBefore)
	return err
}
