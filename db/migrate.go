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

// migrate runs the migrations of a folder that pool lacks.
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
	if len(done) > 0 {
		slog.InfoContext(ctx, "schema brought up to date", "from", done[0].Source.Version-1, "to", done[len(done)-1].Source.Version)
	}
	return nil
}
