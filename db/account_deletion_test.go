package db_test

import (
	"fmt"
	"testing"

	"charla/chat"
	"charla/db"
)

func testAccountDeletion(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben, eve := createUser(t, s, "ana"), createUser(t, s, "ben"), createUser(t, s, "eve")
	pair, notes := directRoom(t, s, ana, ben), directRoom(t, s, ben, ben)
	var past int64
	mustWrite(t, s, func(tx chat.Tx) (err error) {
		if past, err = tx.InsertRoom(ctx, "Past", "past", chat.AccessOpen, 1); err != nil {
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
		alone, err := s.NeedsSuccessor(ctx, u.ID)
		wantErr(t, err, nil)
		return alone
	}
	equal(t, only(ana), true)
	equal(t, only(ben), false)
	mustWrite(t, s, func(tx chat.Tx) error {
		if err := tx.SetRole(ctx, ana.ID, chat.RoleAdmin, 1); err != nil {
			return err
		}
		return tx.SetRole(ctx, eve.ID, chat.RoleOwner, 1)
	})
	equal(t, only(ana), false)
	equal(t, only(eve), true)

	_, err := s.NextErasureJob(ctx)
	wantErr(t, err, chat.ErrNotFound)
	mustWrite(t, s, func(tx chat.Tx) error { return tx.CreateErasureJobs(ctx, ben.ID, chat.General, false) })
	jobs := db.Column[string](t, s, `
		SELECT room_id || ' ' || CASE WHEN departure_recorded THEN 'left' ELSE '' END ||
			CASE WHEN erase_messages THEN 'erase' ELSE '' END
		FROM erasure_jobs ORDER BY room_id`)
	equal(t, fmt.Sprint(jobs),
		fmt.Sprint([]string{"1 left", fmt.Sprint(pair, " "), fmt.Sprint(notes, " erase"), fmt.Sprint(past, " ")}))
	next, err := s.NextErasureJob(ctx)
	wantErr(t, err, nil)
	equal(t, next, chat.ErasureJob{User: ben.ID, Room: chat.General, DepartureRecorded: true})
	next.ErasedThrough = 7
	mustWrite(t, s, func(tx chat.Tx) error { return tx.UpdateErasureJob(ctx, next) })
	found, err := s.ErasureJob(ctx, ben.ID, chat.General)
	wantErr(t, err, nil)
	equal(t, found, next)
	mustWrite(t, s, func(tx chat.Tx) error { return tx.DeleteErasureJob(ctx, next) })
	_, err = s.ErasureJob(ctx, ben.ID, chat.General)
	wantErr(t, err, chat.ErrNotFound)

	mustWrite(t, s, func(tx chat.Tx) error {
		at, last, err := tx.LockRoom(ctx, pair)
		equal(t, at, chat.StreamKey{Low: ana.ID, High: ben.ID})
		equal(t, last, 0)
		if err != nil {
			return err
		}
		at, last, err = tx.LockRoom(ctx, past)
		equal(t, at, chat.StreamKey{Room: past})
		equal(t, last, 1)
		return err
	})

	erase := func(hash string) error {
		return s.InTx(ctx, func(tx chat.Tx) error {
			_, err := tx.EraseUser(ctx, ben.ID, hash, 9)
			return err
		})
	}
	wantErr(t, erase("another hash"), chat.ErrNotFound)
	wantErr(t, erase("hash of ben"), nil)
	wantErr(t, erase(""), chat.ErrNotFound)
	gone, err := s.User(ctx, ben.ID)
	wantErr(t, err, nil)
	equal(t, gone, chat.User{ID: ben.ID, Role: chat.RoleMember, DisabledAt: 9})
	equal(t, gone.Deleted(), true)
	wantErr(t, s.InTx(ctx, func(tx chat.Tx) error { return tx.SetName(ctx, ben.ID, "back", "back") }), chat.ErrNotFound)
	createUser(t, s, "ben") // the e-mail address can be used again
	all, err := s.AllUsers(ctx, "", 0, 9)
	wantErr(t, err, nil)
	equal(t, len(all), 3)
}

// testAccountDeparture records the departure of a deleted account whose owner had left the room before. Cursors from
// before that departure must be refused.
func testAccountDeparture(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	m := postMessage(t, s, chat.General, ana, "k", 1)
	leave := func(forGood bool) error {
		return s.InTx(ctx, func(tx chat.Tx) error {
			seq, err := tx.NextSeq(ctx, chat.General)
			if err != nil {
				return err
			}
			return tx.DeleteMember(ctx,
				chat.Departure{Room: chat.General, User: ben.ID, By: ben.ID, Seq: seq, At: 5, AccountDeleted: forGood})
		})
	}
	wantErr(t, leave(false), nil)
	wantErr(t, leave(false), chat.ErrNotFound)
	c, err := s.Changes(ctx, chat.General, m.Seq, 9)
	wantErr(t, err, nil)
	equal(t, c.TooFarBehind, false)
	wantErr(t, leave(true), nil)
	c, err = s.Changes(ctx, chat.General, m.Seq, 9)
	wantErr(t, err, nil)
	equal(t, c.TooFarBehind, true)
	equal(t, c.Left[1].AccountDeleted, true)
	c, err = s.Changes(ctx, chat.General, c.LastSeq, 9)
	wantErr(t, err, nil)
	equal(t, c.TooFarBehind, false)
}
