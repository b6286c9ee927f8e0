package db

import (
	"context"
	"encoding/json"

	"charla/chat"
)

// NoticesDue looks at the first entry of an index.
func (r reader) NoticesDue(ctx context.Context, road chat.Road, now chat.Micros) (due bool, err error) {
	const query = `
		SELECT EXISTS (SELECT 1 FROM outbox WHERE road = $1 AND next_at <= $2 AND gave_up_at = 0)`
	err = r.get(ctx, &due, query, road, now)
	return due, err
}

// InsertNotice makes no difference between persons who exist and addresses of nobody. Somebody waits for these, so that they go
// before what was gathered, which may be thousands: their time began long ago.
func (w writer) InsertNotice(ctx context.Context, n chat.Notice) error {
	const query = `
		INSERT INTO outbox (road, kind, user_id, ref, address, locale, since, created_at, next_at)
		VALUES ($1, $2, NULLIF(CAST($3 AS BIGINT), 0), $4, $5, $6, $7, $8, 0)`
	_, err := w.exec(ctx, query, n.Road, n.Kind, n.User, n.Ref, n.Address, n.Locale, n.Since, n.CreatedAt)
	return err
}

// ClaimNotices asks again whether a row is due once it has its lock: of two nodes that choose the same, one gets it.
func (w writer) ClaimNotices(ctx context.Context, road chat.Road, now, until chat.Micros, limit int) (claimed []chat.Notice, err error) {
	const query = `
		UPDATE outbox SET next_at = $3, attempts = attempts + 1
		WHERE next_at <= $2 AND id IN (
			SELECT id FROM outbox WHERE road = $1 AND next_at <= $2 AND gave_up_at = 0 ORDER BY next_at, id LIMIT $4)
		RETURNING id, road, kind, COALESCE(user_id, 0) AS user_id, ref, address, locale, since, created_at, attempts`
	err = w.list(ctx, &claimed, query, road, now, until, limit)
	return claimed, err
}

// HoldNotice takes the row's lock.
func (w writer) HoldNotice(ctx context.Context, id int64) error {
	const query = `
		UPDATE outbox SET attempts = attempts WHERE id = $1`
	held, err := w.exec(ctx, query, id)
	return found(held, err)
}

// PostponeNotice says when it is tried next.
func (w writer) PostponeNotice(ctx context.Context, id int64, failure string, next chat.Micros) error {
	const query = `
		UPDATE outbox SET error = $2, next_at = $3 WHERE id = $1`
	_, err := w.exec(ctx, query, id, failure, next)
	return err
}

// GiveUpNotice keeps it for the operator to see.
func (w writer) GiveUpNotice(ctx context.Context, id int64, failure string, at chat.Micros) error {
	const query = `
		UPDATE outbox SET error = $2, gave_up_at = $3 WHERE id = $1`
	_, err := w.exec(ctx, query, id, failure, at)
	return err
}

// DeleteNotice forgets what was told.
func (w writer) DeleteNotice(ctx context.Context, id int64) error {
	const query = `
		DELETE FROM outbox WHERE id = $1`
	_, err := w.exec(ctx, query, id)
	return err
}

// PruneNotices forgets what was given up long ago.
func (w writer) PruneNotices(ctx context.Context, gaveUpBefore chat.Micros) error {
	const query = `
		DELETE FROM outbox WHERE gave_up_at > 0 AND gave_up_at < $1`
	_, err := w.exec(ctx, query, gaveUpBefore)
	return err
}

// LookDue is false while nothing was posted since the cursor, so that a quiet community writes nothing.
func (r reader) LookDue(ctx context.Context, l chat.Look) (due bool, err error) {
	const query = `
		SELECT EXISTS (
			SELECT 1 FROM looks
			WHERE name = $1 AND until <= $2 AND (marked_at <= $3 OR COALESCE((SELECT MAX(id) FROM messages), 0) > cursor))
		OR $1 = 'mail' AND EXISTS (SELECT 1 FROM alerts WHERE due_at <= $2)`
	err = r.get(ctx, &due, query, l.Road, l.Now, l.Kept)
	return due, err
}

