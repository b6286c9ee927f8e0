package chat

import (
	"context"
	"crypto/rand"
	"strings"
)

// BotReader reads the bots of a user.
type BotReader interface {
	// Bots lists the enabled bots of a user, by name.
	Bots(ctx context.Context, owner int64) ([]Bot, error)
	// BotRooms lists the channels that the bots of a user are members of, ordered by bot and channel name.
	BotRooms(ctx context.Context, owner int64, limit int) ([]BotRoom, error)
}

// MaxBots is how many bots one user may own.
const MaxBots = 10

// maxBotRooms is the most channels that a page offers for a new webhook.
const maxBotRooms = 1000

// botTokenPrefix begins every bot token, so that programs that search for leaked secrets can recognize one.
const botTokenPrefix = "charla_"

// Bot is a bot as its owner sees it.
type Bot struct {
	UserSummary
	SeenAt Timestamp `db:"seen_at"` // when its token was last used, to the minute; zero if it has no token
}

// BotRoom is either a channel that a bot is a member of, or a webhook that posts to a channel as the bot.
type BotRoom struct {
	ID   int64  `db:"id"` // of the webhook; zero if this is only a channel
	Bot  int64  `db:"bot_id"`
	Room int64  `db:"room_id"`
	Name string `db:"name"` // of the room
}

var errNotForBots = Errorf(Forbidden, "Bots can't do this.")

// Bots lists the bots of the acting user, the channels that the bots are members of, and the bots' webhooks.
func (s *Service) Bots(ctx context.Context, by User) (bots []Bot, rooms, webhooks []BotRoom, err error) {
	if bots, err = s.store.Bots(ctx, by.ID); err != nil || len(bots) == 0 {
		return nil, nil, nil, err
	}
	if rooms, err = s.store.BotRooms(ctx, by.ID, maxBotRooms); err != nil {
		return nil, nil, nil, err
	}
	webhooks, err = s.store.Webhooks(ctx, by.ID)
	return bots, rooms, webhooks, err
}

// CreateBot creates a bot that belongs to the acting user and is a member of General, and returns its token, which
// cannot be read again later. It returns Invalid for a bad name, Forbidden if the acting user is a bot, ErrNotFound if
// they have been disabled, and Conflict if they have MaxBots bots.
func (s *Service) CreateBot(ctx context.Context, by User, name string) (bot User, token string, err error) {
	if by.IsBot() {
		return User{}, "", errNotForBots
	}
	if err := s.CheckPermission(ctx, by, MakeBots); err != nil {
		return User{}, "", err
	}
	if name, err = CleanName(name); err != nil {
		return User{}, "", err
	}
	token = botTokenPrefix + newToken()
	account := NewUser{
		Name: name, NameKey: NameKey(name), EmailKey: "bot:" + strings.ToLower(rand.Text()),
		CreatedAt: s.now(), OwnerID: by.ID,
	}
	var joined MemberJoined
	err = s.store.InTx(ctx, func(tx Tx) error {
		if bot, joined, err = createUser(ctx, tx, account); err != nil {
			return err
		}
		if err := checkBotLimit(ctx, tx, by); err != nil {
			return err
		}
		_, err = tx.InsertSession(ctx, newSession(bot.ID, BotSession, account.CreatedAt), hashToken(token))
		return err
	})
	if err != nil {
		return User{}, "", err
	}
	s.events.Publish(joined)
	return bot, token, nil
}

// checkBotLimit returns Conflict if the owner has more than MaxBots bots, including the one that was just created. It
// locks the owner until the transaction ends, so that they cannot create two bots at the same time, or one while they
// are being disabled. The caller must already have locked General, because General is always locked before users.
func checkBotLimit(ctx context.Context, tx Tx, by User) error {
	if _, err := lockUser(ctx, tx, by.ID); err != nil {
		return err
	}
	bots, err := tx.Bots(ctx, by.ID)
	if err != nil {
		return err
	}
	if len(bots) > MaxBots {
		return Errorf(Conflict, "You already have %d bots. Delete one first.", MaxBots)
	}
	return nil
}

// lockOwnBot locks and returns a bot of the acting user. Nobody can disable the bot before the transaction ends. It
// returns ErrNotFound if the user has no such enabled bot.
func lockOwnBot(ctx context.Context, tx Tx, by User, id int64) (User, error) {
	bot, err := lockUser(ctx, tx, id)
	if err != nil {
		return User{}, err
	}
	if !bot.IsBot() || bot.OwnerID != by.ID {
		return User{}, ErrNotFound
	}
	return bot, nil
}

// RotateBotToken gives a bot of the acting user a new token and makes the previous one invalid. It returns ErrNotFound
// if the user has no such bot.
func (s *Service) RotateBotToken(ctx context.Context, by User, id int64) (bot User, token string, err error) {
	token = botTokenPrefix + newToken()
	var ended []int64
	err = s.store.InTx(ctx, func(tx Tx) error {
		if bot, err = lockOwnBot(ctx, tx, by, id); err != nil {
			return err
		}
		now := s.now()
		if ended, err = tx.EndSessions(ctx, id, 0, now); err != nil {
			return err
		}
		_, err = tx.InsertSession(ctx, newSession(id, BotSession, now), hashToken(token))
		return err
	})
	if err != nil {
		return User{}, "", err
	}
	s.publishSessionsEnded(ended)
	return bot, token, nil
}

// RemoveBot disables a bot. Its messages stay; its token and webhooks become invalid. Only the owner of the bot and
// admins may remove it. It returns ErrNotFound to any other user, and for an id that is not a bot's.
func (s *Service) RemoveBot(ctx context.Context, by User, id int64) error {
	var ended []int64
	err := s.store.InTx(ctx, func(tx Tx) error {
		bot, err := tx.User(ctx, id)
		if err != nil {
			return err
		}
		mayRemove := bot.OwnerID == by.ID || s.Community(ctx).May(by, ManagePeople)
		if !bot.IsBot() || bot.Disabled() || !mayRemove {
			return ErrNotFound
		}
		ended, err = disableUser(ctx, tx, bot, s.now())
		return err
	})
	if err != nil {
		return err
	}
	s.publishSessionsEnded(ended)
	return nil
}
