package db_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"charla/chat"
	"charla/db"
	"charla/db/dbtest"
)

// engine opens one database on one of the two engines, as this version and as the next version of Charla, as a server
// and as a command beside a server.
type engine struct {
	open, openNext, openExisting, openExistingNext func() (*db.Store, error)
	openVersion                                    func(version int) (*db.Store, error)
}

// engines returns an empty database on each engine.
func engines(t *testing.T) map[string]engine {
	t.Helper()
	dir, url := t.TempDir(), dbtest.NewServer(t).URL("postgres")
	return map[string]engine{
		"sqlite": {
			func() (*db.Store, error) { return db.OpenSQLite(t.Context(), dir) },
			func() (*db.Store, error) { return db.OpenNextSQLite(t, dir) },
			func() (*db.Store, error) { return db.OpenExistingSQLite(t.Context(), dir) },
			func() (*db.Store, error) { return db.OpenExistingNextSQLite(t, dir) },
			func(version int) (*db.Store, error) { return db.OpenSQLiteVersion(t, dir, version) },
		},
		"postgres": {
			func() (*db.Store, error) { return db.OpenPostgres(t.Context(), url) },
			func() (*db.Store, error) { return db.OpenNextPostgres(t, url) },
			func() (*db.Store, error) { return db.OpenExistingPostgres(t.Context(), url) },
			func() (*db.Store, error) { return db.OpenExistingNextPostgres(t, url) },
			func(version int) (*db.Store, error) { return db.OpenPostgresVersion(t, url, version) },
		},
	}
}

// TestUpwardMigration upgrades a database with content to the next schema version.
func TestUpwardMigration(t *testing.T) {
	for name, e := range engines(t) {
		t.Run(name, func(t *testing.T) {
			s, err := e.open()
			wantErr(t, err, nil)
			ana := createUser(t, s, "ana")
			m := postMessage(t, s, chat.General, ana, "before", 1)
			wantErr(t, s.Close(), nil)

			s, err = e.openNext()
			wantErr(t, err, nil)
			defer s.Close()
			equal(t, db.Column[int64](t, s, `SELECT MAX(version_id) FROM goose_db_version`), []int64{db.NextVersion})
			equal(t, db.Column[string](t, s, `SELECT pronouns FROM users`), []string{""})
			got, err := s.Message(t.Context(), ana.ID, m.ID)
			wantErr(t, err, nil)
			equal(t, got, m)
			postMessage(t, s, chat.General, ana, "after", 2)
		})
	}
}

// TestNodeOneVersionBehind opens a database with the schema of the next version. On PostgreSQL the node works beside
// newer ones, and can restart. On SQLite there are no other nodes, so going back to an older program is refused.
func TestNodeOneVersionBehind(t *testing.T) {
	for name, e := range engines(t) {
		t.Run(name, func(t *testing.T) {
			next, err := e.openNext()
			wantErr(t, err, nil)
			if name == "sqlite" {
				wantErr(t, next.Close(), nil)
				_, err = e.open()
				const want = "the database has schema version 999 of a newer Charla, and this one knows version 1"
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Fatalf("opening: %v", err)
				}
				return
			}
			defer next.Close()
			old, err := e.open()
			wantErr(t, err, nil)
			defer old.Close()
			ana := createUser(t, old, "ana")
			m := postMessage(t, old, chat.General, ana, "from the old node", 1)
			got, err := next.Message(t.Context(), ana.ID, m.ID)
			wantErr(t, err, nil)
			equal(t, got, m)
			postMessage(t, next, chat.General, ana, "from the new node", 2)
			equal(t, countMessages(t, old), 2)
		})
	}
}

// TestCommandBesideServer opens a database that a server uses, as a command does: both see what the other commits. A
// command of the next version refuses the database and does not migrate it.
func TestCommandBesideServer(t *testing.T) {
	for name, e := range engines(t) {
		t.Run(name, func(t *testing.T) {
			_, err := e.openExisting()
			if err == nil {
				t.Fatal("a command opened a database that does not exist")
			}
			server, err := e.open()
			wantErr(t, err, nil)
			defer server.Close()
			ana := createUser(t, server, "ana")
			command, err := e.openExisting()
			wantErr(t, err, nil)
			defer command.Close()
			postMessage(t, command, chat.General, ana, "from the command", 1)
			postMessage(t, server, chat.General, ana, "from the server", 2)
			equal(t, []int{countMessages(t, command), countMessages(t, server)}, []int{2, 2})
			_, err = e.openExistingNext()
			if err == nil || !strings.Contains(err.Error(), "start this version of the server first") {
				t.Errorf("a command of the next version: %v", err)
			}
			versions := db.Column[int64](t, server, `SELECT version_id FROM goose_db_version`)
			if slices.Contains(versions, db.NextVersion) {
				t.Error("the command migrated the database")
			}
		})
	}
}