// BeginLook moves the cursor to the mark once everything before that is committed. Ids are drawn before they become visible,
// so the newest one is no cursor yet.
func (w writer) BeginLook(ctx context.Context, l chat.Look) (cursor int64, err error) {
	const query = `
		UPDATE looks SET until = $3,
			cursor = CASE WHEN marked_at <= $5 THEN COALESCE((SELECT MAX(id) FROM messages), 0) WHEN marked_at <= $4 THEN mark ELSE cursor END,
			mark = CASE WHEN marked_at <= $4 THEN COALESCE((SELECT MAX(id) FROM messages), 0) ELSE mark END,
			marked_at = CASE WHEN marked_at <= $4 THEN CAST($2 AS BIGINT) ELSE marked_at END
		WHERE name = $1 AND until <= $2
		RETURNING cursor`
	err = w.get(ctx, &cursor, query, l.Road, l.Now, l.Until, l.Back, l.Forget)
	return cursor, err
}

// fresh is where messages after the cursor $1 stand, and the last one of each room. They are taken by id, which is why the sum: it
// keeps SQLite from walking through an index of all messages that are not deleted.
const fresh = `
		WITH recent AS MATERIALIZED (
			SELECT x.room_id, x.seq, x.posted_at FROM messages x WHERE x.id > $1 AND x.deleted_at + 0 = 0),
		fresh AS MATERIALIZED (
			SELECT room_id, MAX(posted_at) AS last_at, MAX(seq) AS seq FROM recent GROUP BY room_id)`

// unreadAfter is a message in the room of member m that is unread and stands after a seq.
const unreadAfter = `EXISTS (
			SELECT 1 FROM messages y
			WHERE y.room_id = m.room_id AND y.seq > m.read_seq AND y.author_id <> m.user_id AND y.deleted_at = 0 AND y.seq > `

// RaiseAlerts leaves an alarm alone that is set, unless its person was here since and is away again: it would find that they
// were here, and not tell what came after.
func (w writer) RaiseAlerts(ctx context.Context, cursor int64, now, morning chat.Micros) error {
	const (
		seen  = `COALESCE((SELECT MAX(s.seen_at) FROM sessions s WHERE s.user_id = `
		query = fresh + `
		INSERT INTO alerts (user_id, since, due_at)
		SELECT m.user_id, MAX(f.last_at),
			CASE u.mail WHEN 'soon' THEN MAX(f.last_at) + 300000000 WHEN 'hour' THEN MAX(f.last_at) + 3600000000 ELSE CAST($2 AS BIGINT) END
		FROM fresh f JOIN members m ON m.room_id = f.room_id JOIN users u ON u.id = m.user_id
		WHERE u.mail <> 'off' AND u.confirmed_at > 0 AND u.disabled_at = 0
			AND m.read_seq < f.seq AND m.mailed_seq < f.seq
			AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.user_id = m.user_id AND a.since >= ` + seen + `m.user_id), 0))
			AND ` + unreadAfter + `m.mailed_seq)
		GROUP BY m.user_id, u.mail
		ON CONFLICT (user_id) DO UPDATE SET since = excluded.since, due_at = excluded.due_at
		WHERE excluded.since > ` + seen + `excluded.user_id), 0)`
	)
	_, err := w.exec(ctx, query, cursor, morning)
	return err
}

