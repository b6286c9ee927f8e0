package db

import (
	"context"

	"charla/chat"
)

// InboxItems lists items of a person's inbox, newest first. For an invitation it also reads who added the person.
func (r reader) InboxItems(ctx context.Context, user int64, kind chat.InboxKind, before int64,
	limit int) ([]chat.InboxItem, error) {
	const query = `
		SELECT i.id, i.kind, i.room_id, r.kind AS room_kind,
			CASE WHEN r.kind = 'channel' THEN r.name ELSE COALESCE(p.name, '') END AS room_name,
			COALESCE(i.message_id, 0) AS message_id, i.created_at, i.seen_at, i.actor_id,
			COALESCE(a.name, '') AS actor_name, COALESCE(a.handle, '') AS actor_handle,
			COALESCE(a.avatar_file_id, 0) AS actor_avatar, COALESCE(a.owner_id, 0) <> 0 AS actor_is_bot
		FROM inbox_items i
		JOIN members m ON m.room_id = i.room_id AND m.user_id = i.user_id
		JOIN rooms r ON r.id = i.room_id
		LEFT JOIN users p ON p.id = CASE WHEN r.pair_low = i.user_id THEN r.pair_high ELSE r.pair_low END
		LEFT JOIN users a ON a.id = i.actor_id
		WHERE i.user_id = $1 AND i.id < $2 AND (CAST($3 AS TEXT) = '' OR i.kind = $3)
		ORDER BY i.id DESC
		LIMIT $4`
	var rows []struct {
		chat.InboxItem
		Actor  int64  `db:"actor_id"`
		Name   string `db:"actor_name"`
		Handle string `db:"actor_handle"`
		Avatar int64  `db:"actor_avatar"`
		IsBot  bool   `db:"actor_is_bot"`
	}
	err := r.list(ctx, "list inbox", &rows, query, user, before, kind, limit)
	items := make([]chat.InboxItem, len(rows))
	for i, row := range rows {
		items[i] = row.InboxItem
		if row.Actor != 0 {
			items[i].People = []chat.UserSummary{
				{ID: row.Actor, Name: row.Name, Avatar: row.Avatar, IsBot: row.IsBot, Handle: row.Handle},
			}
		}
	}
	return items, err
}

// UnseenCounts counts the unseen items of some people, in rooms that they are in. An index has only unseen items.
func (r reader) UnseenCounts(ctx context.Context, users []int64) (map[int64]int, error) {
	const query = `
		WITH asked AS MATERIALIZED (SELECT CAST(value ->> 0 AS BIGINT) AS user_id FROM json_each($1))
		SELECT i.user_id, COUNT(*) AS unseen
		FROM asked a
		JOIN inbox_items i ON i.user_id = a.user_id AND i.seen_at = 0
		JOIN members m ON m.room_id = i.room_id AND m.user_id = i.user_id
		GROUP BY i.user_id
		ORDER BY i.user_id`
	var rows []struct {
		User   int64 `db:"user_id"`
		Unseen int   `db:"unseen"`
	}
	err := r.list(ctx, "count unseen inbox items", &rows, query, listToJSON(tuples(users)))
	counts := make(map[int64]int, len(rows))
	for _, row := range rows {
		counts[row.User] = row.Unseen
	}
	return counts, err
}

