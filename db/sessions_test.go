package db_test

import (
	"fmt"
	"testing"
	"time"

	"charla/chat"
	"charla/db"
)

// farFuture is a time with microseconds that does not fit into 32 bits.
var farFuture = chat.TimestampOf(time.Date(2262, 4, 11, 23, 47, 16, 854775000, time.UTC))

func insertSession(t testing.TB, s *db.Store, user chat.User, hash string) (session chat.Session) {
	t.Helper()
	session = chat.Session{UserID: user.ID, Kind: chat.BrowserSession, CreatedAt: 10, SeenAt: 10,
		ExpiresAt: farFuture, UserAgent: "Browser", IP: "::1"}
	mustWrite(t, s, func(tx chat.Tx) (err error) {
		session.ID, err = tx.InsertSession(t.Context(), session, hash)
		return err
	})
	return session
}

func testSessions(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana := createUser(t, s, "ana")
	session := insertSession(t, s, ana, "h1")
	readSession := func(now chat.Timestamp) (found chat.Session, err error) {
		err = s.InTx(ctx, func(tx chat.Tx) (err error) {
			var user chat.User
			if found, user, err = tx.Session(ctx, "h1", now); err == nil {
				equal(t, user, ana)
			}
			return err
		})
		return found, err
	}
	found, err := readSession(farFuture - 1)
	wantErr(t, err, nil)
	equal(t, found, session)
	_, err = readSession(farFuture)
	wantErr(t, err, chat.ErrNotFound)
	_, _, err = s.Session(ctx, "unknown", 1)
	wantErr(t, err, chat.ErrNotFound)
	wantErr(t, s.InTx(ctx, func(tx chat.Tx) error {
		_, err := tx.InsertSession(ctx, session, "h1")
		return err
	}), chat.ErrDuplicate)

	mustWrite(t, s, func(tx chat.Tx) error { return tx.TouchSession(ctx, session.ID, 20, 100) })
	found, err = readSession(99)
	wantErr(t, err, nil)
	equal(t, found.SeenAt, 20)
	equal(t, found.ExpiresAt, 100)

	s.RawExec(t, `UPDATE users SET disabled_at = 1`)
	_, err = readSession(50)
	wantErr(t, err, chat.ErrNotFound)
	s.RawExec(t, `UPDATE users SET disabled_at = 0`)
	mustWrite(t, s, func(tx chat.Tx) error { return tx.EndSession(ctx, session.ID, 30) })
	mustWrite(t, s, func(tx chat.Tx) error { return tx.TouchSession(ctx, session.ID, 40, 400) })
	_, err = readSession(50)
	wantErr(t, err, chat.ErrNotFound)
}

func testEndedSessions(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	a1, a2, b1 := insertSession(t, s, ana, "a1"), insertSession(t, s, ana, "a2"), insertSession(t, s, ben, "b1")
	ended := func(since chat.Timestamp) string {
		t.Helper()
		ids, err := s.EndedSessions(ctx, since)
		wantErr(t, err, nil)
		return fmt.Sprint(ids)
	}
	ids := func(sessions ...chat.Session) string {
		var all []int64
		for _, session := range sessions {
			all = append(all, session.ID)
		}
		return fmt.Sprint(all)
	}
	equal(t, ended(0), "[]")
	mustWrite(t, s, func(tx chat.Tx) error { return tx.EndSession(ctx, a2.ID, 100) })
	mustWrite(t, s, func(tx chat.Tx) error { return tx.EndSession(ctx, a2.ID, 900) })
	equal(t, ended(100), ids(a2))
	equal(t, ended(101), "[]")
	s.RawExec(t, `UPDATE users SET disabled_at = 200 WHERE id = $1`, ana.ID)
	equal(t, ended(100), ids(a1, a2))
	equal(t, ended(200), ids(a1, a2))
	equal(t, ended(201), "[]")

	mustWrite(t, s, func(tx chat.Tx) error { return tx.TouchSession(ctx, b1.ID, 1, 50) })
	mustWrite(t, s, func(tx chat.Tx) error { return tx.PruneSessions(ctx, 100) })
	equal(t, fmt.Sprint(db.Column[int64](t, s, `SELECT id FROM sessions ORDER BY id`)), ids(a1, a2))
	mustWrite(t, s, func(tx chat.Tx) error { return tx.PruneSessions(ctx, 101) })
	equal(t, fmt.Sprint(db.Column[int64](t, s, `SELECT id FROM sessions ORDER BY id`)), ids(a1))
}

