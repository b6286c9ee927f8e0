package db

import (
	"context"

	"charla/chat"
)

// ScanDue reports whether a scan of new messages has something to do: new messages, a cursor to move forward, or
// digests that are due. In a quiet community it returns false, so that nothing is written.
func (r reader) ScanDue(ctx context.Context, c chat.ScanClaim) (due bool, err error) {
	const query = `
		SELECT EXISTS (
			SELECT 1 FROM scan_cursors
			WHERE medium = $1 AND claimed_until <= $2
				AND (next_cursor_at <= $3 OR COALESCE((SELECT MAX(id) FROM messages), 0) > cursor))
		OR $1 = $4 AND EXISTS (SELECT 1 FROM unread_digests WHERE due_at <= $2)`
	err = r.get(ctx, "check for due scan", &due, query, c.Medium, c.Now, c.RefreshBefore, chat.MediumEmail)
	return due, err
}

// ClaimScan claims a scan of new messages for a node and returns its cursor, the id of the message after which the scan
// starts. It moves the stored cursor to next_cursor only when everything before that is committed. Ids are assigned
// before the rows become visible, so a message with a lower id may still appear after the highest visible one.
func (w writer) ClaimScan(ctx context.Context, c chat.ScanClaim) (cursor int64, err error) {
	const query = `
		UPDATE scan_cursors SET claimed_until = $3,
			cursor = CASE WHEN next_cursor_at <= $5 THEN COALESCE((SELECT MAX(id) FROM messages), 0)
				WHEN next_cursor_at <= $4 THEN next_cursor ELSE cursor END,
			next_cursor = CASE WHEN next_cursor_at <= $4 THEN COALESCE((SELECT MAX(id) FROM messages), 0)
				ELSE next_cursor END,
			next_cursor_at = CASE WHEN next_cursor_at <= $4 THEN CAST($2 AS BIGINT) ELSE next_cursor_at END
		WHERE medium = $1 AND claimed_until <= $2
		RETURNING cursor`
	err = w.get(ctx, "claim scan", &cursor, query, c.Medium, c.Now, c.Until, c.AdvanceBefore, c.ExpireBefore)
	return cursor, err
}

// newMessagesCTE continues the CTEs of a query after ruleCTE. It finds the rooms that have messages with an id greater
// than the cursor $1, and the last such message in each. "+ 0" makes SQLite read the messages by id instead of reading
// the whole index of messages that are not deleted.
const newMessagesCTE = `,
		recent AS MATERIALIZED (
			SELECT x.room_id, x.seq, x.posted_at,
				CASE WHEN x.mention_all = 'channel' AND x.notifies_all THEN 1 ELSE 0 END AS notifies_all
			FROM messages x WHERE x.id > $1 AND x.deleted_at + 0 = 0),
		fresh AS MATERIALIZED (
			SELECT room_id, MAX(posted_at) AS last_posted_at, MAX(seq) AS seq, MAX(notifies_all) AS notifies_all
			FROM recent GROUP BY room_id)`

// existsUnreadAfter is the beginning of an SQL condition that is true if member m has unread messages whose seq is
// greater than a given one. A query appends an expression for the given seq, and a closing parenthesis.
const existsUnreadAfter = `EXISTS (
			SELECT 1 FROM messages y
			WHERE y.room_id = m.room_id AND y.seq > m.read_seq AND y.author_id <> m.user_id AND y.deleted_at = 0
				AND y.seq > `

// lastSeenOf is the beginning of an SQL expression for the time at which a user last used a session, or 0. A query
// appends the id of the user and then "), 0)".
const lastSeenOf = `COALESCE((SELECT MAX(s.seen_at) FROM sessions s WHERE s.user_id = `

// notifies returns an SQL condition that is true if the rule notifies member m of room r about messages after a seq,
// which is an expression. Of mentions it takes only those after the cursor $1, so that an old one does not count again
// when another message arrives. The query has the tables of ruleCTE and newMessagesCTE.
func notifies(seq string) string {
	return `m.muted_until <= rule.now AND (
			` + memberLevel + ` >= rule.plain AND ` + existsUnreadAfter + seq + `)
			OR ` + memberLevel + ` >= rule.mention AND (EXISTS (
				SELECT 1 FROM mentions n JOIN messages y ON y.id = n.message_id
				WHERE n.user_id = m.user_id AND n.room_id = m.room_id AND n.seq > m.read_seq AND n.seq > ` + seq + `
					AND n.message_id > $1 AND y.author_id <> m.user_id AND y.deleted_at = 0)
			OR f.notifies_all = 1 AND EXISTS (
				SELECT 1 FROM messages x
				WHERE x.room_id = m.room_id AND x.seq > m.read_seq AND x.seq > ` + seq + ` AND x.notifies_all
					AND ` + forAway + ` AND x.id > $1 AND x.author_id <> m.user_id AND x.deleted_at = 0)))`
}

