package db

import (
	"context"

	"charla/chat"
)

// Bots is bounded by how many bots a person may make.
func (r reader) Bots(ctx context.Context, owner int64) (bots []chat.Bot, err error) {
	const query = `
		SELECT u.id, u.name, u.avatar, u.owner_id <> 0 AS bot,
			COALESCE((SELECT MAX(s.seen_at) FROM sessions s WHERE s.user_id = u.id AND s.ended_at = 0), 0) AS seen_at
		FROM users u
		WHERE u.owner_id = $1 AND u.owner_id > 0 AND u.disabled_at = 0
		ORDER BY u.name_key, u.id`
	err = r.list(ctx, &bots, query, owner)
	return bots, err
}

// maxBotRooms bounds what a page can offer to choose from.
const maxBotRooms = 1000

// BotRooms offers the rooms for which a hook can be made.
func (r reader) BotRooms(ctx context.Context, owner int64) (rooms []chat.BotRoom, err error) {
	const query = `
		SELECT u.id AS bot_id, r.id AS room_id, r.name
		FROM users u
		JOIN members m ON m.user_id = u.id
		JOIN rooms r ON r.id = m.room_id AND r.kind = 'channel'
		WHERE u.owner_id = $1 AND u.owner_id > 0 AND u.disabled_at = 0
		ORDER BY u.id, r.name, r.id
		LIMIT $2`
	err = r.list(ctx, &rooms, query, owner, maxBotRooms)
	return rooms, err
}
