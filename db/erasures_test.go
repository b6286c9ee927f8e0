package db_test

import (
	"fmt"
	"testing"

	"charla/chat"
	"charla/db"
)

func testErasures(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben, eve := register(t, s, "ana"), register(t, s, "ben"), register(t, s, "eve")
	pair, notes := direct(t, s, ana, ben), direct(t, s, ben, ben)
	var past int64
	write(t, s, func(tx chat.Tx) (err error) {
		if past, err = tx.InsertRoom(ctx, "Past", "past", chat.Open, 1); err != nil {
			return err
		}
		if err = tx.InsertMember(ctx, past, ben.ID, 0); err != nil {
			return err
		}
		seq, err := tx.NextSeq(ctx, past)
		if err != nil {
			return err
		}
		return tx.DeleteMember(ctx, chat.Departure{Room: past, User: ben.ID, By: ben.ID, Seq: seq, At: 5})
	})
	only := func(u chat.User) bool {
		t.Helper()
		alone, err := s.IsOnlyAdmin(ctx, u.ID)
		is(t, err, nil)
		return alone
	}
	equal(t, only(ana), true)
	equal(t, only(ben), false)
	write(t, s, func(tx chat.Tx) error { return tx.SetRole(ctx, eve.ID, chat.RoleAdmin) })
	equal(t, only(ana), false)

	_, err := s.NextErasure(ctx)
	is(t, err, chat.ErrNotFound)
	write(t, s, func(tx chat.Tx) error { return tx.BeginErasure(ctx, ben.ID, chat.General, false) })
	words := db.Column[string](t, s, `SELECT room_id || ' ' || CASE WHEN departed THEN 'gone' ELSE '' END || CASE WHEN words THEN 'words' ELSE '' END FROM erasures ORDER BY room_id`)
	equal(t, fmt.Sprint(words), fmt.Sprint([]string{"1 gone", fmt.Sprint(pair, " "), fmt.Sprint(notes, " words"), fmt.Sprint(past, " ")}))
	next, err := s.NextErasure(ctx)
	is(t, err, nil)
	equal(t, next, chat.Erasure{User: ben.ID, Room: chat.General, Departed: true})
	next.Seq = 7
	write(t, s, func(tx chat.Tx) error { return tx.SetErasure(ctx, next) })
	found, err := s.Erasure(ctx, ben.ID, chat.General)
	is(t, err, nil)
	equal(t, found, next)
	write(t, s, func(tx chat.Tx) error { return tx.EndErasure(ctx, next) })
	_, err = s.Erasure(ctx, ben.ID, chat.General)
	is(t, err, chat.ErrNotFound)

	write(t, s, func(tx chat.Tx) error {
		at, last, err := tx.HoldRoom(ctx, pair)
		equal(t, at, chat.Topic{Low: ana.ID, High: ben.ID})
		equal(t, last, 0)
		if err != nil {
			return err
		}
		at, last, err = tx.HoldRoom(ctx, past)
		equal(t, at, chat.Topic{Room: past})
		equal(t, last, 1)
		return err
	})

	erase := func(hash string) error {
		return s.InTx(ctx, func(tx chat.Tx) error { return tx.EraseUser(ctx, ben.ID, hash, 9) })
	}
	is(t, erase("another hash"), chat.ErrNotFound)
	is(t, erase("hash of ben"), nil)
	is(t, erase(""), chat.ErrNotFound)
	gone, err := s.User(ctx, ben.ID)
	is(t, err, nil)
	equal(t, gone, chat.User{ID: ben.ID, Role: chat.RoleMember, DisabledAt: 9})
	equal(t, gone.Deleted(), true)
	is(t, s.InTx(ctx, func(tx chat.Tx) error { return tx.SetName(ctx, ben.ID, "back", "back") }), chat.ErrNotFound)
	register(t, s, "ben") // the address is free
	all, err := s.Accounts(ctx, "", 0, 9)
	is(t, err, nil)
	equal(t, len(all), 3)
}

