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

// insertBlob stores a blob with a hash and returns its id.
func insertBlob(t testing.TB, s *db.Store, hash string, size int64) (id int64) {
	t.Helper()
	mustWrite(t, s, func(tx chat.Tx) error {
		err := tx.InsertBlob(t.Context(), chat.Blob{Object: "o" + hash, Hash: hash, Type: "image/png", Size: size,
			Width: 4, Height: 3, Animated: true}, 1)
		if err == nil {
			id, _, err = tx.BlobByHash(t.Context(), hash)
		}
		return err
	})
	return id
}

// testBlobDeletedConcurrently creates a file while its blob is being deleted. Either the file gets the blob, or it is
// not created; a file without a blob must never exist.
func testBlobDeletedConcurrently(t *testing.T, s *db.Store) {
	ctx := context.WithoutCancel(t.Context())
	ana := createUser(t, s, "ana")
	for i := range 40 {
		c := insertBlob(t, s, fmt.Sprint("hash", i), 1)
		var both sync.WaitGroup
		both.Go(func() {
			s.InTx(ctx, func(tx chat.Tx) error { _, err := tx.DeleteBlobs(ctx, []int64{c}); return err })
		})
		var made error
		both.Go(func() {
			made = s.InTx(ctx, func(tx chat.Tx) error {
				_, err := tx.InsertFile(ctx, chat.NewFile{Blob: c, Owner: ana.ID, Name: "x"})
				return err
			})
		})
		both.Wait()
		_, _, err := s.BlobByHash(ctx, fmt.Sprint("hash", i))
		switch {
		case made == nil && err != nil:
			t.Fatalf("there is a file without its blob: %v", err)
		case made != nil && !errors.Is(made, chat.ErrNotFound):
			t.Fatalf("insert file: %v", made)
		}
	}
}
