package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"charla/chat"
)

// mapError translates the error of a driver. A missing row, or a missing row that a foreign key needs, becomes
// chat.ErrNotFound. A violated unique constraint becomes chat.ErrDuplicate. Both are returned unwrapped, because they
// are ordinary results. Every other error is prefixed with op, the name of the operation. If the database could not be
// reached or its disk is full, this prefixed error becomes the cause of an Unavailable chat.Error. mapError looks at
// error codes, never at texts.
func mapError(op string, err error) error {
	switch class := classify(err); class {
	case nil:
		return nil
	case chat.ErrNotFound, chat.ErrDuplicate:
		return class
	case errUnreachable:
		return chat.DatabaseUnavailable(fmt.Errorf("%s: %w", op, err))
	case chat.ErrDiskFull:
		return chat.DiskFull(fmt.Errorf("%s: %w", op, err))
	}
	return fmt.Errorf("%s: %w", op, err)
}

// mapStartError translates an error during the start of Charla, as mapError does. It adds no operation, because these
// errors already name theirs.
func mapStartError(err error) error {
	switch classify(err) {
	case errUnreachable:
		return chat.DatabaseUnavailable(err)
	case chat.ErrDiskFull:
		return chat.DiskFull(err)
	}
	return err
}

// errUnreachable means that the database did not answer or refuses all work for now.
var errUnreachable = errors.New("the database cannot be reached")

// classify returns what an error means to the caller: chat.ErrNotFound, chat.ErrDuplicate, chat.ErrDiskFull,
// errUnreachable, or err itself.
func classify(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return chat.ErrNotFound
	}
	if e, ok := errors.AsType[*pq.Error](err); ok {
		return classifyPostgres(e, err)
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return classifySQLite(e, err)
	}
	if isUnreachable(err) {
		return errUnreachable
	}
	return err
}

// classifyPostgres returns what an error of PostgreSQL means to the caller, with the same results as classify. The
// error codes are listed in https://www.postgresql.org/docs/current/errcodes-appendix.html.
func classifyPostgres(e *pq.Error, err error) error {
	switch e.Code {
	case "23505": // unique_violation
		return chat.ErrDuplicate
	case "23503": // foreign_key_violation: the person or room does not exist any more
		return chat.ErrNotFound
	case "53100": // disk_full
		return chat.ErrDiskFull
	case "25P03", "55P03", "58030": // idle_in_transaction_session_timeout, lock_not_available, io_error
		return errUnreachable
	case "0A000", "25006": // feature_not_supported, read_only_sql_transaction: a standby refuses a write
		return errUnreachable
	}
	switch e.Code.Class() {
	case "08", "28", "3D": // connection exception, invalid authorization, invalid database name
		return errUnreachable
	case "40", "53", "57": // transaction rollback, insufficient resources, operator intervention
		return errUnreachable
	}
	return err
}

// classifySQLite returns what an error of SQLite means to the caller, with the same results as classify. The error
// codes are listed in https://www.sqlite.org/rescode.html.
func classifySQLite(e *sqlite.Error, err error) error {
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return chat.ErrDuplicate
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return chat.ErrNotFound
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE: // the latter: the index of the log cannot grow
		return chat.ErrDiskFull
	}
	switch e.Code() & 0xff { // the low byte is the primary result code
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_READONLY:
		return errUnreachable
	}
	return err
}

// isUnreachable reports whether err means that the database did not answer at all or not in time. This includes errors
// about a closed transaction or connection, because an expired deadline closes them.
func isUnreachable(err error) bool {
	for _, known := range []error{
		context.DeadlineExceeded, context.Canceled, driver.ErrBadConn, sql.ErrTxDone, sql.ErrConnDone,
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	_, network := errors.AsType[net.Error](err)
	return network
}

// isSerializationFailure reports whether PostgreSQL rolled back a transaction because of another one: with
// serialization_failure or deadlock_detected. PostgreSQL reports this before a commit takes effect.
func isSerializationFailure(err error) bool {
	e, ok := errors.AsType[*pq.Error](err)
	return ok && (e.Code == "40001" || e.Code == "40P01")
}
