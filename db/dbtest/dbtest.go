// Package dbtest creates real databases for tests: SQLite files, and databases in a PostgreSQL cluster that is started
// once per test binary.
package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "github.com/lib/pq" // for the connection that creates databases

	"charla/db"
)

// OpenSQLite returns a store with a new SQLite file. Both are removed at the end of the test.
func OpenSQLite(t testing.TB, options ...db.Option) *db.Store {
	t.Helper()
	return mustOpen(t)(db.OpenSQLite(t.Context(), SQLiteDir(t), options...))
}

// sqliteTemplate is the migrated database of which every test gets a copy. Migrating takes more than a second with the
// race detector.
var sqliteTemplate struct {
	sync.Mutex // guards file
	file       []byte
}

// SQLiteDir returns a new data directory with a migrated, empty SQLite database. It is removed at the end of the test.
func SQLiteDir(t testing.TB) string {
	t.Helper()
	sqliteTemplate.Lock()
	defer sqliteTemplate.Unlock()
	if sqliteTemplate.file == nil {
		sqliteTemplate.file = migratedFile(t)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, sqliteFile), sqliteTemplate.file, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// sqliteFile is the name of the database in a data directory.
const sqliteFile = "charla.db"

func migratedFile(t testing.TB) []byte {
	t.Helper()
	dir := t.TempDir()
	store, err := db.OpenSQLite(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(dir, sqliteFile))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// OpenPostgres returns a store with a new PostgreSQL database, and closes the store at the end of the test. Without
// PostgreSQL it skips or fails the test; see PostgresURL.
func OpenPostgres(t testing.TB, options ...db.Option) *db.Store {
	t.Helper()
	return mustOpen(t)(db.OpenPostgres(t.Context(), PostgresURL(t), options...))
}

func mustOpen(t testing.TB) func(*db.Store, error) *db.Store {
	return func(s *db.Store, err error) *db.Store {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
}

// shared is the PostgreSQL cluster that all tests of this test binary share.
var shared struct {
	sync.Mutex // guards all below; also held while a database is copied, because only one copy can run at a time
	server     *Server
	databases  int
}

const templateDatabase = "charla_template"

// PostgresURL returns the URL of a new, migrated database. If PostgreSQL is not installed, the test is skipped, or
// fails if CI=true.
func PostgresURL(t testing.TB) string {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		server := newCluster(t)
		server.Start(t)
		createTemplate(t, server)
		shared.server = server
	}
	shared.databases++
	name := fmt.Sprintf("test_%d", shared.databases)
	shared.server.exec(t, "CREATE DATABASE "+name+" TEMPLATE "+templateDatabase)
	return shared.server.URL(name)
}

func createTemplate(t testing.TB, server *Server) {
	t.Helper()
	server.exec(t, "CREATE DATABASE "+templateDatabase)
	store, err := db.OpenPostgres(t.Context(), server.URL(templateDatabase))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

// exec runs one statement in the cluster's database named postgres.
func (s *Server) exec(t testing.TB, query string) {
	t.Helper()
	pool, err := sql.Open("postgres", s.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

// Eventually waits until ok returns true. It calls ok every 10 ms, and after a minute it fails the test with the text
// what.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for !ok() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatal("timed out waiting for ", what)
		}
	}
}