// UnseenMention returns a message that mentions a person as the only unread message of its conversation, if the rule
// notifies the person about mentions in it.
func (r reader) UnseenMention(ctx context.Context, user, message int64, chars int,
	rule chat.NotificationRule) (chat.UnreadConversation, error) {
	query := ruleCTE("$5") + `
		SELECT r.id AS room, r.kind, CASE WHEN r.kind = 'channel' THEN r.name ELSE p.name END AS name,
			COALESCE(p.id, 0) AS peer, x.seq AS last_seq, 1 AS unread, x.room_id, x.seq, a.name AS author,
			SUBSTR(x.body, 1, $3) AS body, x.file_count, x.posted_at
		FROM rule, inbox_items i
		JOIN members m ON m.room_id = i.room_id AND m.user_id = i.user_id
		JOIN users u ON u.id = i.user_id
		JOIN rooms r ON r.id = i.room_id
		JOIN messages x ON x.id = i.message_id
		JOIN users a ON a.id = x.author_id
		LEFT JOIN users p ON p.id = CASE WHEN r.pair_low = m.user_id THEN r.pair_high ELSE r.pair_low END
		WHERE i.user_id = $1 AND i.message_id = $2 AND i.kind = $4 AND i.seen_at = 0
			AND m.muted_until <= rule.now AND ` + memberLevel + ` >= rule.mention`
	var row struct {
		chat.UnreadConversation
		chat.MessagePreview
	}
	err := r.get(ctx, "read unseen mention", &row, query, user, message, chars, chat.InboxMention, ruleToJSON(rule))
	row.Previews = []chat.MessagePreview{row.MessagePreview}
	return row.UnreadConversation, err
}

// EnqueueMentionPushes adds pushes about a mention in an edited message. The scan for new messages covers those who
// have not read a message above its cursor.
func (w writer) EnqueueMentionPushes(ctx context.Context, m chat.Message, users []int64, now chat.Timestamp) error {
	const query = `
		INSERT INTO notifications (medium, kind, user_id, subject_id, created_at, next_attempt_at)
		SELECT $1, $2, m.user_id, CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($4 AS BIGINT)
		FROM members m JOIN users u ON u.id = m.user_id
		WHERE m.room_id = $5 AND m.user_id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($6))
			AND u.ntfy_topic <> '' AND u.disabled_at = 0
			AND (m.read_seq >= $7 OR $3 <= COALESCE((SELECT cursor FROM scan_cursors WHERE medium = $1), 0))`
	_, err := w.exec(ctx, "enqueue pushes about mentions", query, chat.MediumPush, chat.NotifyMentionPush, m.ID, now,
		m.Room, listToJSON(tuples(users)), m.Seq)
	return err
}

// recipientTuples returns recipients for listToJSON.
func recipientTuples(list []chat.InboxRecipient) [][2]any {
	rows := make([][2]any, len(list))
	for i, r := range list {
		rows[i] = [2]any{r.User, r.Kind}
	}
	return rows
}

// InsertInboxItems adds items about a message and returns the people who did not have them.
func (w writer) InsertInboxItems(ctx context.Context, m chat.Message, to []chat.InboxRecipient,
	at chat.Timestamp) (users []int64, err error) {
	const query = `
		INSERT INTO inbox_items (user_id, kind, room_id, message_id, seq, created_at)
		SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT),
			CAST($5 AS BIGINT)
		FROM json_each($1)
		WHERE TRUE
		ON CONFLICT (message_id, user_id, kind) WHERE message_id IS NOT NULL DO NOTHING
		RETURNING user_id`
	err = w.list(ctx, "insert inbox items", &users, query, listToJSON(recipientTuples(to)), m.Room, m.ID, m.Seq, at)
	return users, err
}

// InsertAudienceItems adds a mention to the inboxes of those whom a message notifies: with @channel all members of the
// room except the author, with @here those of them whose ids are in online.
func (w writer) InsertAudienceItems(ctx context.Context, m chat.Message, online []int64, at chat.Timestamp) error {
	const query = `
		INSERT INTO inbox_items (user_id, kind, room_id, message_id, seq, created_at)
		SELECT m.user_id, $1, m.room_id, CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT)
		FROM members m
		WHERE m.room_id = $5 AND m.user_id <> $6
			AND ($7 = $8 OR m.user_id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($9)))
		ON CONFLICT (message_id, user_id, kind) WHERE message_id IS NOT NULL DO NOTHING`
	_, err := w.exec(ctx, "insert inbox items of audience", query, chat.InboxMention, m.ID, m.Seq, at, m.Room,
		m.AuthorID, m.Audience, chat.AudienceChannel, listToJSON(tuples(online)))
	return err
}

