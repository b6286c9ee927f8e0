package db

import (
	"context"

	"charla/chat"
)

// notifiedSeq is an SQL expression: the seq after which messages are news to member m. If $2 is the id of a room, all
// unread messages are news. If $2 is 0, messages that an earlier e-mail included are not.
const notifiedSeq = `CASE WHEN $2 = 0 AND m.emailed_seq > m.read_seq THEN m.emailed_seq ELSE m.read_seq END`

// unreadCTE is the table of a user's conversations in which unread messages may notify: member m as room_id, user_id,
// seen (see notifiedSeq) and level. The user is $1.
func unreadCTE(rule string) string {
	return ruleCTE(rule) + `,
		mine AS (
			SELECT m.room_id, m.user_id, ` + notifiedSeq + ` AS seen, ` + memberLevel + ` AS level,
				rule.plain, rule.mention
			FROM rule, members m JOIN rooms r ON r.id = m.room_id JOIN users u ON u.id = m.user_id
			WHERE m.user_id = $1 AND (m.room_id = $2 OR $2 = 0) AND r.last_seq > ` + notifiedSeq + `
				AND m.muted_until <= rule.now)`
}

// UnreadConversations lists a user's conversations with unread messages about which the rule notifies. It counts only
// such messages of others that are not deleted, up to chat.UnreadCap in each room.
func (r reader) UnreadConversations(ctx context.Context, user, room int64, limit int,
	rule chat.NotificationRule) (list []chat.UnreadConversation, err error) {
	query := unreadCTE("$5") + `
		SELECT w.room, w.kind, w.name, w.peer, w.last_seq, w.unread FROM (
			SELECT r.id AS room, r.kind, CASE WHEN r.kind = 'channel' THEN r.name ELSE p.name END AS name,
				COALESCE(p.id, 0) AS peer, r.last_seq, r.last_posted_at,
				CASE WHEN m.level >= m.plain THEN (SELECT COUNT(*) FROM (
					SELECT 1 FROM messages x
					WHERE x.room_id = m.room_id AND x.author_id <> m.user_id AND x.deleted_at = 0 AND x.seq > m.seen
					LIMIT $4) AS counted)
				WHEN m.level >= m.mention THEN (SELECT COUNT(*) FROM (` + mentionsAfter("m.seen", forAway) + `
					LIMIT $4) AS counted) ELSE 0 END AS unread
			FROM mine m JOIN rooms r ON r.id = m.room_id
			LEFT JOIN users p ON p.id = CASE WHEN r.pair_low = m.user_id THEN r.pair_high ELSE r.pair_low END) AS w
		WHERE w.unread > 0
		ORDER BY CASE WHEN w.kind = 'direct' THEN 0 ELSE 1 END, w.last_posted_at DESC, w.room
		LIMIT $3`
	err = r.list(ctx, "list unread conversations", &list, query, user, room, limit, chat.UnreadCap, ruleToJSON(rule))
	return list, err
}

// UnreadPreviews lists the beginnings of unread messages about which the rule notifies. For a room in which all do, it
// first finds the earliest message to return and then reads on from there. PostgreSQL does this search once per room,
// not once per message. Where only mentions do, it returns all of them.
func (r reader) UnreadPreviews(ctx context.Context, user, room int64, limits chat.PreviewLimits,
	rule chat.NotificationRule) (list []chat.MessagePreview, err error) {
	const columns = `
			SELECT x.room_id, x.seq, x.author_id, x.body, x.file_count, x.posted_at`
	query := unreadCTE("$6") + `
		SELECT x.room_id, x.seq, a.name AS author, SUBSTR(x.body, 1, $4) AS body, x.file_count, x.posted_at
		FROM (` + columns + `
			FROM mine m JOIN messages x ON x.room_id = m.room_id
			WHERE m.level >= m.plain AND x.author_id <> m.user_id AND x.deleted_at = 0 AND x.seq >= (
				SELECT MIN(last.seq) FROM (
					SELECT y.seq FROM messages y
					WHERE y.room_id = m.room_id AND y.author_id <> m.user_id AND y.deleted_at = 0 AND y.seq > m.seen
					ORDER BY y.seq DESC
					LIMIT $3) AS last)
			UNION ALL` + columns + `
			FROM mine m JOIN mentions n ON n.user_id = m.user_id AND n.room_id = m.room_id AND n.seq > m.seen
			JOIN messages x ON x.id = n.message_id
			WHERE m.level >= m.mention AND m.level < m.plain AND x.author_id <> m.user_id AND x.deleted_at = 0
			UNION ALL` + columns + `
			FROM mine m JOIN messages x ON x.room_id = m.room_id AND x.seq > m.seen
			WHERE m.level >= m.mention AND m.level < m.plain AND x.notifies_all AND ` + forAway + `
				AND x.author_id <> m.user_id AND x.deleted_at = 0 AND NOT EXISTS (
					SELECT 1 FROM mentions n WHERE n.message_id = x.id AND n.user_id = m.user_id)) AS x
		JOIN users a ON a.id = x.author_id
		ORDER BY x.room_id, x.seq DESC
		LIMIT $5`
	err = r.list(ctx, "list previews of unread messages", &list, query, user, room, limits.PerRoom,
		limits.Chars, limits.Total, ruleToJSON(rule))
	return list, err
}
