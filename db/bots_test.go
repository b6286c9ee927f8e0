package db_test

import (
	"fmt"
	"testing"

	"charla/chat"
	"charla/db"
)

func testBots(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	makes := func(owner chat.User, name string) (bot chat.User) {
		t.Helper()
		mustWrite(t, s, func(tx chat.Tx) (err error) {
			seq, err := tx.NextSeq(ctx, chat.General)
			if err != nil {
				return err
			}
			account := chat.NewUser{Name: name, NameKey: name, EmailKey: "bot:" + name, OwnerID: owner.ID}
			if bot, err = tx.InsertUser(ctx, account); err != nil {
				return err
			}
			return tx.InsertMember(ctx, chat.General, bot.ID, seq)
		})
		return bot
	}
	zeta, alpha, bens := makes(ana, "zeta"), makes(ana, "alpha"), makes(ben, "bens")
	equal(t, zeta.OwnerID, ana.ID)
	equal(t, ana.IsBot(), false)
	session := insertSession(t, s, zeta, "z")
	list := func(owner int64) (names string) {
		t.Helper()
		bots, err := s.Bots(ctx, owner)
		wantErr(t, err, nil)
		for _, b := range bots {
			names += fmt.Sprintf("%s %v %d;", b.Name, b.IsBot, b.SeenAt)
		}
		return names
	}
	equal(t, list(ana.ID), "alpha true 0;zeta true 10;")
	equal(t, list(0), "")
	mustWrite(t, s, func(tx chat.Tx) error { return tx.EndSession(ctx, session.ID, 20) })
	equal(t, list(ana.ID), "alpha true 0;zeta true 0;")

	postMessage(t, s, chat.General, alpha, "k", 30)
	page, err := s.MessagesBefore(ctx, ana.ID, chat.General, 1000, 1)
	wantErr(t, err, nil)
	equal(t, page[0].AuthorBot, true)
	changes, err := s.Changes(ctx, chat.General, 0, 100)
	wantErr(t, err, nil)
	equal(t, changes.Added[0].AuthorBot, true)
	directRoom(t, s, ben, alpha)
	with, err := s.ConversationWith(ctx, ben.ID, alpha.ID)
	wantErr(t, err, nil)
	equal(t, with.PeerIsBot, true)
	in, err := s.ConversationIn(ctx, ben.ID, chat.General)
	wantErr(t, err, nil)
	equal(t, in.PeerIsBot, false)
	found, err := s.FindUsers(ctx, ben.ID, "a", 0, 9)
	wantErr(t, err, nil)
	equal(t, fmt.Sprint(found[0].IsBot, found[1].IsBot), "true false") // alpha, ana

	rooms, err := s.BotRooms(ctx, ana.ID, 9)
	wantErr(t, err, nil)
	equal(t, fmt.Sprint(rooms), fmt.Sprint([]chat.BotRoom{{Bot: zeta.ID, Room: chat.General, Name: "General"},
		{Bot: alpha.ID, Room: chat.General, Name: "General"}}))
	var hook int64
	mustWrite(t, s, func(tx chat.Tx) (err error) {
		hook, err = tx.InsertWebhook(ctx, zeta.ID, chat.General, "secret", 40)
		return err
	})
	hooks, err := s.Webhooks(ctx, ana.ID)
	wantErr(t, err, nil)
	equal(t, fmt.Sprint(hooks),
		fmt.Sprint([]chat.BotRoom{{ID: hook, Bot: zeta.ID, Room: chat.General, Name: "General"}}))
	looked, err := s.Webhook(ctx, "secret")
	wantErr(t, err, nil)
	equal(t, looked, chat.Webhook{ID: hook, Room: chat.General, User: zeta})
	_, err = s.Webhook(ctx, "another")
	wantErr(t, err, chat.ErrNotFound)
	remove := func(bot int64) error {
		return s.InTx(ctx, func(tx chat.Tx) error { return tx.DeleteWebhook(ctx, bot, hook) })
	}
	wantErr(t, remove(bens.ID), chat.ErrNotFound)
	s.RawExec(t, `UPDATE users SET disabled_at = 1 WHERE id = $1`, zeta.ID)
	_, err = s.Webhook(ctx, "secret")
	wantErr(t, err, chat.ErrNotFound)
	equal(t, list(ana.ID), "alpha true 0;")
	wantErr(t, remove(zeta.ID), nil)
	wantErr(t, remove(zeta.ID), chat.ErrNotFound)
}
