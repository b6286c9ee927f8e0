package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"github.com/gofrs/flock"
	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
)

// OpenSQLite opens the database in dir, which it makes if it is missing, and brings its schema up to date. One process
// at a time may use a directory; a second one gets an error that says so.
func OpenSQLite(ctx context.Context, dir string) (*Store, error) {
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s, err := openSQLite(ctx, filepath.Join(dir, "charla.db"))
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("open the database in %s: %w", dir, err)
	}
	s.lock = lock
	return s, nil
}

// lockDir keeps other processes out: each has its own idea of who is online and would deliver only its own messages.
func lockDir(dir string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, "charla.lock"))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, err
	}
	if !locked {
		lock.Close()
		return nil, fmt.Errorf("another Charla is running on %s: stop it first, or choose another directory", dir)
	}
	return lock, nil
}

// Writers wait for one connection, which is six times faster than for SQLite's own lock, and readers beside it see the
// last commit. FULL means that a commit survives a power cut; mode=rw, that a late connection finds our file or none.
const (
	writeOptions = "mode=rw&_txlock=immediate&_busy_timeout=5000&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	readOptions  = "mode=rw&_busy_timeout=5000&_query_only=1"
)

func openSQLite(ctx context.Context, path string) (*Store, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // SQLite itself would let everybody read it
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	file.Close()
	if err != nil {
		return nil, err
	}
	// Commits sync what they wrote and the size of the file, as SQLite is built everywhere else, and not its times too, for which
	// a journaling file system writes a second time. Where there is no such call everything stays as it is.
	sqlite.Fdatasync(true)
	write, err := newSQLitePool(path, writeOptions, 1)
	if err != nil {
		return nil, err
	}
	read, err := newSQLitePool(path, readOptions, max(4, 2*runtime.GOMAXPROCS(0)))
	if err != nil {
		return nil, err
	}
	s := &Store{reader: reader{poolQuerier{db: read}}, read: read, write: write, committer: &groupCommitter{pool: write, file: &dbFile{path, info}}}
	if err := migrate(ctx, goose.DialectSQLite3, "sqlite", write.DB); err != nil {
		s.Close()
		return nil, mapError(err)
	}
	if err := openAllConns(ctx, read); err != nil {
		s.Close()
		return nil, mapError(err)
	}
	return s, nil
}

// openAllConns opens the connections that a pool may have, and their files. Later there may be no file descriptors left, or no file: who
// reads must not depend on that, such as who looks for sessions that ended.
func openAllConns(ctx context.Context, pool *sqlx.DB) error {
	for range pool.Stats().MaxOpenConnections {
		conn, err := pool.Connx(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := conn.ExecContext(ctx, `SELECT count(*) FROM sqlite_schema`); err != nil {
			return err
		}
	}
	return nil
}

func newSQLitePool(path, options string, size int) (*sqlx.DB, error) {
	connector, err := sqlite.NewConnector("file:" + (&url.URL{Path: path}).EscapedPath() + "?" + options)
	if err != nil {
		return nil, err
	}
	connections := sql.OpenDB(stmtCacheConnector{connector})
	connections.SetMaxOpenConns(size)
	connections.SetMaxIdleConns(size)
	return sqlx.NewDb(connections, "sqlite"), nil
}

// dbFile is the file that was opened. Deleted or replaced, it lives on without a name and ends with the process, and so
// would whatever is written to it.
type dbFile struct {
	path string
	info fs.FileInfo
}

var errFileReplaced = errors.New("charla.db was deleted, moved or replaced while Charla runs: it reads on and takes no writes")

// stillLinked fails when the file is not in its place any more. What cannot be looked at has not moved.
func (o *dbFile) stillLinked() error {
	info, err := os.Stat(o.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(o.info, info) {
		return errFileReplaced
	}
	return nil
}

// CheckFile fails when somebody took the file of the database away, and never on PostgreSQL.
func (s *Store) CheckFile() error {
	if s.committer == nil {
		return nil
	}
	return s.committer.file.stillLinked()
}
