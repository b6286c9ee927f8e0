package db_test

import (
	"slices"
	"testing"

	"charla/chat"
	"charla/db"
	"charla/db/dbtest"
)

// TestMigratingIndexesOfMessages upgrades a SQLite database with messages past the migration that edits the stored text
// of the table. The file must be sound afterwards, and the constraints that remain must hold.
func TestMigratingIndexesOfMessages(t *testing.T) {
	dir := t.TempDir()
	s, err := db.OpenSQLiteBefore(t, dir, "00113")
	wantErr(t, err, nil)
	ana := chat.User{ID: 1}
	s.RawExec(t, `
		INSERT INTO users (name, name_key, email, email_key, password_hash, created_at)
		VALUES ('ana', 'ana', '', 'ana', '', 1)`)
	s.RawExec(t, `INSERT INTO members (room_id, user_id) VALUES (1, $1)`, ana.ID)
	s.RawExec(t, `
		WITH RECURSIVE i (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 300)
		INSERT INTO messages (room_id, seq, changed_seq, author_id, key, body, html, posted_at, starts_group, starts_day,
			content_digest)
		SELECT 1, n + 1, CASE WHEN n % 7 = 0 THEN n + 400 ELSE n + 1 END, $1, 'key ' || n, 'text', 'text', n, 1, 0, ''
		FROM i`, ana.ID)
	s.RawExec(t, `UPDATE rooms SET last_seq = 800 WHERE id = 1`)
	s.RawExec(t, `DELETE FROM messages WHERE id > 290`)
	wantErr(t, s.Close(), nil)

	s, err = db.OpenSQLite(t.Context(), dir)
	wantErr(t, err, nil)
	defer s.Close()
	equal(t, db.Column[string](t, s, `PRAGMA integrity_check`), []string{"ok"})
	equal(t, db.Column[string](t, s, `SELECT "table" FROM pragma_foreign_key_check`), nil)
	equal(t, db.Column[string](t, s, `SELECT name FROM sqlite_schema WHERE name IN ('messages_old', 'messages_unread',
		'messages_changed', 'sqlite_autoindex_messages_2')`), nil)
	m := postMessage(t, s, chat.General, ana, "after", 400)
	equal(t, m.ID, 301)
	wantErr(t, s.InTx(t.Context(), func(tx chat.Tx) error {
		return insertMessage(t.Context(), tx, chat.General, ana.ID, "key 5")
	}), chat.ErrNotFound)
	changed, err := s.MessagesChangedSince(t.Context(), ana.ID, chat.General, 288, 4)
	wantErr(t, err, nil)
	equal(t, len(changed), 4)
	for i, want := range []int64{289, 290, 291, 407} {
		equal(t, changed[i].ChangedSeq, want)
	}
}

func TestMessageIDsAreNeverReused(t *testing.T) {
	for name, s := range map[string]*db.Store{"sqlite": dbtest.OpenSQLite(t), "postgres": dbtest.OpenPostgres(t)} {
		t.Run(name, func(t *testing.T) {
			ana := createUser(t, s, "ana")
			first := postMessage(t, s, chat.General, ana, "first", 1)
			var used []int64
			for _, key := range []string{"a", "b", "c"} {
				used = append(used, postMessage(t, s, chat.General, ana, key, 1).ID)
			}
			s.RawExec(t, `DELETE FROM messages WHERE id > $1`, first.ID)
			if m := postMessage(t, s, chat.General, ana, "d", 1); slices.Contains(used, m.ID) {
				t.Errorf("the message %d has the id of a deleted one: %v", m.ID, used)
			}
			s.RawExec(t, `DELETE FROM messages`)
			if m := postMessage(t, s, chat.General, ana, "e", 1); m.ID <= used[2] {
				t.Errorf("after all messages were deleted, the next one has the id %d", m.ID)
			}
		})
	}
}

// TestChangesWithoutAnIndexOfAll compares the changes after every cursor with what the messages say, in a room in which
// many messages were changed, some of them several times.
func TestChangesWithoutAnIndexOfAll(t *testing.T) {
	for name, s := range map[string]*db.Store{"sqlite": dbtest.OpenSQLite(t), "postgres": dbtest.OpenPostgres(t)} {
		t.Run(name, func(t *testing.T) {
			ana := createUser(t, s, "ana")
			var messages []chat.Message
			for i := range 30 {
				messages = append(messages, postMessage(t, s, chat.General, ana, string(rune('a'+i)), 1))
				if i%3 != 0 {
					continue
				}
				m := &messages[i*7%len(messages)]
				mustWrite(t, s, func(tx chat.Tx) (err error) {
					if m.ChangedSeq, err = tx.NextSeq(t.Context(), chat.General); err != nil {
						return err
					}
					return tx.UpdateMessage(t.Context(), *m)
				})
			}
			for after := range lastSeqOf(t, s, chat.General) + 1 {
				var want []int64
				for _, m := range messages {
					if m.ChangedSeq > after {
						want = append(want, m.ChangedSeq)
					}
				}
				slices.Sort(want)
				const limit = 12
				found, err := s.Changes(t.Context(), chat.General, after, limit)
				wantErr(t, err, nil)
				equal(t, found.TooFarBehind, len(want) > limit)
				if !found.TooFarBehind {
					equal(t, len(found.Added)+len(found.Replaced), len(want))
				}
				list, err := s.MessagesChangedSince(t.Context(), ana.ID, chat.General, after, limit)
				wantErr(t, err, nil)
				var got []int64
				for _, m := range list {
					got = append(got, m.ChangedSeq)
				}
				equal(t, got, want[:min(limit, len(want))])
			}
		})
	}
}
