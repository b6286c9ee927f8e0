package db

import (
	"context"
	"encoding/json"

	"charla/chat"
)

// ScanDue is false while nothing was posted since the cursor, so that a quiet community writes nothing.
func (r reader) ScanDue(ctx context.Context, l chat.ScanClaim) (due bool, err error) {
	const query = `
		SELECT EXISTS (
			SELECT 1 FROM looks
			WHERE name = $1 AND until <= $2 AND (marked_at <= $3 OR COALESCE((SELECT MAX(id) FROM messages), 0) > cursor))
		OR $1 = 'mail' AND EXISTS (SELECT 1 FROM alerts WHERE due_at <= $2)`
	err = r.get(ctx, &due, query, l.Medium, l.Now, l.RefreshBefore)
	return due, err
}

// ClaimScan moves the cursor to the mark once everything before that is committed. Ids are drawn before they become visible,
// so the newest one is no cursor yet.
func (w writer) ClaimScan(ctx context.Context, l chat.ScanClaim) (cursor int64, err error) {
	const query = `
		UPDATE looks SET until = $3,
			cursor = CASE WHEN marked_at <= $5 THEN COALESCE((SELECT MAX(id) FROM messages), 0) WHEN marked_at <= $4 THEN mark ELSE cursor END,
			mark = CASE WHEN marked_at <= $4 THEN COALESCE((SELECT MAX(id) FROM messages), 0) ELSE mark END,
			marked_at = CASE WHEN marked_at <= $4 THEN CAST($2 AS BIGINT) ELSE marked_at END
		WHERE name = $1 AND until <= $2
		RETURNING cursor`
	err = w.get(ctx, &cursor, query, l.Medium, l.Now, l.Until, l.AdvanceBefore, l.ExpireBefore)
	return cursor, err
}

// newMessagesCTE is where messages after the cursor $1 stand, and the last one of each room. They are taken by id, which is why the sum: it
// keeps SQLite from walking through an index of all messages that are not deleted.
const newMessagesCTE = `
		WITH recent AS MATERIALIZED (
			SELECT x.room_id, x.seq, x.posted_at FROM messages x WHERE x.id > $1 AND x.deleted_at + 0 = 0),
		fresh AS MATERIALIZED (
			SELECT room_id, MAX(posted_at) AS last_at, MAX(seq) AS seq FROM recent GROUP BY room_id)`

// existsUnreadAfter is a message in the room of member m that is unread and stands after a seq.
const existsUnreadAfter = `EXISTS (
			SELECT 1 FROM messages y
			WHERE y.room_id = m.room_id AND y.seq > m.read_seq AND y.author_id <> m.user_id AND y.deleted_at = 0 AND y.seq > `

// ScheduleDigests leaves an alarm alone that is set, unless its person was here since and is away again: it would find that they
// were here, and not tell what came after.
func (w writer) ScheduleDigests(ctx context.Context, cursor int64, now, morning chat.Timestamp) error {
	const (
		seen  = `COALESCE((SELECT MAX(s.seen_at) FROM sessions s WHERE s.user_id = `
		query = newMessagesCTE + `
		INSERT INTO alerts (user_id, since, due_at)
		SELECT m.user_id, MAX(f.last_at),
			CASE u.mail WHEN 'soon' THEN MAX(f.last_at) + 300000000 WHEN 'hour' THEN MAX(f.last_at) + 3600000000 ELSE CAST($2 AS BIGINT) END
		FROM fresh f JOIN members m ON m.room_id = f.room_id JOIN users u ON u.id = m.user_id
		WHERE u.mail <> 'off' AND u.confirmed_at > 0 AND u.disabled_at = 0
			AND m.read_seq < f.seq AND m.mailed_seq < f.seq
			AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.user_id = m.user_id AND a.since >= ` + seen + `m.user_id), 0))
			AND ` + existsUnreadAfter + `m.mailed_seq)
		GROUP BY m.user_id, u.mail
		ON CONFLICT (user_id) DO UPDATE SET since = excluded.since, due_at = excluded.due_at
		WHERE excluded.since > ` + seen + `excluded.user_id), 0)`
	)
	_, err := w.exec(ctx, query, cursor, morning)
	return err
}

