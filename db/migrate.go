package db

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
)

// baselineVersion is the number of the first migration. Databases from before the first release have lower numbers.
const baselineVersion = 100

// errBeforeFirstRelease is returned for a database from before the first release. The operator sees this text as it is.
const errBeforeFirstRelease startError = "This database is from before the first release; see docs/operating.md."

// startError is a complete sentence about why Charla does not start.
type startError string

func (e startError) Error() string { return string(e) }

// migrate applies the migrations in a folder that the database lacks. It returns an error for a database from before
// the first release. If the database has a newer schema than this program, the result depends on the dialect. On SQLite
// migrate returns an error, because only the newer program knows what a write must contain. On PostgreSQL it succeeds,
// because nodes of the previous version may run, and restart, beside newer nodes until they are replaced.
func migrate(ctx context.Context, dialect goose.Dialect, files fs.FS, folder string, pool *sql.DB,
	options ...goose.ProviderOption) error {
	provider, err := newProvider(dialect, files, folder, pool, options...)
	if err != nil {
		return err
	}
	before, err := provider.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if before > 0 && before < baselineVersion {
		return errBeforeFirstRelease
	}
	done, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	current, known, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if current > known && dialect == goose.DialectSQLite3 {
		return newerSchemaError(current, known)
	}
	if current > known {
		slog.WarnContext(ctx, "database schema is newer than this node: upgrade this node",
			"schema", current, "known", known)
	}
	if len(done) > 0 {
		slog.InfoContext(ctx, "migrated database schema", "from", before, "to", done[len(done)-1].Source.Version)
	}
	return nil
}

func newProvider(dialect goose.Dialect, files fs.FS, folder string, pool *sql.DB,
	options ...goose.ProviderOption) (*goose.Provider, error) {
	files, err := fs.Sub(files, folder)
	if err != nil {
		return nil, err
	}
	options = append(options, goose.WithSlog(slog.New(slog.DiscardHandler)), goose.WithDisableGlobalRegistry(true))
	return goose.NewProvider(dialect, pool, files, options...)
}

func newerSchemaError(current, known int64) error {
	return fmt.Errorf("the database has schema version %d of a newer Charla, and this one knows version %d: "+
		"start the newer Charla, or restore a backup", current, known)
}

// checkSchema returns an error unless the database has the schema of this program. It changes nothing, because a server
// of another version may be using the database. As for migrate, a newer schema is accepted on PostgreSQL.
func checkSchema(ctx context.Context, dialect goose.Dialect, files fs.FS, folder string, pool *sql.DB) error {
	provider, err := newProvider(dialect, files, folder, pool)
	if err != nil {
		return err
	}
	var current int64
	if err := pool.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version`).Scan(&current); err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	sources := provider.ListSources()
	known := sources[len(sources)-1].Version
	switch {
	case current < baselineVersion:
		return errBeforeFirstRelease
	case current < known:
		return fmt.Errorf("the database has schema version %d and this Charla needs version %d: "+
			"start this version of the server first, which migrates the database", current, known)
	case current > known && dialect == goose.DialectSQLite3:
		return newerSchemaError(current, known)
	}
	return nil
}
