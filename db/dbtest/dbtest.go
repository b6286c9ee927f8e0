// Package dbtest gives tests real databases: a file for each test, or a database of its own in a PostgreSQL cluster
// that is started once for the test binary.
package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver of the connection that makes databases

	"charla/db"
)

// OpenSQLite returns a store on a fresh file that goes away with the test.
func OpenSQLite(t testing.TB) *db.Store {
	t.Helper()
	return mustOpen(t)(db.OpenSQLite(t.Context(), t.TempDir()))
}

// OpenPostgres returns a store on a fresh database that goes away with the test. See Postgres.
func OpenPostgres(t testing.TB) *db.Store {
	t.Helper()
	return mustOpen(t)(db.OpenPostgres(t.Context(), PostgresURL(t)))
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

// shared is the cluster of this test binary.
var shared struct {
	sync.Mutex // guards all below, and lets one database be copied at a time
	server     *Server
	databases  int
}

const templateDatabase = "charla_template"

// PostgresURL returns the URL of a fresh, migrated database. Without a PostgreSQL server on this machine the test is
// skipped, or fails where CI=true.
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

// exec runs one statement in the cluster's own database.
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

// Eventually waits until ok, looking often, and fails the test after 20 seconds.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for !ok() {
		select {
		case <-look.C:
		case <-ctx.Done():
			t.Fatal("waited in vain: ", what)
		}
	}
}