// ScheduleDigests schedules a digest for each user with new unread messages about which the rule notifies. A scheduled
// digest stays unchanged, unless the user has used Charla since it was scheduled and is away again: such a digest would
// be dropped when it is due, and the newer messages would not be mentioned.
func (w writer) ScheduleDigests(ctx context.Context, cursor int64, times chat.DigestTimes,
	rule chat.NotificationRule) error {
	query := ruleCTE("$5") + newMessagesCTE + `
		INSERT INTO unread_digests (user_id, away_since, due_at)
		SELECT m.user_id, MAX(f.last_posted_at),
			CASE u.email_digest WHEN 'soon' THEN MAX(f.last_posted_at) + $3 WHEN 'hour' THEN MAX(f.last_posted_at) + $4
				ELSE CAST($2 AS BIGINT) END
		FROM rule, fresh f JOIN rooms r ON r.id = f.room_id JOIN members m ON m.room_id = f.room_id
		JOIN users u ON u.id = m.user_id
		WHERE u.email_digest <> 'off' AND u.email_confirmed_at > 0 AND u.disabled_at = 0
			AND m.read_seq < f.seq AND m.emailed_seq < f.seq
			AND NOT EXISTS (SELECT 1 FROM unread_digests d
				WHERE d.user_id = m.user_id AND d.away_since >= ` + lastSeenOf + `m.user_id), 0))
			AND ` + notifies("m.emailed_seq") + `
		GROUP BY m.user_id, u.email_digest
		ON CONFLICT (user_id) DO UPDATE SET away_since = excluded.away_since, due_at = excluded.due_at
		WHERE excluded.away_since > ` + lastSeenOf + `excluded.user_id), 0)`
	_, err := w.exec(ctx, "schedule digests", query, cursor, times.Daily, times.SoonDelay, times.HourDelay,
		ruleToJSON(rule))
	return err
}

// EnqueueDueDigests moves due digests into the notification queue. It skips users who already have a queued digest,
// which will contain everything unread when it is sent.
func (w writer) EnqueueDueDigests(ctx context.Context, now chat.Timestamp, limit int) error {
	const op = "enqueue digests"
	const (
		enqueue = `
			INSERT INTO notifications (medium, kind, user_id, away_since, created_at, next_attempt_at)
			SELECT $2, $3, d.user_id, d.away_since, CAST($1 AS BIGINT), CAST($1 AS BIGINT) FROM unread_digests d
			WHERE d.due_at <= $1 AND NOT EXISTS (
				SELECT 1 FROM notifications n WHERE n.user_id = d.user_id AND n.kind = $3 AND n.failed_at = 0)
			ORDER BY d.due_at, d.user_id
			LIMIT $4`
		unschedule = `
			DELETE FROM unread_digests
			WHERE due_at <= $1 AND EXISTS (
				SELECT 1 FROM notifications n
				WHERE n.user_id = unread_digests.user_id AND n.kind = $2 AND n.failed_at = 0
					AND n.away_since = unread_digests.away_since)`
	)
	_, err := w.exec(ctx, op, enqueue, now, chat.MediumEmail, chat.NotifyUnreadDigest, limit)
	if err != nil {
		return err
	}
	_, err = w.exec(ctx, op, unschedule, now, chat.NotifyUnreadDigest)
	return err
}

// PushCandidates lists the users whom the rule notifies about unread messages after the cursor, each with the
// conversation and its newest message. It takes a few milliseconds for 200 new messages in a room of 10,000 people.
func (r reader) PushCandidates(ctx context.Context, cursor int64,
	rule chat.NotificationRule) (list []chat.PushCandidate, err error) {
	query := ruleCTE("$2") + newMessagesCTE + `
		SELECT m.user_id, m.room_id, f.seq
		FROM rule, fresh f
		JOIN rooms r ON r.id = f.room_id
		JOIN members m ON m.room_id = f.room_id
		JOIN users u ON u.id = m.user_id
		WHERE u.ntfy_topic <> '' AND u.disabled_at = 0
			AND m.read_seq < f.seq AND m.pushed_seq <= m.read_seq AND ` + notifies("0") + `
		ORDER BY m.user_id, m.room_id`
	err = r.list(ctx, "list push candidates", &list, query, cursor, ruleToJSON(rule))
	return list, err
}

// EnqueuePushes adds pushes to the notification queue and stores in each user's membership of the room
// (members.pushed_seq) the seq of the message that the push is about. It passes the list as JSON; see listToJSON.
func (w writer) EnqueuePushes(ctx context.Context, list []chat.PushCandidate, now chat.Timestamp) error {
	const op = "enqueue pushes"
	const (
		asked = `
			WITH asked AS MATERIALIZED (
				SELECT CAST(value ->> 0 AS BIGINT) AS user_id, CAST(value ->> 1 AS BIGINT) AS room_id,
					CAST(value ->> 2 AS BIGINT) AS seq
				FROM json_each($1))`
		enqueue = asked + `
			INSERT INTO notifications (medium, kind, user_id, subject_id, created_at, next_attempt_at)
			SELECT $3, $4, a.user_id, a.room_id, CAST($2 AS BIGINT), CAST($2 AS BIGINT) FROM asked a`
		mark = asked + `
			UPDATE members SET pushed_seq = a.seq
			FROM asked a WHERE members.user_id = a.user_id AND members.room_id = a.room_id`
	)
	rows := make([][3]int64, len(list))
	for i, c := range list {
		rows[i] = [3]int64{c.User, c.Room, c.Seq}
	}
	text := listToJSON(rows)
	if _, err := w.exec(ctx, op, enqueue, text, now, chat.MediumPush, chat.NotifyUnreadPush); err != nil {
		return err
	}
	_, err := w.exec(ctx, op, mark, text)
	return err
}
