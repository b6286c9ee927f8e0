package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"charla/chat"
)

// mapError turns an error of a driver into one of ours, by code and never by text. What it does not know stays as it
// is and is internal.
func mapError(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return chat.ErrNotFound
	}
	if e, ok := errors.AsType[*pq.Error](err); ok {
		return mapPostgresError(e, err)
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return mapSQLiteError(e, err)
	}
	if isUnreachable(err) {
		return chat.DatabaseUnavailable(err)
	}
	return err
}

// mapPostgresError sorts the SQLSTATEs of https://www.postgresql.org/docs/current/errcodes-appendix.html.
func mapPostgresError(e *pq.Error, err error) error {
	switch e.Code {
	case "23505": // unique_violation
		return chat.ErrDuplicate
	case "23503": // foreign_key_violation: the person or room is gone
		return chat.ErrNotFound
	case "25P03", "55P03", "58030": // idle_in_transaction_session_timeout, lock_not_available, io_error
		return chat.DatabaseUnavailable(err)
	case "0A000", "25006": // feature_not_supported, read_only_sql_transaction: how a standby refuses to write
		return chat.DatabaseUnavailable(err)
	}
	switch e.Code.Class() {
	case "08", "28", "3D", "40", "53", "57": // connection, authorization, no such database, rollback, resources, operator intervention
		return chat.DatabaseUnavailable(err)
	}
	return err
}

// mapSQLiteError sorts the result codes of https://www.sqlite.org/rescode.html.
func mapSQLiteError(e *sqlite.Error, err error) error {
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return chat.ErrDuplicate
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return chat.ErrNotFound
	}
	switch e.Code() & 0xff { // the low byte is the primary code
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_READONLY:
		return chat.DatabaseUnavailable(err)
	}
	return err
}

// isUnreachable tells whether err means that no answer came, in time or at all. A transaction or connection that is
// already over was ended by its deadline.
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

// isSerializationFailure tells whether PostgreSQL rolled a transaction back because of another one: serialization_failure or
// deadlock_detected. It says so before a commit takes effect.
func isSerializationFailure(err error) bool {
	e, ok := errors.AsType[*pq.Error](err)
	return ok && (e.Code == "40001" || e.Code == "40P01")
}
