package db_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"charla/chat"
	"charla/db"
)

// testGroupCommit runs many concurrent writes, some of which fail or panic. Writes that share a commit must not affect
// each other.
func testGroupCommit(t *testing.T, s *db.Store) {
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
				wantErr(t, err, no)
			} else {
				wantErr(t, err, nil)
			}
		})
	}
	writers.Wait()
	equal(t, fallen.Load(), 50)
	equal(t, lastSeqOf(t, s, chat.General), 100)
}
