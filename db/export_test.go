package db

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"testing"
	"testing/fstest"

	"charla/chat"
	"charla/migrations"
)

// RawExec runs a statement that the Store has no method for.
func (s *Store) RawExec(t testing.TB, query string, args ...any) {
	t.Helper()
	if _, err := s.write.ExecContext(context.WithoutCancel(t.Context()), query, args...); err != nil {
		t.Fatal(err)
	}
	s.sessions.empty()
}

// upToVersion returns the migrations with at most this number.
func upToVersion(t testing.TB, version int) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	for name, file := range nextVersion(t).(fstest.MapFS) {
		var number int
		if _, err := fmt.Sscanf(path.Base(name), "%d_", &number); err != nil {
			t.Fatal(err)
		}
		if number <= version {
			files[name] = file
		}
	}
	return files
}

// OpenSQLiteVersion opens a database with the schema of an earlier version of Charla.
func OpenSQLiteVersion(t testing.TB, dir string, version int) (*Store, error) {
	return openSQLite(context.WithoutCancel(t.Context()), dir, upToVersion(t, version))
}

// OpenPostgresVersion opens a database with the schema of an earlier version of Charla.
func OpenPostgresVersion(t testing.TB, url string, version int) (*Store, error) {
	return openPostgres(context.WithoutCancel(t.Context()), url, upToVersion(t, version))
}

// NextVersion is the number of the migration that only tests have.
const NextVersion = 999

// nextVersion returns the migrations of this version and migration NextVersion. It locks users before messages.
func nextVersion(t testing.TB) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	for _, folder := range []string{"sqlite", "postgres"} {
		addMigrations(t, files, folder, "99999")
		files[fmt.Sprintf("%s/%05d_test.sql", folder, NextVersion)] = &fstest.MapFile{Data: []byte(`-- +goose Up
			ALTER TABLE users ADD COLUMN pronouns TEXT NOT NULL DEFAULT '';
			ALTER TABLE messages ADD COLUMN title TEXT NOT NULL DEFAULT '';`)}
	}
	return files
}

// addMigrations adds the migrations in a folder whose number is lower than that of the first one to leave out.
func addMigrations(t testing.TB, files fstest.MapFS, folder, before string) {
	t.Helper()
	names, err := fs.Glob(migrations.FS, folder+"/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if name >= folder+"/"+before {
			continue
		}
		text, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
	}
}

// OpenSQLiteBefore opens a database like a version of Charla without the migration of this number and later ones.
func OpenSQLiteBefore(t testing.TB, dir, migration string) (*Store, error) {
	t.Helper()
	files := fstest.MapFS{}
	addMigrations(t, files, "sqlite", migration)
	return openSQLite(context.WithoutCancel(t.Context()), dir, files)
}

// OpenNextSQLite opens a database like the next version of Charla.
func OpenNextSQLite(t testing.TB, dir string) (*Store, error) {
	return openSQLite(context.WithoutCancel(t.Context()), dir, nextVersion(t))
}

// OpenNextPostgres opens a database like the next version of Charla.
func OpenNextPostgres(t testing.TB, url string) (*Store, error) {
	return openPostgres(context.WithoutCancel(t.Context()), url, nextVersion(t))
}

// OpenExistingNextSQLite opens a database like a command of the next version of Charla.
func OpenExistingNextSQLite(t testing.TB, dir string) (*Store, error) {
	return openExistingSQLite(context.WithoutCancel(t.Context()), dir, nextVersion(t))
}

// OpenExistingNextPostgres opens a database like a command of the next version of Charla.
func OpenExistingNextPostgres(t testing.TB, url string) (*Store, error) {
	return openExistingPostgres(context.WithoutCancel(t.Context()), url, nextVersion(t))
}

// Column returns the first column of all rows of a query.
func Column[T any](t testing.TB, s *Store, query string, args ...any) (values []T) {
	t.Helper()
	if err := s.read.SelectContext(t.Context(), &values, query, args...); err != nil {
		t.Fatal(err)
	}
	return values
}

// Plan returns the steps of EXPLAIN QUERY PLAN on SQLite for the single query that f runs.
func (s *Store) Plan(t testing.TB, f func(r reader) error) (steps []string) {
	t.Helper()
	if err := f(reader{explainer{s.read, t, &steps}}); err != nil {
		t.Fatal(err)
	}
	return steps
}

// Pragma returns a setting of the connection for writes.
func (s *Store) Pragma(t testing.TB, name string) (value string) {
	t.Helper()
	if err := s.write.GetContext(t.Context(), &value, "PRAGMA "+name); err != nil {
		t.Fatal(err)
	}
	return value
}

// RowsRead returns how many messages PostgreSQL reads, in the table or in its indexes, for the queries that run runs.
func (s *Store) RowsRead(t testing.TB, run func(r chat.Reader) error) (n int64) {
	t.Helper()
	const query = `
		SELECT CAST(SUM(pg_stat_get_xact_tuples_returned(o.oid)) AS BIGINT)
		FROM (
			SELECT indexrelid AS oid FROM pg_index WHERE indrelid = 'messages'::regclass
			UNION SELECT 'messages'::regclass) AS o`
	var before, after int64
	err := s.InTx(t.Context(), func(tx chat.Tx) error {
		w := tx.(writer)
		if err := w.get(t.Context(), "count rows", &before, query); err != nil {
			return err
		}
		if err := run(w); err != nil {
			return err
		}
		return w.get(t.Context(), "count rows", &after, query)
	})
	if err != nil {
		t.Fatal(err)
	}
	return after - before
}

// BeginRead begins to read the database and keeps the transaction open until finish is called.
func (s *Store) BeginRead(t testing.TB) (finish func()) {
	t.Helper()
	tx, err := s.read.BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.Get(&n, `SELECT count(*) FROM users`); err != nil {
		t.Fatal(err)
	}
	return func() { tx.Rollback() }
}