// testLockAccount starts sessions and changes the password at the same time. Each transaction must wait for the other,
// so that no session survives the change of the password.
func testLockAccount(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana := createUser(t, s, "ana")
	set := func(tx chat.Tx, hash string) error { return tx.ReplacePassword(ctx, ana.ID, hash) }
	begin := func(tx chat.Tx, hash string) error {
		if err := tx.LockAccount(ctx, ana.ID, "old"); err != nil {
			return err
		}
		_, err := tx.InsertSession(ctx, chat.Session{UserID: ana.ID, Kind: chat.BrowserSession, ExpiresAt: farFuture},
			hash)
		return err
	}
	for n := range 20 {
		mustWrite(t, s, func(tx chat.Tx) error { return set(tx, "old") })
		begun := make(chan error)
		mustWrite(t, s, func(tx chat.Tx) error {
			if err := set(tx, "new"); err != nil {
				return err
			}
			go func() { begun <- s.InTx(ctx, func(tx chat.Tx) error { return begin(tx, fmt.Sprint("late", n)) }) }()
			_, err := tx.EndSessions(ctx, ana.ID, 0, 10)
			return err
		})
		wantErr(t, <-begun, chat.ErrNotFound)
	}
	mustWrite(t, s, func(tx chat.Tx) error { return set(tx, "old") })
	var ended []int64
	changed := make(chan error)
	mustWrite(t, s, func(tx chat.Tx) error {
		if err := begin(tx, "early"); err != nil {
			return err
		}
		go func() {
			changed <- s.InTx(ctx, func(tx chat.Tx) (err error) {
				if err = set(tx, "new"); err == nil {
					ended, err = tx.EndSessions(ctx, ana.ID, 0, 10)
				}
				return err
			})
		}()
		return nil
	})
	wantErr(t, <-changed, nil)
	equal(t, len(ended), 1)

	mustWrite(t, s, func(tx chat.Tx) error { return tx.LockAccount(ctx, ana.ID, "") })
	s.RawExec(t, `UPDATE users SET disabled_at = 1`)
	wantErr(t, s.InTx(ctx, func(tx chat.Tx) error { return tx.LockAccount(ctx, ana.ID, "") }), chat.ErrNotFound)
}

func testSessionList(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	first, second, others := insertSession(t, s, ana, "a1"), insertSession(t, s, ana, "a2"), insertSession(t, s, ben,
		"b1")
	list := func(now chat.Timestamp, limit int) (ids []int64) {
		t.Helper()
		sessions, err := s.Sessions(ctx, ana.ID, now, limit)
		wantErr(t, err, nil)
		for _, one := range sessions {
			ids = append(ids, one.ID)
		}
		return ids
	}
	equal(t, fmt.Sprint(list(1, 9)), fmt.Sprint([]int64{second.ID, first.ID}))
	mustWrite(t, s, func(tx chat.Tx) error { return tx.TouchSession(ctx, first.ID, 20, 500) })
	equal(t, fmt.Sprint(list(1, 1)), fmt.Sprint([]int64{first.ID}))
	equal(t, fmt.Sprint(list(500, 9)), fmt.Sprint([]int64{second.ID}))
	end := func(id int64, at chat.Timestamp) error {
		return s.InTx(ctx, func(tx chat.Tx) error { return tx.EndUserSession(ctx, ana.ID, id, at) })
	}
	wantErr(t, end(others.ID, 30), chat.ErrNotFound)
	wantErr(t, end(first.ID, 500), chat.ErrNotFound)
	wantErr(t, end(second.ID, 30), nil)
	wantErr(t, end(second.ID, 40), chat.ErrNotFound)
	equal(t, fmt.Sprint(list(1, 9)), fmt.Sprint([]int64{first.ID}))
}
