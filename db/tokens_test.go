package db_test

import (
	"fmt"
	"testing"

	"charla/chat"
	"charla/db"
)

func testTokens(t *testing.T, s *db.Store) {
	ctx := t.Context()
	session := insertSession(t, s, createUser(t, s, "ana"), "family")
	found, user, err := s.SessionByID(ctx, session.ID, 1)
	wantErr(t, err, nil)
	equal(t, found, session)
	equal(t, user.Name, "ana")
	_, _, err = s.SessionByID(ctx, session.ID, farFuture)
	wantErr(t, err, chat.ErrNotFound)
	rotate := func(from, to string, at chat.Timestamp) (done bool) {
		t.Helper()
		mustWrite(t, s, func(tx chat.Tx) (err error) {
			done, err = tx.RotateRefreshToken(ctx, session.ID, from, to, at)
			return err
		})
		return done
	}
	was := func(hash string, since chat.Timestamp) (was bool) {
		t.Helper()
		mustWrite(t, s, func(tx chat.Tx) (err error) {
			was, err = tx.IsPreviousRefreshToken(ctx, session.ID, hash, since)
			return err
		})
		return was
	}
	equal(t, rotate("one", "two", 20), false)
	mustWrite(t, s, func(tx chat.Tx) error { return tx.InsertRefreshToken(ctx, session.ID, "one", 10) })
	equal(t, was("one", 0), false)
	equal(t, rotate("one", "two", 20), true)
	equal(t, rotate("one", "three", 30), false)
	equal(t, was("one", 20), true)
	equal(t, was("one", 21), false)
	equal(t, was("two", 0), false)
	equal(t, rotate("two", "three", 40), true)
	equal(t, was("one", 0), false)

	mustWrite(t, s, func(tx chat.Tx) error { return tx.EndSession(ctx, session.ID, 50) })
	mustWrite(t, s, func(tx chat.Tx) error { return tx.PruneSessions(ctx, 100) })
	equal(t, fmt.Sprint(db.Column[int64](t, s, `SELECT COUNT(*) FROM refresh_tokens`)), "[0]")
}
