package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"

	"github.com/jmoiron/sqlx"
	_ "modernc.org/sqlite"

	"charla/db"
)

// table is a database table. Its columns are in the order of the schema.
type table struct {
	name    string
	columns []column
}

// column is a column of a table. If it is a foreign key, TargetTable and TargetColumn name the column that it
// references.
type column struct {
	Table        string         `db:"table_name"`
	Name         string         `db:"name"`
	Type         string         `db:"type"`
	Required     bool           `db:"required"`
	PrimaryKey   bool           `db:"primary_key"`
	TargetTable  sql.NullString `db:"target_table"`
	TargetColumn sql.NullString `db:"target_column"`
}

// readSchema creates a new database, runs all migrations in it and returns its tables in the order in which they were
// created.
func readSchema(ctx context.Context) ([]table, error) {
	dir, err := os.MkdirTemp("", "charla-schema-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	store, err := db.OpenSQLite(ctx, dir)
	if err != nil {
		return nil, err
	}
	if err := store.Close(); err != nil {
		return nil, err
	}
	pool, err := sqlx.Open("sqlite", filepath.Join(dir, "charla.db"))
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	return readTables(ctx, pool)
}

func readTables(ctx context.Context, pool *sqlx.DB) (tables []table, err error) {
	const query = `
		SELECT m.name AS table_name, c.name, lower(c.type) AS type, c."notnull" OR c.pk > 0 AS required,
			c.pk > 0 AS primary_key, f."table" AS target_table, f."to" AS target_column
		FROM sqlite_master m
		JOIN pragma_table_info(m.name) c
		LEFT JOIN pragma_foreign_key_list(m.name) f ON f."from" = c.name
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND m.name <> 'goose_db_version'
			AND m.name NOT LIKE 'search\_index%' ESCAPE '\'
		ORDER BY m.rowid, c.cid`
	var columns []column
	if err := pool.SelectContext(ctx, &columns, query); err != nil {
		return nil, err
	}
	for _, c := range columns {
		if n := len(tables); n == 0 || tables[n-1].name != c.Table {
			tables = append(tables, table{name: c.Table})
		}
		last := &tables[len(tables)-1]
		last.columns = append(last.columns, c)
	}
	return tables, nil
}
