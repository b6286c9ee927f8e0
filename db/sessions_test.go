package db_test

import (
	"fmt"
	"testing"
	"time"

	"charla/chat"
	"charla/db"
)

// distant is a time that 32 bits cannot hold, to the microsecond.
var distant = chat.At(time.Date(2262, 4, 11, 23, 47, 16, 854775000, time.UTC))

func signIn(t testing.TB, s *db.Store, user chat.User, hash string) (session chat.Session) {
	t.Helper()
	session = chat.Session{UserID: user.ID, Kind: chat.Browser, CreatedAt: 10, SeenAt: 10, ExpiresAt: distant, UserAgent: "Browser", IP: "::1"}
	write(t, s, func(tx chat.Tx) (err error) {
		session.ID, err = tx.InsertSession(t.Context(), session, hash)
		return err
	})
	return session
}

func testSessions(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana := register(t, s, "ana")
	session := signIn(t, s, ana, "h1")
	look := func(now chat.Micros) (chat.Session, error) {
		found, user, err := s.Session(ctx, "h1", now)
		if err == nil {
			equal(t, user, ana)
		}
		return found, err
	}
	found, err := look(distant - 1)
	is(t, err, nil)
	equal(t, found, session)
	_, err = look(distant)
	is(t, err, chat.ErrNotFound)
	_, _, err = s.Session(ctx, "unknown", 1)
	is(t, err, chat.ErrNotFound)
	is(t, s.InTx(ctx, func(tx chat.Tx) error {
		_, err := tx.InsertSession(ctx, session, "h1")
		return err
	}), chat.ErrDuplicate)

	write(t, s, func(tx chat.Tx) error { return tx.TouchSession(ctx, session.ID, 20, 100) })
	found, err = look(99)
	is(t, err, nil)
	equal(t, found.SeenAt, 20)
	equal(t, found.ExpiresAt, 100)

	s.Raw(t, `UPDATE users SET disabled_at = 1`)
	_, err = look(50)
	is(t, err, chat.ErrNotFound)
	s.Raw(t, `UPDATE users SET disabled_at = 0`)
	write(t, s, func(tx chat.Tx) error { return tx.EndSession(ctx, session.ID, 30) })
	write(t, s, func(tx chat.Tx) error { return tx.TouchSession(ctx, session.ID, 40, 400) })
	_, err = look(50)
	is(t, err, chat.ErrNotFound)
}

func testEndedSessions(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := register(t, s, "ana"), register(t, s, "ben")
	a1, a2, b1 := signIn(t, s, ana, "a1"), signIn(t, s, ana, "a2"), signIn(t, s, ben, "b1")
	ended := func(since chat.Micros) string {
		t.Helper()
		ids, err := s.EndedSessions(ctx, since)
		is(t, err, nil)
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
	write(t, s, func(tx chat.Tx) error { return tx.EndSession(ctx, a2.ID, 100) })
	write(t, s, func(tx chat.Tx) error { return tx.EndSession(ctx, a2.ID, 900) })
	equal(t, ended(100), ids(a2))
	equal(t, ended(101), "[]")
	s.Raw(t, `UPDATE users SET disabled_at = 200 WHERE id = $1`, ana.ID)
	equal(t, ended(100), ids(a1, a2))
	equal(t, ended(200), ids(a1, a2))
	equal(t, ended(201), "[]")

	write(t, s, func(tx chat.Tx) error { return tx.TouchSession(ctx, b1.ID, 1, 50) })
	write(t, s, func(tx chat.Tx) error { return tx.PruneSessions(ctx, 100) })
	equal(t, fmt.Sprint(db.Column[int64](t, s, `SELECT id FROM sessions ORDER BY id`)), ids(a1, a2))
	write(t, s, func(tx chat.Tx) error { return tx.PruneSessions(ctx, 101) })
	equal(t, fmt.Sprint(db.Column[int64](t, s, `SELECT id FROM sessions ORDER BY id`)), ids(a1))
}

// testHoldAccount: whoever begins a session waits for whoever changes the password, and the other way round.
func testHoldAccount(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana := register(t, s, "ana")
	set := func(tx chat.Tx, hash string) error { return tx.ReplacePassword(ctx, ana.ID, hash) }
	begin := func(tx chat.Tx, hash string) error {
		if err := tx.HoldAccount(ctx, ana.ID, "old"); err != nil {
			return err
		}
		_, err := tx.InsertSession(ctx, chat.Session{UserID: ana.ID, Kind: chat.Browser, ExpiresAt: distant}, hash)
		return err
	}
	for n := range 20 {
		write(t, s, func(tx chat.Tx) error { return set(tx, "old") })
		begun := make(chan error)
		write(t, s, func(tx chat.Tx) error {
			if err := set(tx, "new"); err != nil {
				return err
			}
			go func() { begun <- s.InTx(ctx, func(tx chat.Tx) error { return begin(tx, fmt.Sprint("late", n)) }) }()
			_, err := tx.EndSessions(ctx, ana.ID, 0, 10)
			return err
		})
		is(t, <-begun, chat.ErrNotFound)
	}
	write(t, s, func(tx chat.Tx) error { return set(tx, "old") })
	var ended []int64
	changed := make(chan error)
	write(t, s, func(tx chat.Tx) error {
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
	is(t, <-changed, nil)
	equal(t, len(ended), 1)

	write(t, s, func(tx chat.Tx) error { return tx.HoldAccount(ctx, ana.ID, "") })
	s.Raw(t, `UPDATE users SET disabled_at = 1`)
	is(t, s.InTx(ctx, func(tx chat.Tx) error { return tx.HoldAccount(ctx, ana.ID, "") }), chat.ErrNotFound)
}
