package chat

import (
	"context"
	"crypto/rand"
	"strings"
)

// Limits of bots.
const (
	MaxBots  = 10 // of one person
	maxHooks = 20 // of one bot
)

// botPrefix begins every token of a bot, so that one that was left in a public place can be found and known.
const botPrefix = "charla_"

// Bot is a program as its owner sees it.
type Bot struct {
	Person
	SeenAt Micros `db:"seen_at"` // when its token was used last, to the minute; zero while it has none
}

// BotRoom is a channel that a bot is in, or a hook into it.
type BotRoom struct {
	ID   int64  `db:"id"` // of the hook; zero for a room alone
	Bot  int64  `db:"bot_id"`
	Room int64  `db:"room_id"`
	Name string `db:"name"` // of the room
}

// Hook is an address that lets whoever knows it write into a room as a bot.
type Hook struct {
	ID   int64 `db:"hook_id"`
	Room int64 `db:"room_id"`
	User       // the bot
}

var errOnlyPeople = Errorf(Forbidden, "Only a person does this, not a bot.")

// Bots lists the bots of by, the channels that they are in, and their hooks.
func (s *Service) Bots(ctx context.Context, by User) (bots []Bot, rooms, hooks []BotRoom, err error) {
	if bots, err = s.store.Bots(ctx, by.ID); err != nil || len(bots) == 0 {
		return nil, nil, nil, err
	}
	if rooms, err = s.store.BotRooms(ctx, by.ID); err != nil {
		return nil, nil, nil, err
	}
	hooks, err = s.store.Hooks(ctx, by.ID)
	return bots, rooms, hooks, err
}

// MakeBot makes a bot of by, in General like everybody, and returns its token, which is told this once. It answers
// Invalid for a bad name, Forbidden to a bot, NotFound to who was disabled meanwhile and Conflict for one bot too many.
func (s *Service) MakeBot(ctx context.Context, by User, name string) (bot User, token string, err error) {
	if by.IsBot() {
		return User{}, "", errOnlyPeople
	}
	if name, err = CleanName(name); err != nil {
		return User{}, "", err
	}
	token = botPrefix + newToken()
	account := NewUser{Name: name, NameKey: NameKey(name), EmailKey: "bot:" + strings.ToLower(rand.Text()), CreatedAt: s.micros(), OwnerID: by.ID}
	var joined MemberJoined
	err = s.store.InTx(ctx, func(tx Tx) error {
		if bot, joined, err = enrol(ctx, tx, account); err != nil {
			return err
		}
		if err := mayHaveBots(ctx, tx, by); err != nil {
			return err
		}
		_, err = tx.InsertSession(ctx, newSession(bot.ID, BotToken, account.CreatedAt), hashToken(token))
		return err
	})
	if err != nil {
		return User{}, "", err
	}
	s.events.Publish(joined)
	return bot, token, nil
}

// mayHaveBots holds by until the commit: nobody makes two at once, or one while being disabled, which would stay. Its caller
// has General's number, which comes first where both are held.
func mayHaveBots(ctx context.Context, tx Tx, by User) error {
	if _, err := held(ctx, tx, by.ID); err != nil {
		return err
	}
	bots, err := tx.Bots(ctx, by.ID)
	if err == nil && len(bots) > MaxBots {
		err = Errorf(Conflict, "You have %d bots already. Remove one first.", MaxBots)
	}
	return err
}

// ownBot finds a bot of by and keeps it from being disabled until the commit. Any other is NotFound, and so is one that is
// disabled.
func ownBot(ctx context.Context, tx Tx, by User, id int64) (User, error) {
	bot, err := held(ctx, tx, id)
	if err == nil && (!bot.IsBot() || bot.OwnerID != by.ID) {
		err = ErrNotFound
	}
	return bot, err
}

// held finds a person or bot that nobody disables until the commit; NotFound where somebody did.
func held(ctx context.Context, tx Tx, id int64) (User, error) {
	if err := tx.HoldUser(ctx, id); err != nil {
		return User{}, err
	}
	user, err := tx.User(ctx, id)
	if err == nil && user.Disabled() {
		err = ErrNotFound
	}
	return user, err
}

// RenewBot gives a bot of by a new token and ends the one before. It answers NotFound for a bot that is not by's.
func (s *Service) RenewBot(ctx context.Context, by User, id int64) (bot User, token string, err error) {
	token = botPrefix + newToken()
	var ended []int64
	err = s.store.InTx(ctx, func(tx Tx) error {
		if bot, err = ownBot(ctx, tx, by, id); err != nil {
			return err
		}
		now := s.micros()
		if ended, err = tx.EndSessions(ctx, id, 0, now); err != nil {
			return err
		}
		_, err = tx.InsertSession(ctx, newSession(id, BotToken, now), hashToken(token))
		return err
	})
	if err != nil {
		return User{}, "", err
	}
	s.announceEnded(ended)
	return bot, token, nil
}

// RemoveBot disables a bot of by, or any for an admin: what it wrote stays, its token and its hooks are void. It answers
// NotFound for what is no bot of theirs.
func (s *Service) RemoveBot(ctx context.Context, by User, id int64) error {
	var ended []int64
	err := s.store.InTx(ctx, func(tx Tx) error {
		bot, err := tx.User(ctx, id)
		if err == nil && (!bot.IsBot() || bot.Disabled() || bot.OwnerID != by.ID && !by.CanManagePeople()) {
			err = ErrNotFound
		}
		if err == nil {
			ended, err = shutOut(ctx, tx, bot, s.micros())
		}
		return err
	})
	if err == nil {
		s.announceEnded(ended)
	}
	return err
}

// MakeHook makes an address that writes as a bot of by into a channel that the bot is in, and returns its secret, which
// is told this once. It answers NotFound for a bot that is not by's and a room that is not the bot's, and Conflict for one
// hook too many.
func (s *Service) MakeHook(ctx context.Context, by User, bot, room int64) (hook BotRoom, secret string, err error) {
	secret = newToken()
	err = s.store.InTx(ctx, func(tx Tx) error {
		if _, err := ownBot(ctx, tx, by, bot); err != nil {
			return err
		}
		conv, err := tx.ConversationIn(ctx, bot, room)
		if err == nil && conv.Kind != Channel {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		hooks, err := tx.Hooks(ctx, by.ID)
		if err != nil {
			return err
		}
		if count(hooks, bot) >= maxHooks {
			return Errorf(Conflict, "This bot has %d addresses already. Remove one first.", maxHooks)
		}
		hook = BotRoom{Bot: bot, Room: room, Name: conv.Name}
		hook.ID, err = tx.InsertHook(ctx, bot, room, hashToken(secret), s.micros())
		return err
	})
	return hook, secret, err
}

// count tells how many of the hooks are a bot's.
func count(hooks []BotRoom, bot int64) (n int) {
	for _, h := range hooks {
		if h.Bot == bot {
			n++
		}
	}
	return n
}

// RemoveHook makes the address of a hook void. It answers NotFound for what is not by's.
func (s *Service) RemoveHook(ctx context.Context, by User, bot, hook int64) error {
	return s.store.InTx(ctx, func(tx Tx) error {
		if _, err := ownBot(ctx, tx, by, bot); err != nil {
			return err
		}
		return tx.DeleteHook(ctx, bot, hook)
	})
}

// Hook finds the hook with a secret, or ErrNotFound.
func (s *Service) Hook(ctx context.Context, secret string) (Hook, error) {
	return s.store.Hook(ctx, hashToken(secret))
}
