package chat

import "context"

// WebhookReader reads webhooks.
type WebhookReader interface {
	// Webhooks lists the webhooks of a user's bots, by bot and name of the channel.
	Webhooks(ctx context.Context, owner int64) ([]BotRoom, error)
	// Webhook returns the webhook whose secret has this hash. It returns ErrNotFound if its bot is disabled.
	Webhook(ctx context.Context, hash string) (Webhook, error)
}

// WebhookWriter changes webhooks.
type WebhookWriter interface {
	// InsertWebhook adds a webhook that posts to a room as a bot, and returns its id.
	InsertWebhook(ctx context.Context, bot, room int64, hash string, at Timestamp) (int64, error)
	// DeleteWebhooks deletes all webhooks of a bot.
	DeleteWebhooks(ctx context.Context, bot int64) error
	// DeleteWebhook deletes one webhook of a bot. It returns ErrNotFound if the bot has no such webhook.
	DeleteWebhook(ctx context.Context, bot, webhook int64) error
}

// maxWebhooks is how many webhooks a bot may have.
const maxWebhooks = 20

// Webhook is a URL with which anybody who knows its secret posts to a room as a bot.
type Webhook struct {
	ID   int64 `db:"webhook_id"`
	Room int64 `db:"room_id"`
	User       // the bot
}

// CreateWebhook creates a webhook that posts as a bot of the acting user to a channel that the bot is a member of, and
// returns its secret, which cannot be read again later. It returns ErrNotFound if the user has no such bot or the bot
// is not a member of the channel, and Conflict if the bot has maxWebhooks webhooks.
func (s *Service) CreateWebhook(
	ctx context.Context, by User, bot, room int64,
) (webhook BotRoom, secret string, err error) {
	secret = newToken()
	err = s.store.InTx(ctx, func(tx Tx) error {
		if _, err := lockOwnBot(ctx, tx, by, bot); err != nil {
			return err
		}
		c, err := tx.ConversationIn(ctx, bot, room)
		if err != nil {
			return err
		}
		if c.Kind != Channel {
			return ErrNotFound
		}
		webhooks, err := tx.Webhooks(ctx, by.ID)
		if err != nil {
			return err
		}
		if countWebhooks(webhooks, bot) >= maxWebhooks {
			return Errorf(Conflict, "This bot already has %d webhooks. Remove one first.", maxWebhooks)
		}
		webhook = BotRoom{Bot: bot, Room: room, Name: c.Name}
		webhook.ID, err = tx.InsertWebhook(ctx, bot, room, hashToken(secret), s.now())
		return err
	})
	return webhook, secret, err
}

// countWebhooks returns how many of the webhooks belong to a bot.
func countWebhooks(webhooks []BotRoom, bot int64) (n int) {
	for _, w := range webhooks {
		if w.Bot == bot {
			n++
		}
	}
	return n
}

// RemoveWebhook deletes a webhook. It returns ErrNotFound if no bot of the acting user has it.
func (s *Service) RemoveWebhook(ctx context.Context, by User, bot, webhook int64) error {
	return s.store.InTx(ctx, func(tx Tx) error {
		if _, err := lockOwnBot(ctx, tx, by, bot); err != nil {
			return err
		}
		return tx.DeleteWebhook(ctx, bot, webhook)
	})
}

// Webhook returns the webhook with this secret, or ErrNotFound.
func (s *Service) Webhook(ctx context.Context, secret string) (Webhook, error) {
	return s.store.Webhook(ctx, hashToken(secret))
}
