package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
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

	"charla/migrations"
)

// OpenSQLite opens the database in dir, creates it if it is missing, and migrates its schema. Only one process at a
// time may use a directory; OpenSQLite returns an error in a second one.
func OpenSQLite(ctx context.Context, dir string, options ...Option) (*Store, error) {
	return openSQLite(ctx, dir, migrations.FS, options...)
}

// OpenExistingSQLite opens the database in dir for a short task beside a running server. It takes no lock, and creates
// and migrates nothing. It returns an error if there is no database or its schema is not the one of this program.
func OpenExistingSQLite(ctx context.Context, dir string) (*Store, error) {
	return openExistingSQLite(ctx, dir, migrations.FS)
}

func openExistingSQLite(ctx context.Context, dir string, files fs.FS) (*Store, error) {
	path := filepath.Join(dir, "charla.db")
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf(
			"there is no database in %s: start Charla first, or choose the directory that it uses", dir,
		)
	}
	if err != nil {
		return nil, err
	}
	s, err := connectSQLite(path, info)
	if err != nil {
		return nil, err
	}
	s.besideServer = true
	if err := checkSchema(ctx, goose.DialectSQLite3, files, "sqlite", s.write.DB); err != nil {
		s.Close()
		return nil, mapStartError(fmt.Errorf("open the database in %s: %w", dir, err))
	}
	return s, nil
}

func openSQLite(ctx context.Context, dir string, files fs.FS, options ...Option) (*Store, error) {
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s, err := openSQLiteFile(ctx, filepath.Join(dir, "charla.db"), files)
	if err != nil {
		lock.Close()
		if errors.Is(err, errBeforeFirstRelease) {
			return nil, err
		}
		return nil, fmt.Errorf("open the database in %s: %w", dir, err)
	}
	s.lock = lock
	return s.apply(options), nil
}

// lockDir locks a database directory, so that no second process can use it. Two processes would not know of each
// other's online users, and each would deliver only its own messages.
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

// All writes go through one connection, which is six times faster than SQLite's own locking. Readers use other
// connections and see the last commit. With synchronous=FULL a commit survives a power failure. mode=rw makes a
// connection that opens later find the existing file or fail; it never creates a new one.
const (
	writeOptions = "mode=rw&_txlock=immediate&_busy_timeout=5000&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=secure_delete(1)"
	readOptions = "mode=rw&_busy_timeout=5000&_query_only=1&_pragma=secure_delete(1)"
)

func openSQLiteFile(ctx context.Context, path string, files fs.FS) (*Store, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // SQLite would make it readable for everybody
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	file.Close()
	if err != nil {
		return nil, err
	}
	// Commits sync the data and the size of the file, as other builds of SQLite do, but not its times: a journaling
	// file system would write twice for those. On systems without fdatasync this changes nothing.
	sqlite.Fdatasync(true)
	s, err := connectSQLite(path, info)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, goose.DialectSQLite3, files, "sqlite", s.write.DB); err != nil {
		s.Close()
		return nil, mapStartError(err)
	}
	if err := openAllConns(ctx, s.read); err != nil {
		s.Close()
		return nil, mapStartError(err)
	}
	return s, nil
}

// connectSQLite returns a store for the database at path, which has the given file information.
func connectSQLite(path string, info fs.FileInfo) (*Store, error) {
	write, err := newSQLitePool(path, writeOptions, 1)
	if err != nil {
		return nil, err
	}
	read, err := newSQLitePool(path, readOptions, max(4, 2*runtime.GOMAXPROCS(0)))
	if err != nil {
		return nil, err
	}
	s := &Store{reader: reader{poolQuerier{db: read}}, read: read, write: write}
	s.committer = &groupCommitter{runTx: s.runTx, file: &dbFile{path, info}}
	return s, nil
}

// openAllConns opens all connections that a pool may have. A later attempt could fail, because the process has no file
// descriptors left or the file is gone. Important queries, such as the one for ended sessions, must still work then.
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
	pool := sql.OpenDB(stmtCacheConnector{connector})
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	return sqlx.NewDb(pool, "sqlite"), nil
}

// init gives SQLite the function json_build_object, which PostgreSQL has too, so that the same SQL works on both. The
// function json_object of SQLite does not exist in PostgreSQL 15.
func init() {
	sqlite.MustRegisterFunction("json_build_object",
		&sqlite.FunctionImpl{NArgs: -1, Deterministic: true, Scalar: jsonBuildObject})
}

// jsonBuildObject returns a JSON object. Its arguments are alternately names and values.
func jsonBuildObject(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	if len(args)%2 != 0 {
		return nil, errors.New("json_build_object needs a value for each name")
	}
	object := make(map[string]any, len(args)/2)
	for i := 0; i < len(args); i += 2 {
		name, ok := args[i].(string)
		if !ok {
			return nil, fmt.Errorf("json_build_object: argument %d is not a name", i+1)
		}
		object[name] = args[i+1]
	}
	text, err := json.Marshal(object)
	return string(text), err
}

// dbFile identifies the database file that was opened. If the file is deleted or replaced later, the process goes on
// using the old one, and everything that it writes is lost when it ends.
type dbFile struct {
	path string
	info fs.FileInfo
}

var errFileReplaced = errors.New("charla.db was deleted, moved or replaced while Charla is running: writes are refused")

// checkLinked returns an error if path no longer leads to the opened file. If path cannot be examined, it returns nil.
func (f *dbFile) checkLinked() error {
	info, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(f.info, info) {
		return errFileReplaced
	}
	return nil
}

// CheckFile returns an error if the database file of SQLite was deleted, moved or replaced.
func (s *Store) CheckFile() error {
	if s.committer == nil {
		return nil
	}
	return s.committer.file.checkLinked()
}
