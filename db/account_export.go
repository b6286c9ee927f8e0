package db

import (
	"context"

	"charla/chat"
)

// RegisteredAt tells when an account was made.
func (r reader) RegisteredAt(ctx context.Context, user int64) (at chat.Timestamp, err error) {
	const query = `
		SELECT created_at FROM users WHERE id = $1`
	err = r.get(ctx, &at, query, user)
	return at, err
}

// ExportRooms finds the rooms that somebody left by their departures.
func (r reader) ExportRooms(ctx context.Context, user, after int64, limit int) (rooms []chat.ExportedRoom, err error) {
	const query = `
		SELECT r.id, r.kind, CASE WHEN r.kind = 'channel' THEN r.name ELSE p.name END AS name, COALESCE(p.id, 0) AS peer, r.access,
			COALESCE(m.role, '') AS role, COALESCE(m.read_seq, 0) AS read_seq, r.last_seq
		FROM rooms r
		LEFT JOIN members m ON m.room_id = r.id AND m.user_id = $1
		LEFT JOIN users p ON p.id = CASE WHEN r.pair_low = $1 THEN r.pair_high ELSE r.pair_low END
		WHERE r.id > $2
			AND r.id IN (SELECT room_id FROM members WHERE user_id = $1 UNION SELECT room_id FROM departures WHERE user_id = $1)
		ORDER BY r.id
		LIMIT $3`
	err = r.list(ctx, &rooms, query, user, after, limit)
	return rooms, err
}

// ExportReactions goes on after a message and an emoji.
func (r reader) ExportReactions(ctx context.Context, user int64, after chat.ExportedReaction, limit int) (list []chat.ExportedReaction, err error) {
	const query = `
		SELECT o.message_id, m.room_id, o.emoji
		FROM reactions o JOIN messages m ON m.id = o.message_id
		WHERE o.user_id = $1 AND (o.message_id, o.emoji) > ($2, $3)
		ORDER BY o.message_id, o.emoji
		LIMIT $4`
	err = r.list(ctx, &list, query, user, after.Message, after.Emoji, limit)
	return list, err
}

// ExportFiles leaves out what it takes to tell an unsent file from a picture of its owner.
func (r reader) ExportFiles(ctx context.Context, user, after int64, limit int) (list []chat.ExportedFile, err error) {
	const query = `
		SELECT ` + fileColumns + `, c.object, COALESCE(f.message_id, 0) AS message_id
		FROM files f JOIN contents c ON c.id = f.content_id
		WHERE f.user_id = $1 AND f.id > $2
		ORDER BY f.id
		LIMIT $3`
	err = r.list(ctx, &list, query, user, after, limit)
	return list, err
}

// ExportDrafts goes on after a place.
func (r reader) ExportDrafts(ctx context.Context, user int64, after chat.ConversationRef, limit int) (list []chat.ExportedDraft, err error) {
	const query = `
		SELECT d.room_id AS room, d.peer_id AS "with", d.key, d.body, d.updated_at FROM drafts d
		WHERE d.user_id = $1 AND (d.room_id, d.peer_id) > ($2, $3)` + notYetPosted + `
		ORDER BY d.room_id, d.peer_id
		LIMIT $4`
	err = r.list(ctx, &list, query, user, after.Room, after.With, limit)
	return list, err
}
