// Package migrations holds the schema of both databases as goose migrations: the same numbers, the same columns.
// Migrations only add, so that nodes of two neighbouring versions work on one database.
package migrations

import "embed"

// FS holds the folders sqlite and postgres.
//
//go:embed sqlite/*.sql postgres/*.sql
var FS embed.FS
