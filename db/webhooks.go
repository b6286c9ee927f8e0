package db

import (
	"context"

	"charla/chat"
)

// Webhooks lists those into rooms that the bot has left too: they work again when it comes back.
func (r reader) Webhooks(ctx context.Context, owner int64) (hooks []chat.BotRoom, err error) {
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

// Webhook finds nothing for a bot that is disabled.
func (r reader) Webhook(ctx context.Context, hash string) (hook chat.Webhook, err error) {
	const query = `
		SELECT h.id AS hook_id, h.room_id, ` + userColumns + `
		FROM hooks h JOIN users u ON u.id = h.bot_id
		WHERE h.hash = $1 AND u.disabled_at = 0`
	err = r.get(ctx, &hook, query, hash)
	return hook, err
}

// InsertWebhook stores a hook under the hash of its secret.
func (w writer) InsertWebhook(ctx context.Context, bot, room int64, hash string, at chat.Timestamp) (id int64, err error) {
	const query = `
		INSERT INTO hooks (bot_id, room_id, hash, created_at) VALUES ($1, $2, $3, $4)
		RETURNING id`
	err = w.get(ctx, &id, query, bot, room, hash, at)
	return id, err
}

// DeleteWebhooks is for a bot that is disabled.
func (w writer) DeleteWebhooks(ctx context.Context, bot int64) error {
	const query = `
		DELETE FROM hooks WHERE bot_id = $1`
	_, err := w.exec(ctx, query, bot)
	return err
}

// DeleteWebhook leaves the hooks of other bots alone.
func (w writer) DeleteWebhook(ctx context.Context, bot, hook int64) error {
	const query = `
		DELETE FROM hooks WHERE bot_id = $1 AND id = $2`
	gone, err := w.exec(ctx, query, bot, hook)
	return requireRow(gone, err)
}
