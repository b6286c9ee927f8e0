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

// failure turns an error of a driver into one of ours, by code and never by text. What it does not know stays as it
// is and is internal.
func failure(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return chat.ErrNotFound
	}
	if e, ok := errors.AsType[*pq.Error](err); ok {
		return postgresFailure(e, err)
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return sqliteFailure(e, err)
	}
	if unreachable(err) {
		return chat.Unreachable(err)
	}
	return err
}

// postgresFailure sorts the SQLSTATEs of https://www.postgresql.org/docs/current/errcodes-appendix.html.
func postgresFailure(e *pq.Error, err error) error {
	switch e.Code {
	case "23505": // unique_violation
		return chat.ErrDuplicate
	case "23503": // foreign_key_violation: the person or room is gone
		return chat.ErrNotFound
	case "25P03", "55P03", "58030": // idle_in_transaction_session_timeout, lock_not_available, io_error
		return chat.Unreachable(err)
	case "0A000", "25006": // feature_not_supported, read_only_sql_transaction: how a standby refuses to write
		return chat.Unreachable(err)
	}
	switch e.Code.Class() {
	case "08", "28", "3D", "40", "53", "57": // connection, authorization, no such database, rollback, resources, operator intervention
		return chat.Unreachable(err)
	}
	return err
}

// sqliteFailure sorts the result codes of https://www.sqlite.org/rescode.html.
func sqliteFailure(e *sqlite.Error, err error) error {
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return chat.ErrDuplicate
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return chat.ErrNotFound
	}
	switch e.Code() & 0xff { // the low byte is the primary code
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_READONLY:
		return chat.Unreachable(err)
	}
	return err
}

// unreachable tells whether err means that no answer came, in time or at all. A transaction or connection that is
// already over was ended by its deadline.
func unreachable(err error) bool {
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

// collided tells whether PostgreSQL rolled a transaction back because of another one: serialization_failure or
// deadlock_detected. It says so before a commit takes effect.
func collided(err error) bool {
	e, ok := errors.AsType[*pq.Error](err)
	return ok && (e.Code == "40001" || e.Code == "40P01")
}