// testForGood departs somebody who is not in a room any more, and makes a cursor from before useless.
func testForGood(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := register(t, s, "ana"), register(t, s, "ben")
	m := post(t, s, chat.General, ana, "k", 1)
	leave := func(forGood bool) error {
		return s.InTx(ctx, func(tx chat.Tx) error {
			seq, err := tx.NextSeq(ctx, chat.General)
			if err != nil {
				return err
			}
			return tx.DeleteMember(ctx, chat.Departure{Room: chat.General, User: ben.ID, By: ben.ID, Seq: seq, At: 5, ForGood: forGood})
		})
	}
	is(t, leave(false), nil)
	is(t, leave(false), chat.ErrNotFound)
	c, err := s.Changes(ctx, chat.General, m.Seq, 9)
	is(t, err, nil)
	equal(t, c.Partial, false)
	is(t, leave(true), nil)
	c, err = s.Changes(ctx, chat.General, m.Seq, 9)
	is(t, err, nil)
	equal(t, c.Partial, true)
	equal(t, c.Left[1].ForGood, true)
	c, err = s.Changes(ctx, chat.General, c.LastSeq, 9)
	is(t, err, nil)
	equal(t, c.Partial, false)
}

func testOwn(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := register(t, s, "ana"), register(t, s, "ben")
	pair := direct(t, s, ana, ben)
	first, second, third := post(t, s, pair, ana, "1", 1), post(t, s, pair, ben, "2", 2), post(t, s, pair, ana, "3", 3)
	gone := post(t, s, pair, ana, "4", 4)
	gone.DeletedAt = 5
	write(t, s, func(tx chat.Tx) error {
		for _, emoji := range []string{"🎉", "👍"} {
			if err := tx.InsertReaction(ctx, second.ID, ana.ID, emoji, 9); err != nil {
				return err
			}
		}
		if err := tx.InsertReaction(ctx, first.ID, ben.ID, "🎉", 9); err != nil {
			return err
		}
		return tx.UpdateMessage(ctx, gone)
	})
	by := func(after, upto int64, limit int) (seqs []int64) {
		t.Helper()
		list, err := s.MessagesBy(ctx, ana.ID, pair, after, upto, limit)
		is(t, err, nil)
		for _, m := range list {
			seqs = append(seqs, m.Seq)
		}
		return seqs
	}
	equal(t, fmt.Sprint(by(0, 99, 9)), fmt.Sprint([]int64{first.Seq, third.Seq}))
	equal(t, fmt.Sprint(by(0, 99, 1), by(first.Seq, 99, 9), by(0, second.Seq, 9)), fmt.Sprint([]int64{first.Seq}, []int64{third.Seq}, []int64{first.Seq}))

	reacted, err := s.ReactedTo(ctx, ana.ID, pair, 9)
	is(t, err, nil)
	equal(t, len(reacted), 1)
	equal(t, reacted[0].ID, second.ID)
	var emoji string
	for after := (chat.OwnReaction{}); ; {
		page, err := s.ReactionsBy(ctx, ana.ID, after, 1)
		is(t, err, nil)
		if len(page) == 0 {
			break
		}
		after = page[0]
		equal(t, after.Room, pair)
		emoji += after.Emoji
	}
	equal(t, len(emoji), len("🎉👍"))

	rooms, err := s.PastRooms(ctx, ana.ID, 0, 9)
	is(t, err, nil)
	equal(t, rooms[1], chat.PastRoom{ID: pair, Kind: chat.Direct, Name: "ben", Peer: ben.ID, Access: rooms[1].Access, Role: chat.RoleMember, LastSeq: 4})
	more, err := s.PastRooms(ctx, ana.ID, pair, 9)
	is(t, err, nil)
	equal(t, len(more), 0)
	at, err := s.RegisteredAt(ctx, ana.ID)
	is(t, err, nil)
	equal(t, at, 1)
}
