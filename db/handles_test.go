package db_test

import (
	"fmt"
	"testing"

	"charla/chat"
	"charla/db"
)

func testHandles(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben, gone := createUser(t, s, "ana"), createUser(t, s, "ben"), createUser(t, s, "gone")
	without, err := s.UsersWithoutHandle(ctx, 2)
	wantErr(t, err, nil)
	equal(t, fmt.Sprint(without[0].ID, without[1].ID, len(without)), fmt.Sprint(ana.ID, ben.ID, 2))
	set := func(user chat.User, handle, key string) error {
		return s.InTx(ctx, func(tx chat.Tx) error { return tx.SetHandle(ctx, user.ID, handle, key) })
	}
	wantErr(t, set(ana, "ána", "ana"), nil)
	wantErr(t, set(ben, "ANA", "ana"), chat.ErrDuplicate)
	wantErr(t, set(gone, "gone", "gone"), nil)
	s.RawExec(t, `UPDATE users SET disabled_at = 5 WHERE name = 'gone'`)

	found, err := s.UsersByHandle(ctx, []string{"ana", "ana", "gone", "", "nobody"})
	wantErr(t, err, nil)
	equal(t, fmt.Sprint(len(found), found[0].ID, found[0].Handle), fmt.Sprint(1, ana.ID, "ána"))
	none, err := s.UsersByHandle(ctx, nil)
	wantErr(t, err, nil)
	equal(t, len(none), 0)
	taken, err := s.TakenHandles(ctx, ben.ID, []string{"gone", "ana", "free", ""})
	wantErr(t, err, nil)
	equal(t, fmt.Sprint(taken), "[ana gone]")
	taken, err = s.TakenHandles(ctx, ana.ID, []string{"ana"})
	wantErr(t, err, nil)
	equal(t, len(taken), 0)

	free := func(hash string, user chat.User, at chat.Timestamp) {
		mustWrite(t, s, func(tx chat.Tx) error { return tx.InsertFreedHandle(ctx, hash, user.ID, at) })
	}
	free("x", ana, 10)
	free("y", ben, 10)
	free("y", ana, 20)
	freed := func(user chat.User, since chat.Timestamp) string {
		list, err := s.FreedHandles(ctx, user.ID, []string{"x", "y", "z"}, since)
		wantErr(t, err, nil)
		return fmt.Sprint(list)
	}
	equal(t, freed(ben, 10)+freed(ben, 11)+freed(ana, 0), "[x y][y][]")
	mustWrite(t, s, func(tx chat.Tx) error { return tx.PruneFreedHandles(ctx, 20) })
	equal(t, freed(ben, 0), "[y]")
}
