// Package migrations embeds the SQL files that create and change the schema of each database, for the migration tool
// goose. Both databases have the same migrations, with the same numbers and columns. Migration 100 creates the schema
// of the first release. Later migrations only add to the schema, so that nodes of two successive versions can use one
// database.
package migrations

import "embed"

// FS contains the folders sqlite and postgres.
//
//go:embed sqlite/*.sql postgres/*.sql
var FS embed.FS
