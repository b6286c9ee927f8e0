// Package migrations embeds the schema of both databases as goose migrations, with the same numbers and the same
// columns. Migration 100 creates the schema of the first release. Later migrations only add to it, so that nodes of two
// neighbouring versions can use one database.
package migrations

import "embed"

// FS contains the folders sqlite and postgres.
//
//go:embed sqlite/*.sql postgres/*.sql
var FS embed.FS
