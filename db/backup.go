package db

import (
	"context"
	"database/sql"
	"os"

	"github.com/jmoiron/sqlx"
)

// backupObjects lists the objects that a database refers to.
const backupObjects = `SELECT object FROM blobs ORDER BY object`

// CopySQLite copies the database as it is at one moment into the file at path, and returns the names of the objects
// that the copy refers to. The server goes on writing meanwhile. A file at path is replaced. Only the user of this
// process may read the copy.
func (s *Store) CopySQLite(ctx context.Context, path string) (objects []string, err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600) // SQLite fills an empty file
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if _, err := s.write.ExecContext(ctx, `VACUUM INTO $1`, path); err != nil {
		return nil, mapStartError(err)
	}
	copied, err := newSQLitePool(path, readOptions, 1)
	if err != nil {
		return nil, err
	}
	defer copied.Close()
	return objects, copied.SelectContext(ctx, &objects, backupObjects)
}

// ExportSnapshot calls dump with the name of a snapshot of a PostgreSQL database, which other connections can use until
// dump returns. It returns the names of the objects to which the database refers in this snapshot.
func (s *Store) ExportSnapshot(ctx context.Context, dump func(snapshot string) error) (objects []string, err error) {
	tx, err := s.read.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	snapshot, err := exportSnapshot(ctx, tx)
	if err != nil {
		return nil, err
	}
	if err := tx.SelectContext(ctx, &objects, backupObjects); err != nil {
		return nil, err
	}
	return objects, dump(snapshot)
}

// exportSnapshot returns the name of the snapshot of a transaction, which may then be idle for as long as a dump takes.
func exportSnapshot(ctx context.Context, tx *sqlx.Tx) (name string, err error) {
	if _, err := tx.ExecContext(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
		return "", err
	}
	return name, tx.GetContext(ctx, &name, `SELECT pg_export_snapshot()`)
}
