package db_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"charla/db"
)

// TestDeletedTextLeavesTheFiles writes, replaces and deletes many texts of different lengths, so that SQLite splits and
// merges pages, frees pages and reuses them. Afterwards no text that was deleted may be in any of its files.
func TestDeletedTextLeavesTheFiles(t *testing.T) {
	dir := t.TempDir()
	s, err := db.OpenSQLite(t.Context(), dir)
	wantErr(t, err, nil)
	defer s.Close()
	equal(t, s.Pragma(t, "secure_delete"), "1")
	equal(t, db.Column[string](t, s, `PRAGMA secure_delete`)[0], "1")
	ana := createUser(t, s, "ana")
	texts := map[int]string{}
	const rounds, perRound = 15, 100
	for round := range rounds {
		s.RawExec(t, `BEGIN`)
		for i := range perRound {
			n := round*perRound + i
			texts[n] = uniqueText(n, 0)
			s.RawExec(t, `INSERT INTO messages (room_id, seq, changed_seq, author_id, key, content_digest, body, html,
				starts_group, starts_day, posted_at) VALUES (1, $1, $1, $2, $3, '', $4, $4, 0, 0, 1)`, n+10, ana.ID, n, texts[n])
			edited := rand.IntN(n + 1)
			texts[edited] = uniqueText(edited, n+1)
			s.RawExec(t, `UPDATE messages SET body = $2, html = $2 WHERE seq = $1`, edited+10, texts[edited])
			s.RawExec(t, `UPDATE users SET name_key = $1`, uniqueText(n, 999)) // in an index too
		}
		s.RawExec(t, `COMMIT`)
	}
	s.RawExec(t, `BEGIN`)
	for n := range rounds * perRound {
		if n%3 > 0 {
			s.RawExec(t, `UPDATE messages SET body = '', html = '' WHERE seq = $1`, n+10)
			delete(texts, n)
		}
	}
	s.RawExec(t, `UPDATE users SET name_key = ''`)
	s.RawExec(t, `COMMIT`)
	done, err := s.PurgeDeleted(t.Context())
	wantErr(t, err, nil)
	equal(t, done, true)
	kept := map[string]bool{}
	for _, text := range texts {
		kept[text[:len("text 000000 000000;")]] = true
	}
	equal(t, db.Column[string](t, s, `PRAGMA integrity_check`)[0], "ok")
	for _, name := range []string{"charla.db", "charla.db-wal", "charla.db-shm"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		wantErr(t, err, nil)
		for _, part := range bytes.SplitAfter(data, []byte("text "))[1:] {
			if text := "text " + string(part[:min(len(part), 14)]); !kept[text] && strings.HasSuffix(text, ";") {
				t.Errorf("%s still contains %q", name, text)
			}
		}
	}
}

// uniqueText returns a text of up to 3,000 bytes that begins with two numbers.
func uniqueText(n, version int) string {
	return fmt.Sprintf("text %06d %06d;", n, version) + strings.Repeat("x", rand.IntN(1+rand.IntN(3000)))
}

// TestPurgeWaitsForReaders checks that a reader which still uses the write-ahead log delays neither PurgeDeleted nor
// writers, and that another attempt succeeds when the reader has finished.
func TestPurgeWaitsForReaders(t *testing.T) {
	dir := t.TempDir()
	s, err := db.OpenSQLite(t.Context(), dir)
	wantErr(t, err, nil)
	defer s.Close()
	createUser(t, s, "ana")
	finish := s.BeginRead(t)
	createUser(t, s, "berta")
	done, err := s.PurgeDeleted(t.Context())
	wantErr(t, err, nil)
	equal(t, done, false)
	createUser(t, s, "carla")
	finish()
	done, err = s.PurgeDeleted(t.Context())
	wantErr(t, err, nil)
	equal(t, done, true)
	info, err := os.Stat(filepath.Join(dir, "charla.db-wal"))
	wantErr(t, err, nil)
	equal(t, info.Size(), 0)
	equal(t, len(db.Column[int64](t, s, `SELECT id FROM users`)), 3)
}
