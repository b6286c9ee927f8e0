package db

import (
	"context"

	"charla/chat"
)

// RegisteredAt tells when an account was made.
func (r reader) RegisteredAt(ctx context.Context, user int64) (at chat.Micros, err error) {
	const query = `
		SELECT created_at FROM users WHERE id = $1`
	err = r.get(ctx, &at, query, user)
	return at, err
}

// PastRooms finds the rooms that somebody left by their departures.
func (r reader) PastRooms(ctx context.Context, user, after int64, limit int) (rooms []chat.PastRoom, err error) {
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

// MessagesBy walks the numbers of the room, so its caller bounds them: no index knows an author's messages in their order, which
// would cost every post.
func (r reader) MessagesBy(ctx context.Context, author, room, after, upto int64, limit int) (list []chat.Message, err error) {
	const query = message + `
		WHERE x.room_id = $1 AND x.seq > $2 AND x.seq <= $3 AND x.author_id = $4 AND x.deleted_at = 0
		ORDER BY x.seq
		LIMIT $5`
	err = r.list(ctx, &list, query, room, after, upto, author, limit)
	return list, err
}

// ReactedTo reads the messages whole, as they are changed one by one.
func (r reader) ReactedTo(ctx context.Context, user, room int64, limit int) (list []chat.Message, err error) {
	const query = message + `
		WHERE x.id IN (
			SELECT m.id FROM reactions o JOIN messages m ON m.id = o.message_id
			WHERE o.user_id = $1 AND m.room_id = $2
			ORDER BY m.id
			LIMIT $3)
		ORDER BY x.id`
	err = r.list(ctx, &list, query, user, room, limit)
	return list, err
}

// ReactionsBy goes on after a message and an emoji.
func (r reader) ReactionsBy(ctx context.Context, user int64, after chat.OwnReaction, limit int) (list []chat.OwnReaction, err error) {
	const query = `
		SELECT o.message_id, m.room_id, o.emoji
		FROM reactions o JOIN messages m ON m.id = o.message_id
		WHERE o.user_id = $1 AND (o.message_id, o.emoji) > ($2, $3)
		ORDER BY o.message_id, o.emoji
		LIMIT $4`
	err = r.list(ctx, &list, query, user, after.Message, after.Emoji, limit)
	return list, err
}

// FilesOf leaves out what it takes to tell an unsent file from a picture of its owner.
func (r reader) FilesOf(ctx context.Context, user, after int64, limit int) (list []chat.OwnFile, err error) {
	const query = `
		SELECT ` + file + `, c.object, COALESCE(f.message_id, 0) AS message_id
		FROM files f JOIN contents c ON c.id = f.content_id
		WHERE f.user_id = $1 AND f.id > $2
		ORDER BY f.id
		LIMIT $3`
	err = r.list(ctx, &list, query, user, after, limit)
	return list, err
}

// DraftsOf goes on after a place.
func (r reader) DraftsOf(ctx context.Context, user int64, after chat.Place, limit int) (list []chat.PlacedDraft, err error) {
	const query = `
		SELECT d.room_id AS room, d.peer_id AS "with", d.key, d.body, d.updated_at FROM drafts d
		WHERE d.user_id = $1 AND (d.room_id, d.peer_id) > ($2, $3)` + unsent + `
		ORDER BY d.room_id, d.peer_id
		LIMIT $4`
	err = r.list(ctx, &list, query, user, after.Room, after.With, limit)
	return list, err
}
