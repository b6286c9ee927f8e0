package db

import (
	"context"

	"charla/chat"
)

// selectConversation reads a room as its member m sees it. $1 is the number at which counting of unread messages stops;
// the column latest is the time to sort by. The index messages_position answers the count without reading a message,
// and mentions_position and messages_notifying_room find the few that the other count reads.
var selectConversation = `
	SELECT r.id AS room, r.kind, CASE WHEN r.kind = 'channel' THEN r.name ELSE p.name END AS name, r.last_seq,
		m.read_seq, m.user_id AS me, COALESCE(p.id, 0) AS peer, COALESCE(p.avatar_file_id, 0) AS peer_avatar, r.access,
		m.role, m.unread_marks, COALESCE(p.handle, '') AS peer_handle,
		(SELECT COUNT(*) FROM (
			SELECT 1 FROM messages x
			WHERE x.room_id = m.room_id AND x.seq > m.read_seq AND x.author_id <> m.user_id AND x.deleted_at = 0
			LIMIT $1) AS counted) AS unread,
		(SELECT COUNT(*) FROM (` + mentionsAfter("m.read_seq", "x.mention_all <> ''") + `
			LIMIT $1) AS counted) AS unread_mentions,
		m.level, m.muted_until,
		EXISTS (SELECT 1 FROM drafts d WHERE d.user_id = m.user_id AND d.peer_id = COALESCE(p.id, 0)
			AND d.room_id = CASE WHEN r.kind = 'channel' THEN r.id ELSE 0 END` + notYetPosted + `) AS draft,
		COALESCE(p.owner_id, 0) <> 0 AS peer_is_bot,
		(SELECT COUNT(*) FROM inbox_items i
			WHERE i.user_id = m.user_id AND i.room_id = m.room_id AND i.seen_at = 0) AS unseen,
		CASE WHEN r.last_posted_at > 0 THEN r.last_posted_at ELSE r.created_at END AS latest
	FROM members m
	JOIN rooms r ON r.id = m.room_id
	LEFT JOIN users p ON p.id = CASE WHEN r.pair_low = m.user_id THEN r.pair_high ELSE r.pair_low END`

// conversationRow is a conversation together with the time by which lists are sorted.
type conversationRow struct {
	chat.Conversation
	Latest chat.Timestamp `db:"latest"`
}

// Conversations lists at most limit rooms of a person. The limit prefers channels, so that a hundred direct
// conversations with unread messages do not displace General. The chosen rooms are then sorted for display. The next
// page starts after the last room in the order of preference, not in the order of display. MATERIALIZED keeps SQLite
// from counting the unread messages again for each use of the result.
func (r reader) Conversations(ctx context.Context, user, after int64, limit int) ([]chat.Conversation, error) {
	query := `
		WITH mine AS MATERIALIZED (` + selectConversation + ` WHERE m.user_id = $2)
		SELECT room, kind, name, access, role, last_seq, read_seq, me, peer, peer_avatar, peer_handle,
			peer_is_bot, unread, draft, unread_marks, unread_mentions, level, muted_until, unseen,
			CAST((SELECT SUM(unseen) FROM mine) AS BIGINT) AS all_unseen
		FROM (
			SELECT * FROM mine
			WHERE CAST($4 AS BIGINT) = 0 OR (kind, CASE WHEN unread > 0 THEN 0 ELSE 1 END, -latest, room) > (
				SELECT a.kind, CASE WHEN a.unread > 0 THEN 0 ELSE 1 END, -a.latest, a.room
				FROM mine a WHERE a.room = $4)
			ORDER BY kind, CASE WHEN unread > 0 THEN 0 ELSE 1 END, latest DESC, room
			LIMIT $3) AS kept
		ORDER BY CASE WHEN unread > 0 THEN 0 ELSE 1 END, latest DESC, room`
	var list []chat.Conversation
	err := r.list(ctx, "list conversations", &list, query, chat.UnreadCap, user, limit, after)
	return list, err
}

// AllConversations lists all rooms of a person by id. It has no limit, because its callers conclude from a missing room
// that the person has left it.
func (r reader) AllConversations(ctx context.Context, user int64) ([]chat.Conversation, error) {
	query := selectConversation + ` WHERE m.user_id = $2 ORDER BY r.id`
	var rows []conversationRow
	err := r.list(ctx, "list all conversations", &rows, query, chat.UnreadCap, user)
	list := make([]chat.Conversation, len(rows))
	for i := range rows {
		list[i] = rows[i].Conversation
	}
	return list, err
}

// ConversationIn returns a room as a person sees it, or chat.ErrNotFound if the person is not a member.
func (r reader) ConversationIn(ctx context.Context, user, room int64) (chat.Conversation, error) {
	query := selectConversation + ` WHERE m.user_id = $2 AND m.room_id = $3`
	var row conversationRow
	err := r.get(ctx, "read conversation", &row, query, chat.UnreadCap, user, room)
	return row.Conversation, err
}

// ConversationWith returns the direct conversation of two people, or chat.ErrNotFound if they have none.
func (r reader) ConversationWith(ctx context.Context, user, peer int64) (chat.Conversation, error) {
	query := selectConversation + ` WHERE m.user_id = $2 AND r.pair_low = $3 AND r.pair_high = $4`
	var row conversationRow
	err := r.get(ctx, "read direct conversation", &row, query, chat.UnreadCap, user, min(user, peer), max(user, peer))
	return row.Conversation, err
}
