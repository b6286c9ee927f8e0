// Package db implements chat.Store with SQLite and with PostgreSQL. Both run the same SQL text. The few real
// differences are in sqlite.go, postgres.go and errors.go.
package db

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/jmoiron/sqlx"

	"charla/chat"
)

const (
	readTimeout   = 5 * time.Second  // of a query outside a transaction, including the wait for a connection
	writeTimeout  = 10 * time.Second // of a transaction, from begin to commit
	maxTxAttempts = 5                // how often a transaction runs that conflicts with others
)

// Store implements chat.Store on SQLite or PostgreSQL. It is safe for concurrent use.
type Store struct {
	reader
	read, write *sqlx.DB        // the same pool on PostgreSQL
	committer   *groupCommitter // runs all writes on SQLite; nil on PostgreSQL, where transactions run concurrently
	lock        io.Closer       // lock of SQLite's directory; nil on PostgreSQL
	observer    Observer        // may be nil
	sessions    sessionCache

	besideServer bool // another process serves this SQLite database
}

var _ chat.Store = (*Store)(nil)

// Ping checks that the database answers and takes writes. It returns an Unavailable error otherwise, also for a
// PostgreSQL standby.
func (s *Store) Ping(ctx context.Context) error {
	const op = "ping"
	if s.committer != nil {
		_, err := s.exec(ctx, op, `SELECT 1`)
		return err
	}
	var standby bool
	err := s.get(ctx, op, &standby, `SELECT pg_is_in_recovery()`)
	if standby {
		return chat.DatabaseUnavailable(errStandby)
	}
	return err
}

var errStandby = errors.New("this PostgreSQL server is a standby and takes no writes")

// Close waits for running writes, removes deleted text from the files and closes all connections.
func (s *Store) Close() error {
	if s.committer != nil {
		s.committer.close()
	}
	_, err := s.PurgeDeleted(context.Background())
	err = errors.Join(err, s.read.Close(), s.write.Close())
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}

// InTx runs f in a transaction and commits unless f fails. All writes go through InTx, because database/sql repeats a
// statement outside a transaction if its reply is lost, and a write could then happen twice. The transaction has its
// own deadline, so that a client that disconnects cannot abort it. After a conflict with another transaction nothing
// has been committed, so InTx runs f again. If a commit gets no reply, it may have happened: InTx returns an
// Unavailable error and does not run f again.
func (s *Store) InTx(ctx context.Context, f func(chat.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	start := time.Now()
	err := s.tryTx(ctx, f)
	for n := 1; n < maxTxAttempts && isSerializationFailure(err); n++ {
		err = s.tryTx(ctx, f)
	}
	if s.observer != nil {
		s.observer.WriteFinished(time.Since(start), chat.CodeOf(err) == chat.Unavailable)
	}
	return err
}

func (s *Store) tryTx(ctx context.Context, f func(chat.Tx) error) error {
	if s.committer != nil {
		return s.committer.do(ctx, f)
	}
	return s.runTx(ctx, func(w writer) error { return f(w) })
}

// runTx runs f in a new transaction and commits unless f fails.
func (s *Store) runTx(ctx context.Context, f func(writer) error) error {
	tx, err := s.write.BeginTxx(ctx, nil)
	if err != nil {
		return mapError("begin transaction", err)
	}
	defer tx.Rollback() // does nothing after a commit; a panic in f passes through here
	q := &txQuerier{ctx: ctx, tx: tx}
	if err := f(writer{reader{q}}); err != nil {
		return err
	}
	err = tx.Commit()
	if q.changesRights { // even if the commit failed: without a reply it may have happened
		s.sessions.empty()
		if s.besideServer {
			time.Sleep(maxSessionAge) // until the server has read the session or user again
		}
	}
	return mapError("commit", err)
}
