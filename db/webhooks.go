package db

import (
	"context"

	"charla/chat"
)

// Webhooks lists the webhooks of a person's bots. It includes webhooks into rooms that the bot has left, because they
// work again when the bot comes back.
func (r reader) Webhooks(ctx context.Context, owner int64) (webhooks []chat.BotRoom, err error) {
	const query = `
		SELECT h.id, h.bot_id, h.room_id, r.name
		FROM users u
		JOIN webhooks h ON h.bot_id = u.id
		JOIN rooms r ON r.id = h.room_id
		WHERE u.owner_id = $1 AND u.owner_id > 0 AND u.disabled_at = 0
		ORDER BY h.bot_id, r.name, h.id`
	err = r.list(ctx, "list webhooks", &webhooks, query, owner)
	return webhooks, err
}

// Webhook returns the webhook whose secret has this hash. It returns chat.ErrNotFound if the bot is disabled.
func (r reader) Webhook(ctx context.Context, hash string) (webhook chat.Webhook, err error) {
	const query = `
		SELECT h.id AS webhook_id, h.room_id, ` + userColumns + `
		FROM webhooks h JOIN users u ON u.id = h.bot_id
		WHERE h.hash = $1 AND u.disabled_at = 0`
	err = r.get(ctx, "read webhook", &webhook, query, hash)
	return webhook, err
}

// InsertWebhook stores a webhook with the hash of its secret and returns its id.
func (w writer) InsertWebhook(ctx context.Context, bot, room int64, hash string,
	at chat.Timestamp) (id int64, err error) {
	const query = `
		INSERT INTO webhooks (bot_id, room_id, hash, created_at) VALUES ($1, $2, $3, $4)
		RETURNING id`
	err = w.get(ctx, "insert webhook", &id, query, bot, room, hash, at)
	return id, err
}

// DeleteWebhooks deletes all webhooks of a bot.
func (w writer) DeleteWebhooks(ctx context.Context, bot int64) error {
	const query = `
		DELETE FROM webhooks WHERE bot_id = $1`
	_, err := w.exec(ctx, "delete webhooks", query, bot)
	return err
}

// DeleteWebhook deletes one webhook of a bot. It returns chat.ErrNotFound if the bot has no such webhook.
func (w writer) DeleteWebhook(ctx context.Context, bot, webhook int64) error {
	const query = `
		DELETE FROM webhooks WHERE bot_id = $1 AND id = $2`
	return w.execRow(ctx, "delete webhook", query, bot, webhook)
}
