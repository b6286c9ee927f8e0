package db

import (
	"context"

	"charla/chat"
)

// FirstMessageSince returns the place of the first message of a room that was posted at a time or later. Times grow
// with the seqs, so the search begins with the last day that began before that time.
func (r reader) FirstMessageSince(ctx context.Context, user, room int64, at chat.Timestamp) (p chat.Place, err error) {
	const query = `
		SELECT x.seq, x.posted_at FROM messages x
		WHERE x.room_id = $1 AND x.posted_at >= $3
			AND x.seq >= COALESCE((
				SELECT d.seq FROM messages d
				WHERE d.room_id = $1 AND d.starts_day AND d.posted_at < $3
				ORDER BY d.seq DESC
				LIMIT 1), 0)
			AND EXISTS (SELECT 1 FROM members WHERE room_id = $1 AND user_id = $2)
		ORDER BY x.seq
		LIMIT 1`
	err = r.get(ctx, "find message by time", &p, query, room, user, at)
	return p, err
}

// FirstUnread returns the place of the first unread message and counts unread messages up to limit.
func (r reader) FirstUnread(ctx context.Context, user, room int64, limit int) (p chat.UnreadPlace, err error) {
	const query = `
		SELECT x.seq, x.posted_at, f.count FROM (
			SELECT MIN(counted.seq) AS first_seq, COUNT(*) AS count FROM (
				SELECT y.seq FROM members m JOIN messages y ON y.room_id = m.room_id
				WHERE m.room_id = $1 AND m.user_id = $2 AND y.seq > m.read_seq AND y.author_id <> $2
					AND y.deleted_at = 0
				ORDER BY y.seq
				LIMIT $3) AS counted) AS f
		JOIN messages x ON x.room_id = $1 AND x.seq = f.first_seq`
	err = r.get(ctx, "find first unread message", &p, query, room, user, limit)
	return p, err
}
