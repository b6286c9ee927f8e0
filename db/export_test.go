package db

import (
	"context"
	"database/sql"
	"io/fs"
	"log/slog"
	"testing"

	"charla/chat"
	"charla/migrations"

	"github.com/pressly/goose/v3"
)

// RawExec runs a statement that the Store has no method for yet, so that a test can bring about its effects.
func (s *Store) RawExec(t testing.TB, query string, args ...any) {
	t.Helper()
	if _, err := s.write.ExecContext(context.WithoutCancel(t.Context()), query, args...); err != nil {
		t.Fatal(err)
	}
}

// MigratePostgresTo brings an empty database to an earlier version of the schema.
func MigratePostgresTo(t testing.TB, url string, version int64) {
	t.Helper()
	pool, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	files, err := fs.Sub(migrations.FS, "postgres")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, pool, files, goose.WithSlog(slog.New(slog.DiscardHandler)), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}

// Column reads the first column of a query.
func Column[T any](t testing.TB, s *Store, query string, args ...any) (values []T) {
	t.Helper()
	if err := s.read.SelectContext(t.Context(), &values, query, args...); err != nil {
		t.Fatal(err)
	}
	return values
}

// Plan tells how SQLite would run what f asks for: the lines of EXPLAIN QUERY PLAN of its one statement.
func (s *Store) Plan(t testing.TB, f func(r reader) error) (lines []string) {
	t.Helper()
	if err := f(reader{explainer{s.read, t, &lines}}); err != nil {
		t.Fatal(err)
	}
	return lines
}

// Pragma reads a setting of the writing connection.
func (s *Store) Pragma(t testing.TB, name string) (value string) {
	t.Helper()
	if err := s.write.GetContext(t.Context(), &value, "PRAGMA "+name); err != nil {
		t.Fatal(err)
	}
	return value
}

// ReadFinished counts the messages that PostgreSQL looks at, in the table or in one of its indexes, to answer what ask asks.
func (s *Store) RowsRead(t testing.TB, ask func(r chat.Reader) error) (n int64) {
	t.Helper()
	const query = `
		SELECT CAST(SUM(pg_stat_get_xact_tuples_returned(o.oid)) AS BIGINT)
		FROM (SELECT indexrelid AS oid FROM pg_index WHERE indrelid = 'messages'::regclass UNION SELECT 'messages'::regclass) AS o`
	var before, after int64
	err := s.InTx(t.Context(), func(tx chat.Tx) error {
		w := tx.(writer)
		if err := w.get(t.Context(), &before, query); err != nil {
			return err
		}
		if err := ask(w); err != nil {
			return err
		}
		return w.get(t.Context(), &after, query)
	})
	if err != nil {
		t.Fatal(err)
	}
	return after - before
}
