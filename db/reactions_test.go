package db_test

import (
	"testing"

	"charla/chat"
	"charla/db"
)

// testMessageEdits changes a message and compares the results of all queries that return it.
func testMessageEdits(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	room := directRoom(t, s, ana, ben)
	m, other := postMessage(t, s, room, ana, "k1", 1), postMessage(t, s, room, ben, "k2", 2)
	read := func() chat.Message {
		t.Helper()
		one, err := s.Message(ctx, ben.ID, m.ID)
		wantErr(t, err, nil)
		page, err := s.MessagesBefore(ctx, ben.ID, room, other.Seq, 1)
		wantErr(t, err, nil)
		equal(t, page[0], one)
		changes, err := s.Changes(ctx, room, 0, 9)
		wantErr(t, err, nil)
		equal(t, changes.Added[0], one)
		equal(t, changes.Added[1], other)
		return one
	}
	change := func(f func(chat.Tx, chat.Message) error) {
		t.Helper()
		mustWrite(t, s, func(tx chat.Tx) error {
			seq, err := tx.NextSeq(ctx, room)
			if err != nil {
				return err
			}
			m.ChangedSeq = seq
			if err := f(tx, m); err != nil {
				return err
			}
			return tx.UpdateMessage(ctx, m)
		})
	}
	equal(t, read(), m)
	change(func(tx chat.Tx, m chat.Message) error {
		return tx.InsertReaction(ctx, m.ID, ben.ID, "👍", m.ChangedSeq)
	})
	change(func(tx chat.Tx, m chat.Message) error {
		return tx.InsertReaction(ctx, m.ID, ana.ID, "👍", m.ChangedSeq)
	})
	change(func(tx chat.Tx, m chat.Message) error {
		return tx.InsertReaction(ctx, m.ID, ben.ID, "🎉", m.ChangedSeq)
	})
	m.Body, m.HTML, m.EditedAt = "another", "<i>another</i>", 7
	change(func(chat.Tx, chat.Message) error { return nil })
	changed := read()
	equal(t, changed.Reactions, chat.Reactions{reaction(ben, "👍"), reaction(ana, "👍"), reaction(ben, "🎉")})
	changed.Reactions = nil
	equal(t, changed, m)

	wantErr(t, s.InTx(ctx, func(tx chat.Tx) error { return tx.InsertReaction(ctx, m.ID, ben.ID, "🎉", 99) }),
		chat.ErrDuplicate)
	wantErr(t, s.InTx(ctx, func(tx chat.Tx) error { return tx.InsertReaction(ctx, 99, ben.ID, "🎉", 99) }),
		chat.ErrNotFound)
	change(func(tx chat.Tx, m chat.Message) error { return tx.DeleteReaction(ctx, m.ID, ben.ID, "👍") })
	equal(t, read().Reactions, chat.Reactions{reaction(ana, "👍"), reaction(ben, "🎉")})
	m.Body, m.HTML, m.DeletedAt = "", "", 8
	change(func(tx chat.Tx, m chat.Message) error { return tx.DeleteReactions(ctx, m.ID) })
	equal(t, read(), m)
	const leftovers = `SELECT body FROM messages WHERE body LIKE '%another%' OR html LIKE '%another%'`
	equal(t, len(db.Column[string](t, s, leftovers)), 0)
	equal(t, len(db.Column[int64](t, s, `SELECT seq FROM reactions`)), 0)
}

func reaction(by chat.User, emoji string) chat.Reaction {
	return chat.Reaction{Emoji: emoji, User: chat.UserSummary{ID: by.ID, Name: by.Name}}
}
