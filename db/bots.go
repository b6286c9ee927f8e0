package db

import (
	"context"

	"charla/chat"
)

// Bots lists the enabled bots of a person. It needs no limit, because a person can have only chat.MaxBots bots.
func (r reader) Bots(ctx context.Context, owner int64) (bots []chat.Bot, err error) {
	const query = `
		SELECT ` + userSummaryColumns + `,
			COALESCE((SELECT MAX(s.seen_at) FROM sessions s WHERE s.user_id = u.id AND s.ended_at = 0), 0) AS seen_at
		FROM users u
		WHERE u.owner_id = $1 AND u.owner_id > 0 AND u.disabled_at = 0
		ORDER BY u.name_key, u.id`
	err = r.list(ctx, "list bots", &bots, query, owner)
	return bots, err
}

// BotRooms lists the channels that a person's bots are members of. A webhook can be created for each of them.
func (r reader) BotRooms(ctx context.Context, owner int64, limit int) (rooms []chat.BotRoom, err error) {
	const query = `
		SELECT u.id AS bot_id, r.id AS room_id, r.name
		FROM users u
		JOIN members m ON m.user_id = u.id
		JOIN rooms r ON r.id = m.room_id AND r.kind = 'channel'
		WHERE u.owner_id = $1 AND u.owner_id > 0 AND u.disabled_at = 0
		ORDER BY u.id, r.name, r.id
		LIMIT $2`
	err = r.list(ctx, "list rooms of bots", &rooms, query, owner, limit)
	return rooms, err
}
