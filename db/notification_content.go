package db

import (
	"context"

	"charla/chat"
)

// notifiedSeq is an SQL expression: the seq after which messages are news to member m. If $2 is the id of a room, all
// unread messages are news. If $2 is 0, messages that an earlier e-mail included are not.
const notifiedSeq = `CASE WHEN $2 = 0 AND m.emailed_seq > m.read_seq THEN m.emailed_seq ELSE m.read_seq END`

// UnreadConversations lists a user's conversations with unread messages. It counts only messages of others that are not
// deleted, up to chat.UnreadCap in each room.
func (r reader) UnreadConversations(ctx context.Context, user, room int64,
	limit int) (list []chat.UnreadConversation, err error) {
	const query = `
		SELECT w.room, w.kind, w.name, w.peer, w.last_seq, w.unread FROM (
			SELECT r.id AS room, r.kind, CASE WHEN r.kind = 'channel' THEN r.name ELSE p.name END AS name,
				COALESCE(p.id, 0) AS peer, r.last_seq, r.last_posted_at,
				(SELECT COUNT(*) FROM (
					SELECT 1 FROM messages x
					WHERE x.room_id = m.room_id AND x.author_id <> m.user_id AND x.deleted_at = 0
						AND x.seq > ` + notifiedSeq + `
					LIMIT $4) AS counted) AS unread
			FROM members m JOIN rooms r ON r.id = m.room_id
			LEFT JOIN users p ON p.id = CASE WHEN r.pair_low = m.user_id THEN r.pair_high ELSE r.pair_low END
			WHERE m.user_id = $1 AND (m.room_id = $2 OR $2 = 0) AND r.last_seq > ` + notifiedSeq + `) AS w
		WHERE w.unread > 0
		ORDER BY CASE WHEN w.kind = 'direct' THEN 0 ELSE 1 END, w.last_posted_at DESC, w.room
		LIMIT $3`
	err = r.list(ctx, "list unread conversations", &list, query, user, room, limit, chat.UnreadCap)
	return list, err
}

// UnreadPreviews lists the beginnings of the last unread messages in each conversation. For each room it first finds
// the earliest message to return and then reads on from there. PostgreSQL does this search once per room, not once per
// message.
func (r reader) UnreadPreviews(ctx context.Context, user, room int64,
	limits chat.PreviewLimits) (list []chat.MessagePreview, err error) {
	const query = `
		SELECT x.room_id, x.seq, a.name AS author, SUBSTR(x.body, 1, $4) AS body, x.file_count, x.posted_at
		FROM members m
		JOIN rooms r ON r.id = m.room_id
		JOIN messages x ON x.room_id = m.room_id
		JOIN users a ON a.id = x.author_id
		WHERE m.user_id = $1 AND (m.room_id = $2 OR $2 = 0) AND r.last_seq > ` + notifiedSeq + `
			AND x.author_id <> m.user_id AND x.deleted_at = 0 AND x.seq >= (
				SELECT MIN(last.seq) FROM (
					SELECT y.seq FROM messages y
					WHERE y.room_id = m.room_id AND y.author_id <> m.user_id AND y.deleted_at = 0
						AND y.seq > ` + notifiedSeq + `
					ORDER BY y.seq DESC
					LIMIT $3) AS last)
		ORDER BY x.room_id, x.seq DESC
		LIMIT $5`
	err = r.list(ctx, "list previews of unread messages", &list, query, user, room, limits.PerRoom,
		limits.Chars, limits.Total)
	return list, err
}
