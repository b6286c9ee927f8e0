package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"charla/chat"
	"charla/db"
)

func lastSeqOf(t testing.TB, s *db.Store, room int64) int64 {
	t.Helper()
	seqs, err := s.LastSeqs(t.Context(), []chat.StreamKey{{Room: room}})
	wantErr(t, err, nil)
	return seqs[chat.StreamKey{Room: room}].LastSeq
}

// testTransactions checks that a failed or panicking transaction changes nothing, and that its connection works again.
func testTransactions(t *testing.T, s *db.Store) {
	ctx := t.Context()
	take := func(tx chat.Tx) {
		_, err := tx.NextSeq(ctx, chat.General)
		wantErr(t, err, nil)
	}
	no := errors.New("no")
	wantErr(t, s.InTx(ctx, func(tx chat.Tx) error { take(tx); return no }), no)
	equal(t, lastSeqOf(t, s, chat.General), 0)

	func() {
		defer func() { equal(t, recover(), any("boom")) }()
		s.InTx(ctx, func(tx chat.Tx) error { take(tx); panic("boom") })
	}()
	equal(t, lastSeqOf(t, s, chat.General), 0)

	mustWrite(t, s, func(tx chat.Tx) error {
		take(tx)
		equal(t, lastSeqOf(t, s, chat.General), 0) // other connections do not see it yet
		list, err := tx.LastSeqs(ctx, []chat.StreamKey{{Room: chat.General}})
		equal(t, list[chat.StreamKey{Room: chat.General}].LastSeq, 1) // but the transaction does
		return err
	})
	equal(t, lastSeqOf(t, s, chat.General), 1)
	wantErr(t, s.Ping(ctx), nil)
}

// testCancelledWrite cancels the context of a running transaction. The transaction must be completed.
func testCancelledWrite(t *testing.T, s *db.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	wantErr(t, s.InTx(ctx, func(tx chat.Tx) error {
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

// concurrently runs f n times at once and returns the errors.
func concurrently(n int, f func(i int) error) []error {
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

// testManyWriters checks that every seq is taken once and that commits happen in the order of the seqs.
func testManyWriters(t *testing.T, s *db.Store) {
	const writers, each = 8, 50
	ctx := t.Context()
	ana := createUser(t, s, "ana")
	before := lastSeqOf(t, s, chat.General)
	stop := make(chan struct{})
	watched := make(chan error, 1)
	go func() { watched <- followChanges(ctx, s, before, stop) }()
	for _, err := range concurrently(writers, func(w int) error {
		for n := range each {
			err := s.InTx(ctx, func(tx chat.Tx) error {
				return insertMessage(ctx, tx, chat.General, ana.ID, fmt.Sprintf("%d/%d", w, n))
			})
			if err != nil {
				return err
			}
		}
		return nil
	}) {
		wantErr(t, err, nil)
	}
	close(stop)
	wantErr(t, <-watched, nil)
	got := db.Column[int64](t, s, `SELECT seq FROM messages WHERE room_id = $1 ORDER BY seq`, chat.General)
	equal(t, len(got), writers*each)
	for i, seq := range got {
		equal(t, seq, before+int64(i)+1)
	}
	equal(t, lastSeqOf(t, s, chat.General), before+writers*each)
}

// followChanges reads the changes of General again and again with a cursor, like a stream. It returns an error if one
// is missing.
func followChanges(ctx context.Context, s *db.Store, cursor int64, stop chan struct{}) error {
	for {
		changes, err := s.Changes(ctx, chat.General, cursor, 1000)
		if err != nil {
			return err
		}
		if n := int64(len(changes.Added)); n != changes.LastSeq-cursor {
			return fmt.Errorf("after cursor %d the last seq is %d, but there are %d messages", cursor,
				changes.LastSeq, n)
		}
		cursor = changes.LastSeq
		select {
		case <-stop:
			return nil
		default:
		}
	}
}

func testDirectRoomCreatedTwice(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	rooms := make([]int64, 8)
	for _, err := range concurrently(len(rooms), func(i int) error {
		return s.InTx(ctx, func(tx chat.Tx) (err error) {
			if rooms[i], err = tx.EnsureDirectRoom(ctx, ana.ID, ben.ID, 1); err != nil {
				return err
			}
			return insertMessage(ctx, tx, rooms[i], ana.ID, fmt.Sprint(i))
		})
	}) {
		wantErr(t, err, nil)
	}
	for _, room := range rooms {
		equal(t, room, rooms[0])
	}
	c, err := s.ConversationIn(ctx, ben.ID, rooms[0])
	wantErr(t, err, nil)
	equal(t, c.LastSeq, int64(len(rooms)))
	equal(t, c.Unread, len(rooms))
}

// testDuplicateMessageKey posts two messages with the same key in different rooms, where the lock on the room does not
// prevent it.
func testDuplicateMessageKey(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana := createUser(t, s, "ana")
	rooms := []int64{chat.General, directRoom(t, s, ana, ana)}
	failed := 0
	for _, err := range concurrently(2, func(i int) error {
		return s.InTx(ctx, func(tx chat.Tx) error { return insertMessage(ctx, tx, rooms[i], ana.ID, "same") })
	}) {
		if err != nil {
			wantErr(t, err, chat.ErrNotFound)
			failed++
		}
	}
	equal(t, failed, 1)
	equal(t, len(db.Column[int64](t, s, `SELECT id FROM messages`)), 1)
}

func testDuplicateEmail(t *testing.T, s *db.Store) {
	ctx := t.Context()
	made := 0
	for _, err := range concurrently(16, func(i int) error {
		return s.InTx(ctx, func(tx chat.Tx) error {
			_, err := createUserTx(ctx, tx, []string{"ana", "ben"}[i%2])
			return err
		})
	}) {
		if err == nil {
			made++
		} else {
			wantErr(t, err, chat.ErrDuplicate)
		}
	}
	equal(t, made, 2)
	equal(t, lastSeqOf(t, s, chat.General), 2)
	equal(t, len(db.Column[int64](t, s, `SELECT id FROM users WHERE role = 'owner'`)), 1)
}
