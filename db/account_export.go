package db

import (
	"context"

	"charla/chat"
)

// RegisteredAt returns when an account was created.
func (r reader) RegisteredAt(ctx context.Context, user int64) (at chat.Timestamp, err error) {
	const query = `
		SELECT created_at FROM users WHERE id = $1`
	err = r.get(ctx, "export account", &at, query, user)
	return at, err
}

// ExportRooms lists the rooms that a person is or was a member of. It finds the rooms that the person has left in the
// recorded departures.
func (r reader) ExportRooms(ctx context.Context, user, after int64,
	limit int) (rooms []chat.ExportedRoom, err error) {
	const query = `
		SELECT r.id, r.kind, CASE WHEN r.kind = 'channel' THEN r.name ELSE p.name END AS name,
			COALESCE(p.id, 0) AS peer, r.access, COALESCE(m.role, '') AS role, COALESCE(m.read_seq, 0) AS read_seq,
			r.last_seq, COALESCE(m.level, 0) AS level, COALESCE(m.muted_until, 0) AS muted_until
		FROM rooms r
		LEFT JOIN members m ON m.room_id = r.id AND m.user_id = $1
		LEFT JOIN users p ON p.id = CASE WHEN r.pair_low = $1 THEN r.pair_high ELSE r.pair_low END
		WHERE r.id > $2 AND r.id IN (
			SELECT room_id FROM members WHERE user_id = $1 UNION SELECT room_id FROM departures WHERE user_id = $1)
		ORDER BY r.id
		LIMIT $3`
	err = r.list(ctx, "export rooms", &rooms, query, user, after, limit)
	return rooms, err
}

// ExportReactions lists a person's reactions by message and emoji, starting after the reaction given as "after".
func (r reader) ExportReactions(ctx context.Context, user int64, after chat.ExportedReaction,
	limit int) (reactions []chat.ExportedReaction, err error) {
	const query = `
		SELECT e.message_id, m.room_id, e.emoji
		FROM reactions e JOIN messages m ON m.id = e.message_id
		WHERE e.user_id = $1 AND (e.message_id, e.emoji) > ($2, $3)
		ORDER BY e.message_id, e.emoji
		LIMIT $4`
	err = r.list(ctx, "export reactions", &reactions, query, user, after.Message, after.Emoji, limit)
	return reactions, err
}

// ExportFiles lists a person's files by id. Message is zero for pending files and for the person's avatar.
func (r reader) ExportFiles(ctx context.Context, user, after int64,
	limit int) (files []chat.ExportedFile, err error) {
	const query = `
		SELECT ` + fileColumns + `, b.object, COALESCE(f.message_id, 0) AS message_id
		FROM files f JOIN blobs b ON b.id = f.blob_id
		WHERE f.user_id = $1 AND f.id > $2
		ORDER BY f.id
		LIMIT $3`
	err = r.list(ctx, "export files", &files, query, user, after, limit)
	return files, err
}

// ExportDrafts lists a person's drafts by conversation, starting after the conversation given as "after".
func (r reader) ExportDrafts(ctx context.Context, user int64, after chat.ConversationRef,
	limit int) (drafts []chat.ExportedDraft, err error) {
	const query = `
		SELECT d.room_id AS room, d.peer_id AS "with", d.key, d.body, d.updated_at FROM drafts d
		WHERE d.user_id = $1 AND (d.room_id, d.peer_id) > ($2, $3)` + notYetPosted + `
		ORDER BY d.room_id, d.peer_id
		LIMIT $4`
	err = r.list(ctx, "export drafts", &drafts, query, user, after.Room, after.With, limit)
	return drafts, err
}