// TestPrereleaseDatabaseIsRefused opens a database with a schema version from before the baseline.
func TestPrereleaseDatabaseIsRefused(t *testing.T) {
	const want = "This database is from before the first release; see docs/operating.md."
	for name, e := range engines(t) {
		t.Run(name, func(t *testing.T) {
			s, err := e.open()
			wantErr(t, err, nil)
			s.RawExec(t, `DELETE FROM goose_db_version WHERE version_id > 100`)
			s.RawExec(t, `UPDATE goose_db_version SET version_id = 13 WHERE version_id = 100`)
			wantErr(t, s.Close(), nil)
			if _, err = e.open(); err == nil || err.Error() != want {
				t.Errorf("got the error %v, want %s", err, want)
			}
		})
	}
}

// TestSameColumns compares the tables, views and columns that the migrations create on the two engines.
func TestSameColumns(t *testing.T) {
	sqlite := db.Column[string](t, dbtest.OpenSQLite(t), `
		SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'goose_db_version'
			AND m.name NOT LIKE 'search_index%' -- PostgreSQL has an ordinary index
		ORDER BY 1`)
	postgres := db.Column[string](t, dbtest.OpenPostgres(t), `
		SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name <> 'goose_db_version'
		ORDER BY 1`)
	if len(sqlite) == 0 || !slices.Equal(sqlite, postgres) {
		t.Fatalf("the schemas differ:\n%v\n%v", sqlite, postgres)
	}
}

// TestConcurrentMigration starts several nodes on an empty database at the same time. All of them must run.
func TestConcurrentMigration(t *testing.T) {
	t.Parallel()
	server := dbtest.NewServer(t)
	for _, err := range concurrently(3, func(int) error {
		s, err := db.OpenPostgres(t.Context(), server.URL("postgres"))
		if err != nil {
			return err
		}
		return s.Close()
	}) {
		wantErr(t, err, nil)
	}
	s := openPostgresURL(t, server.URL("postgres"))
	equal(t, lastSeqOf(t, s, chat.General), 0)
	equal(t, db.Column[int64](t, s, `SELECT id FROM rooms`), []int64{chat.General})
}

// TestMigrationRetriesAfterDeadlock runs a migration while a node of the previous version writes to the same tables in
// the opposite order. PostgreSQL ends the migration because of the deadlock, and the migration must be tried again.
func TestMigrationRetriesAfterDeadlock(t *testing.T) {
	t.Parallel()
	url := dbtest.NewServer(t).URL("postgres")
	openPostgresURL(t, url)
	old, err := sql.Open("postgres", url)
	wantErr(t, err, nil)
	defer old.Close()
	write, err := old.BeginTx(t.Context(), nil)
	wantErr(t, err, nil)
	defer write.Rollback()
	run := func(query string) {
		t.Helper()
		_, err := write.ExecContext(t.Context(), query)
		wantErr(t, err, nil)
	}
	run(`SET deadlock_timeout = '1h'`) // so that the migration detects the deadlock, and not this transaction
	run(`LOCK TABLE messages IN ROW EXCLUSIVE MODE`)
	opened := make(chan error, 1)
	go func() {
		s, err := db.OpenNextPostgres(t, url)
		if err == nil {
			err = s.Close()
		}
		opened <- err
	}()
	dbtest.Eventually(t, "the migration waits for the write", func() bool {
		var waiting bool
		const query = `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)`
		return old.QueryRowContext(t.Context(), query).Scan(&waiting) == nil && waiting
	})
	run(`LOCK TABLE users IN ROW EXCLUSIVE MODE`)
	wantErr(t, write.Commit(), nil)
	wantErr(t, <-opened, nil)
	dbtest.Eventually(t, "PostgreSQL to report the deadlock", func() bool {
		var deadlocks int
		const query = `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`
		return old.QueryRowContext(t.Context(), query).Scan(&deadlocks) == nil && deadlocks > 0
	})
}
