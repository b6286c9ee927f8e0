package db

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"
)

const (
	purgeTimeout  = 10 * time.Second // of one statement or transaction of PurgeDeleted
	pagesPerScan  = 8192             // pages that one query examines
	pagesPerClean = 64               // pages that one transaction overwrites; writers wait for it
)

// PurgeDeleted makes sure that text which was deleted or replaced is no longer in the files of SQLite. It returns false
// if the write-ahead log is still in use, and the caller then tries again soon. On PostgreSQL it does nothing.
//
// The setting secure_delete overwrites the text in the database file. Two copies remain: the write-ahead log has
// earlier versions of pages, and where SQLite has moved text to another page, unused space keeps the moved bytes.
// PurgeDeleted overwrites such space and empties the log. Writers wait only for short transactions.
func (s *Store) PurgeDeleted(ctx context.Context) (done bool, err error) {
	if s.committer == nil || s.CheckFile() != nil { // the operator may need the files of a deleted database as they are
		return true, nil
	}
	info, err := os.Stat(s.committer.file.path + "-wal")
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return true, nil // nothing was written since the last call
	}
	if err := s.cleanPages(ctx); err != nil {
		return false, err
	}
	return s.truncateLog(ctx)
}

// truncateLog moves all commits from the write-ahead log to the database file and empties the log. It returns false if
// a reader still uses the log. Most of the work is done by a passive checkpoint, for which no writer waits. The rest
// runs on the connection that writes, between two transactions, and does not wait for readers.
func (s *Store) truncateLog(ctx context.Context) (done bool, err error) {
	const op = "truncate the write-ahead log"
	ctx, cancel := context.WithTimeout(ctx, purgeTimeout)
	defer cancel()
	if _, err := s.exec(ctx, op, `PRAGMA wal_checkpoint(PASSIVE)`); err != nil {
		return false, err
	}
	conn, err := s.write.Connx(ctx)
	if err != nil {
		return false, mapError(op, err)
	}
	defer conn.Close()
	done, err = truncateOn(ctx, conn)
	return done, mapError(op, err)
}

// truncateOn empties the log on a connection. It changes the connection's busy_timeout meanwhile, so that the
// checkpoint fails at once if a reader uses the log.
func truncateOn(ctx context.Context, conn *sqlx.Conn) (done bool, err error) {
	if _, err := conn.ExecContext(ctx, `PRAGMA busy_timeout = 0`); err != nil {
		return false, err
	}
	var busy, frames, moved int
	err = conn.QueryRowxContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved)
	_, restoreErr := conn.ExecContext(ctx, `PRAGMA busy_timeout = 5000`)
	return busy == 0 && err == nil, errors.Join(err, restoreErr)
}

// maxCleanedPages is the number of pages of a database from which on cleanPages does nothing. Below it, the first byte
// of a page number is 0 or 1, so that unusedSpace cannot mistake another page for one of a b-tree.
const maxCleanedPages = 1 << 25

// cleanPages overwrites the unused space of all pages of SQLite with zeros.
func (s *Store) cleanPages(ctx context.Context) error {
	const op = "look for remains of deleted text"
	var count int
	if err := s.get(ctx, op, &count, `PRAGMA page_count`); err != nil || count >= maxCleanedPages {
		return err
	}
	const query = `
		WITH RECURSIVE numbers (n) AS (SELECT $1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $2)
		SELECT pgno FROM numbers JOIN sqlite_dbpage ON pgno = n WHERE charla_has_remains(data)`
	for first := 1; first <= count; first += pagesPerScan {
		var dirty []int
		if err := s.list(ctx, op, &dirty, query, first, min(first+pagesPerScan-1, count)); err != nil {
			return err
		}
		for len(dirty) > 0 {
			n := min(len(dirty), pagesPerClean)
			if err := s.cleanPagesTx(ctx, dirty[:n]); err != nil {
				return err
			}
			dirty = dirty[n:]
		}
	}
	return nil
}

func (s *Store) cleanPagesTx(ctx context.Context, pages []int) error {
	const query = `
		UPDATE sqlite_dbpage SET data = charla_without_remains(data) WHERE pgno = $1`
	ctx, cancel := context.WithTimeout(ctx, purgeTimeout)
	defer cancel()
	return s.runTx(ctx, func(w writer) error {
		for _, page := range pages {
			if _, err := w.exec(ctx, "overwrite remains of deleted text", query, page); err != nil {
				return err
			}
		}
		return nil
	})
}

// init gives SQLite the functions of the queries above.
func init() {
	sqlite.MustRegisterFunction("charla_has_remains", &sqlite.FunctionImpl{
		NArgs: 1, Deterministic: true,
		Scalar: func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			page, err := pageOf(args)
			return hasRemains(page), err
		},
	})
	sqlite.MustRegisterFunction("charla_without_remains", &sqlite.FunctionImpl{
		NArgs: 1, Deterministic: true,
		Scalar: func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			page, err := pageOf(args)
			page = bytes.Clone(page)
			clear(unusedSpace(page))
			return page, err
		},
	})
}

func pageOf(args []driver.Value) ([]byte, error) {
	page, ok := args[0].([]byte)
	if !ok {
		return nil, fmt.Errorf("a page of the database is a %T", args[0])
	}
	return page, nil
}

var zeros [64 << 10]byte // the largest page

func hasRemains(page []byte) bool {
	unused := unusedSpace(page)
	return !bytes.Equal(unused, zeros[:len(unused)])
}

// unusedSpace returns the part of a page between the list of its cells and their content, as
// https://www.sqlite.org/fileformat.html#b_tree_pages describes it. It returns nil if the page is not part of a b-tree.
// All other pages begin with a page number. In a database of less than maxCleanedPages its first byte is 0 or 1, and
// that of a b-tree page is 2, 5, 10 or 13.
func unusedSpace(page []byte) []byte {
	header := 0
	if bytes.HasPrefix(page, []byte("SQLite format 3\x00")) { // the first page begins with the header of the file
		header = 100
	}
	if len(page) < header+12 {
		return nil
	}
	start := header
	switch page[header] {
	case 2, 5: // an inner node of an index or a table
		start += 12
	case 10, 13: // a leaf of an index or a table
		start += 8
	default:
		return nil
	}
	start += 2 * int(binary.BigEndian.Uint16(page[header+3:])) // two bytes for each cell
	end := int(binary.BigEndian.Uint16(page[header+5:]))
	if start > end || end > len(page) {
		return nil
	}
	return page[start:end]
}
