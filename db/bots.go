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

// Hooks lists those into rooms that the bot has left too: they work again when it comes back.
func (r reader) Hooks(ctx context.Context, owner int64) (hooks []chat.BotRoom, err error) {
	const query = `
		SELECT h.id, h.bot_id, h.room_id, r.name
		FROM users u
		JOIN hooks h ON h.bot_id = u.id
		JOIN rooms r ON r.id = h.room_id
		WHERE u.owner_id = $1 AND u.owner_id > 0 AND u.disabled_at = 0
		ORDER BY h.bot_id, r.name, h.id`
	err = r.list(ctx, &hooks, query, owner)
	return hooks, err
}

// Hook finds nothing for a bot that is disabled.
func (r reader) Hook(ctx context.Context, hash string) (hook chat.Hook, err error) {
	const query = `
		SELECT h.id AS hook_id, h.room_id, ` + account + `
		FROM hooks h JOIN users u ON u.id = h.bot_id
		WHERE h.hash = $1 AND u.disabled_at = 0`
	err = r.get(ctx, &hook, query, hash)
	return hook, err
}

// InsertHook stores a hook under the hash of its secret.
func (w writer) InsertHook(ctx context.Context, bot, room int64, hash string, at chat.Micros) (id int64, err error) {
	const query = `
		INSERT INTO hooks (bot_id, room_id, hash, created_at) VALUES ($1, $2, $3, $4)
		RETURNING id`
	err = w.get(ctx, &id, query, bot, room, hash, at)
	return id, err
}

// DeleteHooks is for a bot that is disabled.
func (w writer) DeleteHooks(ctx context.Context, bot int64) error {
	const query = `
		DELETE FROM hooks WHERE bot_id = $1`
	_, err := w.exec(ctx, query, bot)
	return err
}

// DeleteHook leaves the hooks of other bots alone.
func (w writer) DeleteHook(ctx context.Context, bot, hook int64) error {
	const query = `
		DELETE FROM hooks WHERE bot_id = $1 AND id = $2`
	gone, err := w.exec(ctx, query, bot, hook)
	return found(gone, err)
}
