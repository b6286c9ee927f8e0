package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"charla/chat"
	"charla/db"
)

func lastSeqOf(t testing.TB, s *db.Store, room int64) int64 {
	t.Helper()
	seqs, err := s.LastSeqs(t.Context(), []chat.Topic{{Room: room}})
	is(t, err, nil)
	return seqs[chat.Topic{Room: room}].LastSeq
}

// testTransactions: what is not committed never was, and the connection serves the next one.
func testTransactions(t *testing.T, s *db.Store) {
	ctx := t.Context()
	take := func(tx chat.Tx) {
		_, err := tx.NextSeq(ctx, chat.General)
		is(t, err, nil)
	}
	no := errors.New("no")
	is(t, s.InTx(ctx, func(tx chat.Tx) error { take(tx); return no }), no)
	equal(t, lastSeqOf(t, s, chat.General), 0)

	func() {
		defer func() { equal(t, recover(), any("boom")) }()
		s.InTx(ctx, func(tx chat.Tx) error { take(tx); panic("boom") })
	}()
	equal(t, lastSeqOf(t, s, chat.General), 0)

	write(t, s, func(tx chat.Tx) error {
		take(tx)
		equal(t, lastSeqOf(t, s, chat.General), 0) // nobody else sees it yet
		list, err := tx.LastSeqs(ctx, []chat.Topic{{Room: chat.General}})
		equal(t, list[chat.Topic{Room: chat.General}].LastSeq, 1) // but it does itself
		return err
	})
	equal(t, lastSeqOf(t, s, chat.General), 1)
	is(t, s.Ping(ctx), nil)
}

// testCancelledWrite: the browser goes away in the middle.
func testCancelledWrite(t *testing.T, s *db.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	is(t, s.InTx(ctx, func(tx chat.Tx) error {
		if _, err := tx.NextSeq(ctx, chat.General); err != nil {
			return err
		}
		cancel()
		_, err := tx.NextSeq(ctx, chat.General)
		return err
	}), nil)
	equal(t, lastSeqOf(t, s, chat.General), 2)
	_, err := s.User(ctx, 1)
	equal(t, chat.CodeOf(err), chat.Unavailable)
}

// together runs f n times at once and returns what each answered.
func together(n int, f func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	group.Wait()
	return errs
}

// testManyWriters: every number is taken once, and commits come in the order of the numbers.
func testManyWriters(t *testing.T, s *db.Store) {
	const writers, each = 8, 50
	ctx := t.Context()
	ana := register(t, s, "ana")
	before := lastSeqOf(t, s, chat.General)
	stop := make(chan struct{})
	watched := make(chan error, 1)
	go func() { watched <- watch(ctx, s, before, stop) }()
	for _, err := range together(writers, func(w int) error {
		for n := range each {
			err := s.InTx(ctx, func(tx chat.Tx) error {
				return insert(ctx, tx, chat.General, ana.ID, fmt.Sprintf("%d/%d", w, n))
			})
			if err != nil {
				return err
			}
		}
		return nil
	}) {
		is(t, err, nil)
	}
	close(stop)
	is(t, <-watched, nil)
	got := db.Column[int64](t, s, `SELECT seq FROM messages WHERE room_id = $1 ORDER BY seq`, chat.General)
	equal(t, len(got), writers*each)
	for i, seq := range got {
		equal(t, seq, before+int64(i)+1)
	}
	equal(t, lastSeqOf(t, s, chat.General), before+writers*each)
}

// watch follows General by its cursor, as a stream does, and misses nothing.
func watch(ctx context.Context, s *db.Store, cursor int64, stop chan struct{}) error {
	for {
		changes, err := s.Changes(ctx, chat.General, cursor, 1000)
		if err != nil {
			return err
		}
		if n := int64(len(changes.Added)); n != changes.LastSeq-cursor {
			return fmt.Errorf("after %d the last number is %d, but there are %d messages", cursor, changes.LastSeq, n)
		}
		cursor = changes.LastSeq
		select {
		case <-stop:
			return nil
		default:
		}
	}
}

func testOneRoomMadeTwice(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := register(t, s, "ana"), register(t, s, "ben")
	rooms := make([]int64, 8)
	for _, err := range together(len(rooms), func(i int) error {
		return s.InTx(ctx, func(tx chat.Tx) (err error) {
			if rooms[i], err = tx.EnsureDirect(ctx, ana.ID, ben.ID, 1); err != nil {
				return err
			}
			return insert(ctx, tx, rooms[i], ana.ID, fmt.Sprint(i))
		})
	}) {
		is(t, err, nil)
	}
	for _, room := range rooms {
		equal(t, room, rooms[0])
	}
	c, err := s.ConversationIn(ctx, ben.ID, rooms[0])
	is(t, err, nil)
	equal(t, c.LastSeq, int64(len(rooms)))
	equal(t, c.Unread, len(rooms))
}

// testOneKeyUsedTwice: in different rooms, whose locks do not help.
func testOneKeyUsedTwice(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana := register(t, s, "ana")
	rooms := []int64{chat.General, direct(t, s, ana, ana)}
	failed := 0
	for _, err := range together(2, func(i int) error {
		return s.InTx(ctx, func(tx chat.Tx) error { return insert(ctx, tx, rooms[i], ana.ID, "same") })
	}) {
		if err != nil {
			is(t, err, chat.ErrNotFound)
			failed++
		}
	}
	equal(t, failed, 1)
	equal(t, len(db.Column[int64](t, s, `SELECT id FROM messages`)), 1)
}

func testOneEmail(t *testing.T, s *db.Store) {
	ctx := t.Context()
	made := 0
	for _, err := range together(16, func(i int) error {
		return s.InTx(ctx, func(tx chat.Tx) error {
			_, err := join(ctx, tx, []string{"ana", "ben"}[i%2])
			return err
		})
	}) {
		if err == nil {
			made++
		} else {
			is(t, err, chat.ErrDuplicate)
		}
	}
	equal(t, made, 2)
	equal(t, lastSeqOf(t, s, chat.General), 2)
	equal(t, len(db.Column[int64](t, s, `SELECT id FROM users WHERE role = 'admin'`)), 1)
}

// testBatch: writes that wait together are committed together, and each stands or falls alone.
func testBatch(t *testing.T, s *db.Store) {
	ctx := t.Context()
	no := errors.New("no")
	var writers sync.WaitGroup
	var fallen atomic.Int64
	for i := range 200 {
		writers.Go(func() {
			defer func() {
				if recover() != nil {
					fallen.Add(1)
				}
			}()
			err := s.InTx(ctx, func(tx chat.Tx) error {
				if _, err := tx.NextSeq(ctx, chat.General); err != nil {
					return err
				}
				switch i % 4 {
				case 0:
					return no
				case 1:
					panic("boom")
				}
				return nil
			})
			if i%4 == 0 {
				is(t, err, no)
			} else {
				is(t, err, nil)
			}
		})
	}
	writers.Wait()
	equal(t, fallen.Load(), 50)
	equal(t, lastSeqOf(t, s, chat.General), 100)
}
