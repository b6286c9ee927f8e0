package chat

import "context"

// WebhookReader reads webhooks.
type WebhookReader interface {
	// Webhooks lists the webhooks of a user's bots, ordered by bot and channel name.
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

// Webhook is a URL for posting to a room as a bot. Anybody who knows its secret can use it.
type Webhook struct {
	ID   int64 `db:"webhook_id"`
	Room int64 `db:"room_id"`
	User       // the bot
}

// CreateWebhook creates a webhook with which messages are posted to a channel as a bot. It returns the webhook's
// secret, which cannot be read again later. The acting user must own the bot, and the bot must be a member of the
// channel; otherwise it returns ErrNotFound. It returns Conflict if the bot has maxWebhooks webhooks.
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
			return Errorf(Conflict, "This bot already has %d webhooks. Revoke one first.", maxWebhooks)
		}
		webhook = BotRoom{Bot: bot, Room: room, Name: c.Name}
		webhook.ID, err = tx.InsertWebhook(ctx, bot, room, hashToken(secret), s.now())
		return err
	})
	return webhook, secret, err
}

// countWebhooks returns how many of the given webhooks belong to a bot.
func countWebhooks(webhooks []BotRoom, bot int64) (n int) {
	for _, w := range webhooks {
		if w.Bot == bot {
			n++
		}
	}
	return n
}

// RemoveWebhook deletes a webhook of a bot. It returns ErrNotFound if the acting user has no such bot or the bot has no
// such webhook.
func (s *Service) RemoveWebhook(ctx context.Context, by User, bot, webhook int64) error {
	return s.store.InTx(ctx, func(tx Tx) error {
		if _, err := lockOwnBot(ctx, tx, by, bot); err != nil {
			return err
		}
		return tx.DeleteWebhook(ctx, bot, webhook)
	})
}

// Webhook returns the webhook with this secret. It returns ErrNotFound if there is no such webhook or its bot is
// disabled.
func (s *Service) Webhook(ctx context.Context, secret string) (Webhook, error) {
	return s.store.Webhook(ctx, hashToken(secret))
}
