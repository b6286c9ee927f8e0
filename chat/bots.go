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
	// BotRooms lists the channels that the bots of a user are members of, by bot and name of the channel.
	BotRooms(ctx context.Context, owner int64) ([]BotRoom, error)
}

// Limits of bots.
const (
	MaxBots     = 10 // of one person
	maxWebhooks = 20 // of one bot
)

// botTokenPrefix begins every token of a bot, so that one that was left in a public place can be found and known.
const botTokenPrefix = "charla_"

// PeerIsBot is a program as its owner sees it.
type Bot struct {
	UserSummary
	SeenAt Timestamp `db:"seen_at"` // when its token was used last, to the minute; zero while it has none
}

// BotRoom is a channel that a bot is in, or a hook into it.
type BotRoom struct {
	ID   int64  `db:"id"` // of the hook; zero for a room alone
	Bot  int64  `db:"bot_id"`
	Room int64  `db:"room_id"`
	Name string `db:"name"` // of the room
}

var errNotForBots = Errorf(Forbidden, "Only a person does this, not a bot.")

// Bots lists the bots of by, the channels that they are in, and their hooks.
func (s *Service) Bots(ctx context.Context, by User) (bots []Bot, rooms, hooks []BotRoom, err error) {
	if bots, err = s.store.Bots(ctx, by.ID); err != nil || len(bots) == 0 {
		return nil, nil, nil, err
	}
	if rooms, err = s.store.BotRooms(ctx, by.ID); err != nil {
		return nil, nil, nil, err
	}
	hooks, err = s.store.Webhooks(ctx, by.ID)
	return bots, rooms, hooks, err
}

// CreateBot makes a bot of by, in General like everybody, and returns its token, which is told this once. It answers
// Invalid for a bad name, Forbidden to a bot, NotFound to who was disabled meanwhile and Conflict for one bot too many.
func (s *Service) CreateBot(ctx context.Context, by User, name string) (bot User, token string, err error) {
	if by.IsBot() {
		return User{}, "", errNotForBots
	}
	if name, err = CleanName(name); err != nil {
		return User{}, "", err
	}
	token = botTokenPrefix + newToken()
	account := NewUser{Name: name, NameKey: NameKey(name), EmailKey: "bot:" + strings.ToLower(rand.Text()), CreatedAt: s.now(), OwnerID: by.ID}
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

// checkBotLimit holds by until the commit: nobody makes two at once, or one while being disabled, which would stay. Its caller
// has General's number, which comes first where both are held.
func checkBotLimit(ctx context.Context, tx Tx, by User) error {
	if _, err := lockUser(ctx, tx, by.ID); err != nil {
		return err
	}
	bots, err := tx.Bots(ctx, by.ID)
	if err == nil && len(bots) > MaxBots {
		err = Errorf(Conflict, "You have %d bots already. Remove one first.", MaxBots)
	}
	return err
}

// lockOwnBot finds a bot of by and keeps it from being disabled until the commit. Any other is NotFound, and so is one that is
// disabled.
func lockOwnBot(ctx context.Context, tx Tx, by User, id int64) (User, error) {
	bot, err := lockUser(ctx, tx, id)
	if err == nil && (!bot.IsBot() || bot.OwnerID != by.ID) {
		err = ErrNotFound
	}
	return bot, err
}

// RotateBotToken gives a bot of by a new token and ends the one before. It answers NotFound for a bot that is not by's.
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

// RemoveBot disables a bot of by, or any for an admin: what it wrote stays, its token and its hooks are void. It answers
// NotFound for what is no bot of theirs.
func (s *Service) RemoveBot(ctx context.Context, by User, id int64) error {
	var ended []int64
	err := s.store.InTx(ctx, func(tx Tx) error {
		bot, err := tx.User(ctx, id)
		if err == nil && (!bot.IsBot() || bot.Disabled() || bot.OwnerID != by.ID && !by.CanManageUsers()) {
			err = ErrNotFound
		}
		if err == nil {
			ended, err = disableUser(ctx, tx, bot, s.now())
		}
		return err
	})
	if err == nil {
		s.publishSessionsEnded(ended)
	}
	return err
}
