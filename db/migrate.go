package db

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"

	"charla/migrations"
)

// migrate runs the migrations of a folder that pool lacks. On SQLite it refuses a schema that is newer than they are: what that
// means for each write, only the newer program knows. On PostgreSQL that is a node of the version before, which works beside the new
// ones until it is replaced, also when it stops and starts meanwhile.
func migrate(ctx context.Context, dialect goose.Dialect, folder string, pool *sql.DB, options ...goose.ProviderOption) error {
	files, err := fs.Sub(migrations.FS, folder)
	if err != nil {
		return err
	}
	options = append(options, goose.WithSlog(slog.New(slog.DiscardHandler)), goose.WithDisableGlobalRegistry(true))
	provider, err := goose.NewProvider(dialect, pool, files, options...)
	if err != nil {
		return err
	}
	done, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	has, knows, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	switch {
	case has > knows && dialect == goose.DialectSQLite3:
		return fmt.Errorf("a newer Charla has brought the schema to version %d, and this one knows %d: start the newer one, or restore a backup", has, knows)
	case has > knows:
		slog.WarnContext(ctx, "a newer Charla has brought the schema further: replace this one too", "has", has, "knows", knows)
	}
	if len(done) > 0 {
		slog.InfoContext(ctx, "schema brought up to date", "from", done[0].Source.Version-1, "to", done[len(done)-1].Source.Version)
	}
	return nil
}
