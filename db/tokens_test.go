package db_test

import (
	"fmt"
	"testing"

	"charla/chat"
	"charla/db"
)

func testTokens(t *testing.T, s *db.Store) {
	ctx := t.Context()
	session := signIn(t, s, register(t, s, "ana"), "family")
	found, user, err := s.SessionByID(ctx, session.ID, 1)
	is(t, err, nil)
	equal(t, found, session)
	equal(t, user.Name, "ana")
	_, _, err = s.SessionByID(ctx, session.ID, distant)
	is(t, err, chat.ErrNotFound)
	rotate := func(from, to string, at chat.Micros) (done bool) {
		t.Helper()
		write(t, s, func(tx chat.Tx) (err error) {
			done, err = tx.RotateToken(ctx, session.ID, from, to, at)
			return err
		})
		return done
	}
	was := func(hash string, since chat.Micros) (was bool) {
		t.Helper()
		write(t, s, func(tx chat.Tx) (err error) {
			was, err = tx.WasToken(ctx, session.ID, hash, since)
			return err
		})
		return was
	}
	equal(t, rotate("one", "two", 20), false)
	write(t, s, func(tx chat.Tx) error { return tx.InsertToken(ctx, session.ID, "one", 10) })
	equal(t, was("one", 0), false)
	equal(t, rotate("one", "two", 20), true)
	equal(t, rotate("one", "three", 30), false)
	equal(t, was("one", 20), true)
	equal(t, was("one", 21), false)
	equal(t, was("two", 0), false)
	equal(t, rotate("two", "three", 40), true)
	equal(t, was("one", 0), false)

	write(t, s, func(tx chat.Tx) error { return tx.EndSession(ctx, session.ID, 50) })
	write(t, s, func(tx chat.Tx) error { return tx.PruneSessions(ctx, 100) })
	equal(t, fmt.Sprint(db.Column[int64](t, s, `SELECT COUNT(*) FROM tokens`)), "[0]")
}

func testTokenKeys(t *testing.T, s *db.Store) {
	ctx := t.Context()
	keys := func() (told string) {
		t.Helper()
		keys, err := s.TokenKeys(ctx)
		is(t, err, nil)
		for _, k := range keys {
			told += fmt.Sprint(k.ID, " ", string(k.Value), " ", k.CreatedAt, ";")
		}
		return told
	}
	add := func(id int64, value string) {
		t.Helper()
		write(t, s, func(tx chat.Tx) error {
			return tx.InsertTokenKey(ctx, chat.TokenKey{ID: id, Value: []byte(value), CreatedAt: chat.Micros(id)})
		})
	}
	equal(t, keys(), "")
	add(1, "first\x00\xff")
	add(1, "another node's")
	equal(t, keys(), "1 first\x00\xff 1;")
	add(2, "second")
	add(3, "third")
	equal(t, keys(), "3 third 3;2 second 2;")
	equal(t, fmt.Sprint(db.Column[int64](t, s, `SELECT COUNT(*) FROM token_keys`)), "[2]")
}

func testMySessions(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := register(t, s, "ana"), register(t, s, "ben")
	first, second, others := signIn(t, s, ana, "a1"), signIn(t, s, ana, "a2"), signIn(t, s, ben, "b1")
	list := func(now chat.Micros, limit int) (ids []int64) {
		t.Helper()
		sessions, err := s.Sessions(ctx, ana.ID, now, limit)
		is(t, err, nil)
		for _, one := range sessions {
			ids = append(ids, one.ID)
		}
		return ids
	}
	equal(t, fmt.Sprint(list(1, 9)), fmt.Sprint([]int64{second.ID, first.ID}))
	write(t, s, func(tx chat.Tx) error { return tx.TouchSession(ctx, first.ID, 20, 500) })
	equal(t, fmt.Sprint(list(1, 1)), fmt.Sprint([]int64{first.ID}))
	equal(t, fmt.Sprint(list(500, 9)), fmt.Sprint([]int64{second.ID}))
	end := func(id int64, at chat.Micros) error {
		return s.InTx(ctx, func(tx chat.Tx) error { return tx.EndOwnSession(ctx, ana.ID, id, at) })
	}
	is(t, end(others.ID, 30), chat.ErrNotFound)
	is(t, end(first.ID, 500), chat.ErrNotFound)
	is(t, end(second.ID, 30), nil)
	is(t, end(second.ID, 40), chat.ErrNotFound)
	equal(t, fmt.Sprint(list(1, 9)), fmt.Sprint([]int64{first.ID}))
}