// InsertInvitationItem adds an item about a room and deletes the one of an earlier invitation to it.
func (w writer) InsertInvitationItem(ctx context.Context, room, user, by int64, at chat.Timestamp) error {
	const op = "insert invitation into inbox"
	const (
		remove = `
			DELETE FROM inbox_items WHERE user_id = $1 AND room_id = $2 AND kind = $3`
		add = `
			INSERT INTO inbox_items (user_id, room_id, kind, seq, actor_id, created_at) VALUES ($1, $2, $3, 0, $4, $5)`
	)
	if _, err := w.exec(ctx, op, remove, user, room, chat.InboxInvitation); err != nil {
		return err
	}
	_, err := w.exec(ctx, op, add, user, room, chat.InboxInvitation, by, at)
	return err
}

// WithdrawInboxItems deletes items about a message that its present text does not justify.
func (w writer) WithdrawInboxItems(ctx context.Context, m chat.Message,
	keep []chat.InboxRecipient) (users []int64, err error) {
	const query = `
		DELETE FROM inbox_items
		WHERE message_id = $1 AND kind <> $2 AND NOT (kind = $3 AND $4)
			AND NOT EXISTS (
				SELECT 1 FROM json_each($5)
				WHERE CAST(value ->> 0 AS BIGINT) = inbox_items.user_id AND value ->> 1 = inbox_items.kind)
		RETURNING user_id`
	err = w.list(ctx, "withdraw inbox items", &users, query, m.ID, chat.InboxReaction, chat.InboxMention, m.Notified,
		listToJSON(recipientTuples(keep)))
	return users, err
}

// DeleteInboxItems deletes the items about a message, of one kind or of all.
func (w writer) DeleteInboxItems(ctx context.Context, message int64, kind chat.InboxKind) (users []int64, err error) {
	const query = `
		DELETE FROM inbox_items WHERE message_id = $1 AND (CAST($2 AS TEXT) = '' OR kind = $2)
		RETURNING user_id`
	err = w.list(ctx, "delete inbox items", &users, query, message, kind)
	return users, err
}

// inMyRooms is the end of an SQL condition: the item is about a room that user $1 is in.
const inMyRooms = ` AND room_id IN (SELECT room_id FROM members WHERE user_id = $1)`

// SeeInboxItem marks an item as seen, and leaves its time if it was seen before.
func (w writer) SeeInboxItem(ctx context.Context, user, id int64, at chat.Timestamp) error {
	const query = `
		UPDATE inbox_items SET seen_at = CASE WHEN seen_at = 0 THEN $3 ELSE seen_at END
		WHERE user_id = $1 AND id = $2` + inMyRooms
	return w.execRow(ctx, "see inbox item", query, user, id, at)
}

// SeeInboxItems marks all items up to an id as seen.
func (w writer) SeeInboxItems(ctx context.Context, user, upTo int64, at chat.Timestamp) error {
	const query = `
		UPDATE inbox_items SET seen_at = $3 WHERE user_id = $1 AND seen_at = 0 AND id <= $2` + inMyRooms
	_, err := w.exec(ctx, "see inbox items", query, user, upTo, at)
	return err
}

// SeeInboxRoom marks the items about some messages of a room as seen.
func (w writer) SeeInboxRoom(ctx context.Context, user, room, from, upTo int64, at chat.Timestamp) error {
	const query = `
		UPDATE inbox_items SET seen_at = $5
		WHERE user_id = $1 AND room_id = $2 AND seen_at = 0 AND seq BETWEEN $3 AND $4`
	_, err := w.exec(ctx, "see inbox items of room", query, user, room, from, upTo, at)
	return err
}
