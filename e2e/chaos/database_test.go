package chaos

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"

	"charla/db"
	"charla/db/dbtest"
)

// readDatabase reads the whole database directly.
func (c *cluster) readDatabase(driver, source string) databaseState {
	c.Helper()
	pool, err := sql.Open(driver, source)
	if err != nil {
		c.Fatal(err)
	}
	defer pool.Close()
	db := databaseState{LastSeq: map[int64]int64{}}
	scanRows(c, pool, `SELECT id, last_seq FROM rooms`, func(scan func(...any) error) error {
		var room, last int64
		err := scan(&room, &last)
		db.LastSeq[room] = last
		return err
	})
	reactions := c.readReactions(pool)
	files := map[int64][]string{}
	scanRows(c, pool, `SELECT id, blob_id, COALESCE(message_id, 0) FROM files ORDER BY message_id, position`,
		func(scan func(...any) error) error {
			var f storedFile
			err := scan(&f.ID, &f.Blob, &f.Message)
			db.Files = append(db.Files, f)
			files[f.Message] = append(files[f.Message], fmt.Sprint(f.ID))
			return err
		})
	scanRows(c, pool, `SELECT id, size, object, hash FROM blobs`, func(scan func(...any) error) error {
		var k storedBlob
		err := scan(&k.ID, &k.Size, &k.Object, &k.Hash)
		db.Blobs = append(db.Blobs, k)
		return err
	})
	scanRows(c, pool, `
		SELECT room_id, seq, changed_seq, id, author_id, key, body, edited_at > 0, deleted_at > 0,
			EXISTS (SELECT 1 FROM pins p WHERE p.message_id = m.id AND p.room_id = m.room_id AND p.seq <= m.changed_seq)
		FROM messages m ORDER BY room_id, seq`, func(scan func(...any) error) error {
		var m storedMessage
		err := scan(&m.Room, &m.Seq, &m.ChangedSeq, &m.ID, &m.Author, &m.Key, &m.Body, &m.Edited, &m.Deleted,
			&m.Pinned)
		m.Reactions, m.Files = reactions[m.ID].String(), strings.Join(files[m.ID], " ")
		db.Messages = append(db.Messages, m)
		return err
	})
	scanRows(c, pool, `SELECT room_id, user_id, joined_seq, read_seq FROM members`,
		func(scan func(...any) error) error {
			var m membership
			err := scan(&m.Room, &m.User, &m.JoinedSeq, &m.ReadSeq)
			db.Members = append(db.Members, m)
			return err
		})
	scanRows(c, pool, `SELECT room_id, user_id, seq, departed_at FROM departures ORDER BY room_id, seq`,
		func(scan func(...any) error) error {
			var d departure
			var at int64
			err := scan(&d.Room, &d.User, &d.Seq, &at)
			d.At = time.UnixMicro(at)
			db.Departures = append(db.Departures, d)
			return err
		})
	return db
}

// searchIndexProblems compares the search index of a database with its messages.
func (c *cluster) searchIndexProblems(driver, source string, open func() (*db.Store, error)) []string {
	c.Helper()
	pool, err := sql.Open(driver, source)
	if err != nil {
		c.Fatal(err)
	}
	defer pool.Close()
	store, err := open()
	if err != nil {
		c.Fatal(err)
	}
	defer store.Close()
	return dbtest.SearchIndexProblems(c, pool, store)
}

// readReactions reads the reactions by message id.
func (c *cluster) readReactions(pool *sql.DB) map[int64]reactionGroups {
	c.Helper()
	all := map[int64]reactionGroups{}
	scanRows(c, pool, `SELECT message_id, emoji, user_id FROM reactions ORDER BY message_id, seq`,
		func(scan func(...any) error) error {
			var message, who int64
			var emoji string
			err := scan(&message, &emoji, &who)
			all[message] = all[message].add(emoji, who)
			return err
		})
	return all
}

// reactionGroups are the reactions to a message grouped by emoji, in the order of the first of each.
type reactionGroups [][]string

func (k reactionGroups) add(emoji string, who int64) reactionGroups {
	one := fmt.Sprintf("%s:%d", emoji, who)
	for i := range k {
		if strings.HasPrefix(k[i][0], emoji+":") {
			k[i] = append(k[i], one)
			return k
		}
	}
	return append(k, []string{one})
}

func (k reactionGroups) String() string { return strings.Join(slices.Concat(k...), " ") }

// scanRows runs a query and calls take for each row.
func scanRows(c *cluster, pool *sql.DB, query string, take func(scan func(...any) error) error) {
	c.Helper()
	list, err := pool.QueryContext(c.Context(), query)
	if err != nil {
		c.Fatal(err)
	}
	defer list.Close()
	for list.Next() {
		if err := take(list.Scan); err != nil {
			c.Fatal(err)
		}
	}
	if err := list.Err(); err != nil {
		c.Fatal(err)
	}
}
