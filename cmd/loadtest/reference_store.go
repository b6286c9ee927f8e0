//go:build linux

package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/lib/pq" // the driver that Charla uses
	"modernc.org/sqlite"
)

// storingReference is the name of the reference server with a store in the table.
const storingReference = "storing"

// messageStore is the database of a reference server. It does the least that makes a stored message survive a power
// failure: one prepared INSERT into a table with one index, in a transaction of its own.
type messageStore struct {
	pool    *sql.DB
	table   string
	prepare *sql.Stmt
	remove  func() // deletes what the store has written
}

// openMessageStore creates a table in the PostgreSQL database at databaseURL or, if that is empty, in a new SQLite
// file in the directory of TMPDIR. The table is deleted when the store is closed.
func openMessageStore(databaseURL string) (*messageStore, error) {
	if databaseURL == "" {
		return openSQLiteStore()
	}
	pool, err := sql.Open("postgres", databaseURL)
	if err != nil {
		return nil, err
	}
	table := "loadtest_" + strings.ToLower(rand.Text())
	return newMessageStore(pool, table, "BIGSERIAL", func() { pool.Exec("DROP TABLE IF EXISTS " + table) })
}

// openSQLiteStore opens SQLite as Charla does: one connection writes, to a write-ahead log that each commit syncs.
func openSQLiteStore() (*messageStore, error) {
	dir, err := os.MkdirTemp("", "loadtest-")
	if err != nil {
		return nil, err
	}
	sqlite.Fdatasync(true)
	const options = "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate"
	pool, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.Join(dir, "reference.db")}).EscapedPath()+options)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1)
	return newMessageStore(pool, "messages", "INTEGER", func() { os.RemoveAll(dir) })
}

// newMessageStore creates the table and prepares the INSERT. If that fails, it calls remove and closes the pool.
func newMessageStore(pool *sql.DB, table, idType string, remove func()) (*messageStore, error) {
	s := &messageStore{pool: pool, table: table, remove: remove}
	create := fmt.Sprintf(`CREATE TABLE %[1]s (id %[2]s PRIMARY KEY, room BIGINT NOT NULL, author BIGINT NOT NULL,
		body TEXT NOT NULL, posted_at BIGINT NOT NULL)`, table, idType)
	index := fmt.Sprintf(`CREATE INDEX %[1]s_room ON %[1]s (room, id)`, table)
	for _, statement := range []string{create, index} {
		if _, err := pool.Exec(statement); err != nil {
			s.close()
			return nil, err
		}
	}
	var err error
	s.prepare, err = pool.Prepare("INSERT INTO " + table + " (room, author, body, posted_at) VALUES ($1, $2, $3, $4)")
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// insert stores the message in the parameters of a request. A single statement is a transaction of its own.
func (s *messageStore) insert(ctx context.Context, message url.Values) error {
	_, err := s.prepare.ExecContext(ctx, message.Get("room"), message.Get("author"), message.Get("body"),
		time.Now().UnixMicro())
	return err
}

// close deletes what the store has written and closes the database.
func (s *messageStore) close() {
	defer s.pool.Close()
	if s.prepare != nil {
		s.prepare.Close()
	}
	s.remove()
}

// How much CPU time in µs the reference server with a store used per message on the machine of docs/performance.md,
// with SQLite, 1,000 streams in pairs and 2,000 messages per second, and how far a measurement may be off, as a
// fraction.
const (
	expectedStoreCPU = 276
	storeTolerance   = 0.15
)

// printExpectation prints a row if the reference server with a store, measured under the conditions of
// expectedStoreCPU, used more or less CPU time than storeTolerance allows. That means that the machine is a different
// one or is busy, so that only ratios are meaningful.
func printExpectation(w io.Writer, p plan, runs [][]result) {
	for column, r := range runs[0] {
		if r.name != storingReference || !p.pairs || p.streams != 1000 || p.rate != 2000 || p.databaseURL != "" {
			continue
		}
		measured := median(row{value: cpuPerMessage}.values(runs, column))
		if off := measured/expectedStoreCPU - 1; off < -storeTolerance || off > storeTolerance {
			fmt.Fprintf(w, "%-33s%+.0f %% of the expected %d µs\n", "the storing reference is off by", 100*off,
				expectedStoreCPU)
		}
	}
}
