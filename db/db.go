// Package db keeps what package chat talks about, in SQLite or in PostgreSQL, through one SQL text. What truly differs
// between the two stands in sqlite.go, postgres.go and errors.go.
package db

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"time"

	"github.com/jmoiron/sqlx"

	"charla/chat"
)

// How long a question may take, with its wait for a connection, and how long a write from its beginning to its commit;
// and how often a write is tried when another was in the way.
const (
	readTimeout  = 5 * time.Second
	writeTimeout = 10 * time.Second
	maxTries     = 5
)

// Store is a chat.Store. It is safe for concurrent use.
type Store struct {
	reader
	read, write *sqlx.DB // one and the same on PostgreSQL
	batch       *batcher // SQLite's writer; nil on PostgreSQL, where transactions run side by side
	lock        io.Closer
	watcher     Watcher // or nil
}

var _ chat.Store = (*Store)(nil)

// Ping answers an Unavailable Error when the database does not, or is a PostgreSQL that follows another: another node may reach the
// one that takes writes.
func (s *Store) Ping(ctx context.Context) error {
	if s.batch != nil {
		_, err := s.exec(ctx, `SELECT 1`)
		return err
	}
	var follows bool
	err := s.get(ctx, &follows, `SELECT pg_is_in_recovery()`)
	if follows {
		return chat.Unreachable(errFollows)
	}
	return err
}

var errFollows = errors.New("PostgreSQL follows another and takes no writes")

// Close waits for what is running and ends all connections.
func (s *Store) Close() error {
	if s.batch != nil {
		s.batch.close()
	}
	err := errors.Join(s.read.Close(), s.write.Close())
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}

// InTx is the only way to write. The transaction is explicit, because database/sql quietly repeats a lone statement
// whose reply was lost. It follows a deadline of its own, so that a browser that goes away cannot tear a write. A
// collision is reported before anything is committed, so f may run again; a commit without an answer may have
// happened, so then it may not, and the caller gets Unavailable.
func (s *Store) InTx(ctx context.Context, f func(chat.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	start := time.Now()
	err := s.try(ctx, f)
	for n := 1; n < maxTries && collided(err); n++ {
		err = s.try(ctx, f)
	}
	if s.watcher != nil {
		s.watcher.Wrote(time.Since(start), chat.CodeOf(err) == chat.Unavailable)
	}
	return err
}

func (s *Store) try(ctx context.Context, f func(chat.Tx) error) error {
	if s.batch != nil {
		return s.batch.do(ctx, f)
	}
	return transact(ctx, s.write, func(w writer) error { return f(w) })
}

// transact runs f in a transaction of its own and commits unless f fails.
func transact(ctx context.Context, pool *sqlx.DB, f func(writer) error) error {
	tx, err := pool.BeginTxx(ctx, nil)
	if err != nil {
		return failure(err)
	}
	defer tx.Rollback() // does nothing after a commit; a panic in f passes through here
	if err := f(writer{reader{pinned{ctx, tx}}}); err != nil {
		return err
	}
	return failure(tx.Commit())
}

// querier is what a pool and a transaction have in common.
type querier interface {
	GetContext(ctx context.Context, dest any, query string, args ...any) error
	SelectContext(ctx context.Context, dest any, query string, args ...any) error
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// pool bounds every question, so that nobody queues for long behind a database that has stalled.
type pool struct {
	db      *sqlx.DB
	watcher Watcher // or nil
}

func (p pool) GetContext(ctx context.Context, dest any, query string, args ...any) error {
	return p.ask(ctx, func(ctx context.Context) error { return p.db.GetContext(ctx, dest, query, args...) })
}

func (p pool) SelectContext(ctx context.Context, dest any, query string, args ...any) error {
	return p.ask(ctx, func(ctx context.Context) error { return p.db.SelectContext(ctx, dest, query, args...) })
}

func (p pool) ExecContext(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	err = p.ask(ctx, func(ctx context.Context) error {
		result, err = p.db.ExecContext(ctx, query, args...)
		return err
	})
	return result, err
}

// ask runs one question within readTimeout. Who gives up earlier, such as a browser that goes away, makes no failure of it.
func (p pool) ask(ctx context.Context, question func(context.Context) error) error {
	start := time.Now()
	within, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	err := question(within)
	if p.watcher != nil {
		p.watcher.Read(time.Since(start), ctx.Err() == nil && chat.CodeOf(failure(err)) == chat.Unavailable)
	}
	return err
}

// pinned runs every statement under the transaction's own context: the one that f passes belongs to the request.
type pinned struct {
	ctx context.Context
	tx  *sqlx.Tx
}

func (p pinned) GetContext(_ context.Context, dest any, query string, args ...any) error {
	return p.tx.GetContext(p.ctx, dest, query, args...)
}

func (p pinned) SelectContext(_ context.Context, dest any, query string, args ...any) error {
	return p.tx.SelectContext(p.ctx, dest, query, args...)
}

func (p pinned) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	return p.tx.ExecContext(p.ctx, query, args...)
}

// reader answers questions, from a pool or inside a transaction.
type reader struct{ q querier }

// writer is a transaction.
type writer struct{ reader }

// get reads one row into dest; chat.ErrNotFound when there is none.
func (r reader) get(ctx context.Context, dest any, query string, args ...any) error {
	return failure(r.q.GetContext(ctx, dest, query, args...))
}

// list reads all rows into the slice behind dest.
func (r reader) list(ctx context.Context, dest any, query string, args ...any) error {
	return failure(r.q.SelectContext(ctx, dest, query, args...))
}

// exec runs a statement and returns how many rows it changed.
func (r reader) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := r.q.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, failure(err)
	}
	n, err := result.RowsAffected()
	return n, failure(err)
}
