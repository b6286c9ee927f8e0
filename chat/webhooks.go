package chat

import "context"

// WebhookReader reads webhooks.
type WebhookReader interface {
	// Webhooks lists the webhooks of a user's bots, by bot and name of the channel.
	Webhooks(ctx context.Context, owner int64) ([]BotRoom, error)
	// Webhook returns the webhook with this hash of its secret, unless its bot is disabled.
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

// Webhook is an address that lets whoever knows it write into a room as a bot.
type Webhook struct {
	ID   int64 `db:"hook_id"`
	Room int64 `db:"room_id"`
	User       // the bot
}

// CreateWebhook makes an address that writes as a bot of by into a channel that the bot is in, and returns its secret, which
// is told this once. It answers NotFound for a bot that is not by's and a room that is not the bot's, and Conflict for one
// hook too many.
func (s *Service) CreateWebhook(ctx context.Context, by User, bot, room int64) (hook BotRoom, secret string, err error) {
	secret = newToken()
	err = s.store.InTx(ctx, func(tx Tx) error {
		if _, err := lockOwnBot(ctx, tx, by, bot); err != nil {
			return err
		}
		conv, err := tx.ConversationIn(ctx, bot, room)
		if err == nil && conv.Kind != Channel {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		hooks, err := tx.Webhooks(ctx, by.ID)
		if err != nil {
			return err
		}
		if countWebhooks(hooks, bot) >= maxWebhooks {
			return Errorf(Conflict, "This bot has %d addresses already. Remove one first.", maxWebhooks)
		}
		hook = BotRoom{Bot: bot, Room: room, Name: conv.Name}
		hook.ID, err = tx.InsertWebhook(ctx, bot, room, hashToken(secret), s.now())
		return err
	})
	return hook, secret, err
}

// countWebhooks tells how many of the hooks are a bot's.
func countWebhooks(hooks []BotRoom, bot int64) (n int) {
	for _, h := range hooks {
		if h.Bot == bot {
			n++
		}
	}
	return n
}

// RemoveWebhook makes the address of a hook void. It answers NotFound for what is not by's.
func (s *Service) RemoveWebhook(ctx context.Context, by User, bot, hook int64) error {
	return s.store.InTx(ctx, func(tx Tx) error {
		if _, err := lockOwnBot(ctx, tx, by, bot); err != nil {
			return err
		}
		return tx.DeleteWebhook(ctx, bot, hook)
	})
}

// Webhook finds the hook with a secret, or ErrNotFound.
func (s *Service) Webhook(ctx context.Context, secret string) (Webhook, error) {
	return s.store.Webhook(ctx, hashToken(secret))
}