// QueueAlerts leaves people alone to whom a letter is on its way: it will tell all that is unread then, or another does.
func (w writer) QueueAlerts(ctx context.Context, now chat.Micros) error {
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

// SetMailed never goes back.
func (w writer) SetMailed(ctx context.Context, user, room, seq int64) error {
	const query = `
		UPDATE members SET mailed_seq = $3 WHERE user_id = $1 AND room_id = $2 AND mailed_seq < $3`
	_, err := w.exec(ctx, query, user, room, seq)
	return err
}

// Unpushed reads in a few milliseconds whom 200 messages in a room of 10,000 people concern.
func (r reader) Unpushed(ctx context.Context, cursor int64) (list []chat.Unpushed, err error) {
	const query = fresh + `
		SELECT m.user_id, m.room_id, f.seq
		FROM fresh f JOIN rooms r ON r.id = f.room_id JOIN members m ON m.room_id = f.room_id JOIN users u ON u.id = m.user_id
		WHERE u.push_topic <> '' AND u.disabled_at = 0 AND (r.kind = 'direct' OR u.push_rooms)
			AND m.read_seq < f.seq AND m.pushed_seq <= m.read_seq AND ` + unreadAfter + `0)
		ORDER BY m.user_id, m.room_id`
	err = r.list(ctx, &list, query, cursor)
	return list, err
}

// QueuePushes unfolds one JSON object, as LastSeqs does.
func (w writer) QueuePushes(ctx context.Context, list []chat.Unpushed, now chat.Micros) error {
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

// after is up to where a conversation of member m needs no telling: what was read and, unless it is one room $2, told.
const after = `CASE WHEN $2 = 0 AND m.mailed_seq > m.read_seq THEN m.mailed_seq ELSE m.read_seq END`

// Waiting counts as conversations do.
func (r reader) Waiting(ctx context.Context, user, room int64, limit int) (list []chat.Waiting, err error) {
	const query = `
		SELECT w.room, w.kind, w.name, w.peer, w.last_seq, w.unread FROM (
			SELECT r.id AS room, r.kind, CASE WHEN r.kind = 'channel' THEN r.name ELSE p.name END AS name, COALESCE(p.id, 0) AS peer,
				r.last_seq, r.last_at,
				(SELECT COUNT(*) FROM (
					SELECT 1 FROM messages x
					WHERE x.room_id = m.room_id AND x.author_id <> m.user_id AND x.deleted_at = 0 AND x.seq > ` + after + `
					LIMIT 100) AS counted) AS unread
			FROM members m JOIN rooms r ON r.id = m.room_id
			LEFT JOIN users p ON p.id = CASE WHEN r.pair_low = m.user_id THEN r.pair_high ELSE r.pair_low END
			WHERE m.user_id = $1 AND (m.room_id = $2 OR $2 = 0) AND r.last_seq > ` + after + `) AS w
		WHERE w.unread > 0
		ORDER BY CASE WHEN w.kind = 'direct' THEN 0 ELSE 1 END, w.last_at DESC, w.room
		LIMIT $3`
	err = r.list(ctx, &list, query, user, room, limit)
	return list, err
}

// UnreadLines reads the end of each room: from the first of its last ones on, which PostgreSQL looks for once in a room, and
// not once for each of its messages.
func (r reader) UnreadLines(ctx context.Context, user, room int64, limit int) (list []chat.Line, err error) {
	const query = `
		SELECT x.room_id, a.name AS author, SUBSTR(x.body, 1, 600) AS body, x.files, x.posted_at
		FROM members m JOIN rooms r ON r.id = m.room_id JOIN messages x ON x.room_id = m.room_id JOIN users a ON a.id = x.author_id
		WHERE m.user_id = $1 AND (m.room_id = $2 OR $2 = 0) AND r.last_seq > ` + after + `
			AND x.author_id <> m.user_id AND x.deleted_at = 0 AND x.seq >= (
				SELECT MIN(last.seq) FROM (
					SELECT y.seq FROM messages y
					WHERE y.room_id = m.room_id AND y.author_id <> m.user_id AND y.deleted_at = 0 AND y.seq > ` + after + `
					ORDER BY y.seq DESC
					LIMIT $3) AS last)
		ORDER BY x.room_id, x.seq DESC
		LIMIT 1000`
	err = r.list(ctx, &list, query, user, room, limit)
	return list, err
}