// EnqueueDueDigests leaves people alone to whom a letter is on its way: it will tell all that is unread then, or another does.
func (w writer) EnqueueDueDigests(ctx context.Context, now chat.Timestamp) error {
	const (
		queue = `
			INSERT INTO outbox (road, kind, user_id, since, created_at, next_at)
			SELECT 'mail', 'unread', a.user_id, a.since, CAST($1 AS BIGINT), CAST($1 AS BIGINT) FROM alerts a
			WHERE a.due_at <= $1
				AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.user_id = a.user_id AND o.kind = 'unread' AND o.gave_up_at = 0)
			ORDER BY a.due_at, a.user_id
			LIMIT 500`
		forget = `
			DELETE FROM alerts
			WHERE due_at <= $1 AND EXISTS (
				SELECT 1 FROM outbox o WHERE o.user_id = alerts.user_id AND o.kind = 'unread' AND o.gave_up_at = 0 AND o.since = alerts.since)`
	)
	if _, err := w.exec(ctx, queue, now); err != nil {
		return err
	}
	_, err := w.exec(ctx, forget, now)
	return err
}

// MarkEmailed never goes back.
func (w writer) MarkEmailed(ctx context.Context, user, room, seq int64) error {
	const query = `
		UPDATE members SET mailed_seq = $3 WHERE user_id = $1 AND room_id = $2 AND mailed_seq < $3`
	_, err := w.exec(ctx, query, user, room, seq)
	return err
}

// PushCandidates reads in a few milliseconds whom 200 messages in a room of 10,000 people concern.
func (r reader) PushCandidates(ctx context.Context, cursor int64) (list []chat.PushCandidate, err error) {
	const query = newMessagesCTE + `
		SELECT m.user_id, m.room_id, f.seq
		FROM fresh f JOIN rooms r ON r.id = f.room_id JOIN members m ON m.room_id = f.room_id JOIN users u ON u.id = m.user_id
		WHERE u.push_topic <> '' AND u.disabled_at = 0 AND (r.kind = 'direct' OR u.push_rooms)
			AND m.read_seq < f.seq AND m.pushed_seq <= m.read_seq AND ` + existsUnreadAfter + `0)
		ORDER BY m.user_id, m.room_id`
	err = r.list(ctx, &list, query, cursor)
	return list, err
}

// EnqueuePushes unfolds one JSON object, as LastSeqs does.
func (w writer) EnqueuePushes(ctx context.Context, list []chat.PushCandidate, now chat.Timestamp) error {
	const (
		unfolded = `
			SELECT CAST(value ->> 0 AS BIGINT) AS user_id, CAST(value ->> 1 AS BIGINT) AS room_id, CAST(value ->> 2 AS BIGINT) AS seq
			FROM json_each($1)`
		queue = `
			WITH asked AS MATERIALIZED (` + unfolded + `)
			INSERT INTO outbox (road, kind, user_id, ref, created_at, next_at)
			SELECT 'push', 'push', a.user_id, a.room_id, CAST($2 AS BIGINT), CAST($2 AS BIGINT) FROM asked a`
		note = `
			WITH asked AS MATERIALIZED (` + unfolded + `)
			UPDATE members SET pushed_seq = a.seq FROM asked a WHERE members.user_id = a.user_id AND members.room_id = a.room_id`
	)
	asked := make(map[int][3]int64, len(list))
	for i, u := range list {
		asked[i] = [3]int64{u.User, u.Room, u.Seq}
	}
	text, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	if _, err := w.exec(ctx, queue, string(text), now); err != nil {
		return err
	}
	_, err = w.exec(ctx, note, string(text))
	return err
}