func testBots(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := register(t, s, "ana"), register(t, s, "ben")
	makes := func(owner chat.User, name string) (bot chat.User) {
		t.Helper()
		write(t, s, func(tx chat.Tx) (err error) {
			seq, err := tx.NextSeq(ctx, chat.General)
			if err != nil {
				return err
			}
			if bot, err = tx.InsertUser(ctx, chat.NewUser{Name: name, NameKey: name, EmailKey: "bot:" + name, OwnerID: owner.ID}); err != nil {
				return err
			}
			return tx.InsertMember(ctx, chat.General, bot.ID, seq)
		})
		return bot
	}
	zeta, alpha, bens := makes(ana, "zeta"), makes(ana, "alpha"), makes(ben, "bens")
	equal(t, zeta.OwnerID, ana.ID)
	equal(t, ana.IsBot(), false)
	session := signIn(t, s, zeta, "z")
	list := func(owner int64) (names string) {
		t.Helper()
		bots, err := s.Bots(ctx, owner)
		is(t, err, nil)
		for _, b := range bots {
			names += fmt.Sprintf("%s %v %d;", b.Name, b.Bot, b.SeenAt)
		}
		return names
	}
	equal(t, list(ana.ID), "alpha true 0;zeta true 10;")
	equal(t, list(0), "")
	write(t, s, func(tx chat.Tx) error { return tx.EndSession(ctx, session.ID, 20) })
	equal(t, list(ana.ID), "alpha true 0;zeta true 0;")

	post(t, s, chat.General, alpha, "k", 30)
	page, err := s.MessagesBefore(ctx, ana.ID, chat.General, 1000, 1)
	is(t, err, nil)
	equal(t, page[0].AuthorBot, true)
	changes, err := s.Changes(ctx, chat.General, 0, 100)
	is(t, err, nil)
	equal(t, changes.Added[0].AuthorBot, true)
	direct(t, s, ben, alpha)
	with, err := s.ConversationWith(ctx, ben.ID, alpha.ID)
	is(t, err, nil)
	equal(t, with.Bot, true)
	in, err := s.ConversationIn(ctx, ben.ID, chat.General)
	is(t, err, nil)
	equal(t, in.Bot, false)
	found, err := s.FindPeople(ctx, "a", 0, 9)
	is(t, err, nil)
	equal(t, fmt.Sprint(found[0].Bot, found[1].Bot), "true false") // alpha, ana

	rooms, err := s.BotRooms(ctx, ana.ID)
	is(t, err, nil)
	equal(t, fmt.Sprint(rooms), fmt.Sprint([]chat.BotRoom{{Bot: zeta.ID, Room: chat.General, Name: "General"}, {Bot: alpha.ID, Room: chat.General, Name: "General"}}))
	var hook int64
	write(t, s, func(tx chat.Tx) (err error) {
		hook, err = tx.InsertHook(ctx, zeta.ID, chat.General, "secret", 40)
		return err
	})
	hooks, err := s.Hooks(ctx, ana.ID)
	is(t, err, nil)
	equal(t, fmt.Sprint(hooks), fmt.Sprint([]chat.BotRoom{{ID: hook, Bot: zeta.ID, Room: chat.General, Name: "General"}}))
	looked, err := s.Hook(ctx, "secret")
	is(t, err, nil)
	equal(t, looked, chat.Hook{ID: hook, Room: chat.General, User: zeta})
	_, err = s.Hook(ctx, "another")
	is(t, err, chat.ErrNotFound)
	remove := func(bot int64) error {
		return s.InTx(ctx, func(tx chat.Tx) error { return tx.DeleteHook(ctx, bot, hook) })
	}
	is(t, remove(bens.ID), chat.ErrNotFound)
	s.Raw(t, `UPDATE users SET disabled_at = 1 WHERE id = $1`, zeta.ID)
	_, err = s.Hook(ctx, "secret")
	is(t, err, chat.ErrNotFound)
	equal(t, list(ana.ID), "alpha true 0;")
	is(t, remove(zeta.ID), nil)
	is(t, remove(zeta.ID), chat.ErrNotFound)
}
