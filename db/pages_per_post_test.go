package db_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"charla/chat"
	"charla/db"
)

// TestPagesPerPost counts the pages that a post writes on SQLite, because each of them costs two calls of the operating
// system. Every post writes four: of the room, of the messages, and of their two indexes. Pages that fill up add to that.
func TestPagesPerPost(t *testing.T) {
	dir := t.TempDir()
	s, err := db.OpenSQLite(t.Context(), dir)
	wantErr(t, err, nil)
	defer s.Close()
	s.RawExec(t, `PRAGMA wal_autocheckpoint = 0`) // so that the log only grows
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	var room int64
	mustWrite(t, s, func(tx chat.Tx) (err error) {
		room, err = tx.EnsureDirectRoom(t.Context(), ana.ID, ben.ID, 1)
		return err
	})
	pages := func() int64 {
		info, err := os.Stat(filepath.Join(dir, "charla.db-wal"))
		wantErr(t, err, nil)
		return info.Size() / (4096 + 24)
	}
	const posts = 200
	before := pages()
	for i := range posts {
		mustWrite(t, s, func(tx chat.Tx) error {
			return insertMessage(t.Context(), tx, room, ana.ID, fmt.Sprint("key ", i))
		})
	}
	perPost := float64(pages()-before) / posts
	t.Logf("%.2f pages per post", perPost)
	if perPost < 4 || perPost > 4.5 {
		t.Errorf("a post writes %.2f pages", perPost)
	}
}
