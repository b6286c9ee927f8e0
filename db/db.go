// Package db keeps what package chat talks about, in SQLite or in PostgreSQL, through one SQL text. What truly differs
// between the two stands in sqlite.go, postgres.go and errors.go.
package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"charla/chat"

	"github.com/jmoiron/sqlx"
)

// How long a question may take, with its wait for a connection, and how long a write from its beginning to its commit;
// and how often a write is tried when another was in the way.
const (
	readTimeout   = 5 * time.Second
	writeTimeout  = 10 * time.Second
	maxTxAttempts = 5
)

// Store is a chat.Store. It is safe for concurrent use.
type Store struct {
	reader
	read, write *sqlx.DB        // one and the same on PostgreSQL
	committer   *groupCommitter // SQLite's writer; nil on PostgreSQL, where transactions run side by side
	lock        io.Closer
	observer    Observer // or nil
}

var _ chat.Store = (*Store)(nil)

// Ping answers an Unavailable Error when the database does not, or is a PostgreSQL that follows another: another node may reach the
// one that takes writes.
func (s *Store) Ping(ctx context.Context) error {
	if s.committer != nil {
		_, err := s.exec(ctx, `SELECT 1`)
		return err
	}
	var follows bool
	err := s.get(ctx, &follows, `SELECT pg_is_in_recovery()`)
	if follows {
		return chat.DatabaseUnavailable(errStandby)
	}
	return err
}

var errStandby = errors.New("PostgreSQL follows another and takes no writes")

// Close waits for what is running and ends all connections.
func (s *Store) Close() error {
	if s.committer != nil {
		s.committer.close()
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
	return runTx(ctx, s.write, func(w writer) error { return f(w) })
}

// runTx runs f in a transaction of its own and commits unless f fails.
func runTx(ctx context.Context, pool *sqlx.DB, f func(writer) error) error {
	tx, err := pool.BeginTxx(ctx, nil)
	if err != nil {
		return mapError(err)
	}
	defer tx.Rollback() // does nothing after a commit; a panic in f passes through here
	if err := f(writer{reader{txQuerier{ctx, tx}}}); err != nil {
		return err
	}
	return mapError(tx.Commit())
}

// querier is what a pool and a transaction have in common.
type querier interface {
	GetContext(ctx context.Context, dest any, query string, args ...any) error
	SelectContext(ctx context.Context, dest any, query string, args ...any) error
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// poolQuerier bounds every question, so that nobody queues for long behind a database that has stalled.
type poolQuerier struct {
	db       *sqlx.DB
	observer Observer // or nil
}

func (p poolQuerier) GetContext(ctx context.Context, dest any, query string, args ...any) error {
	return p.withReadTimeout(ctx, func(ctx context.Context) error { return p.db.GetContext(ctx, dest, query, args...) })
}

func (p poolQuerier) SelectContext(ctx context.Context, dest any, query string, args ...any) error {
	return p.withReadTimeout(ctx, func(ctx context.Context) error { return p.db.SelectContext(ctx, dest, query, args...) })
}

func (p poolQuerier) ExecContext(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	err = p.withReadTimeout(ctx, func(ctx context.Context) error {
		result, err = p.db.ExecContext(ctx, query, args...)
		return err
	})
	return result, err
}

// withReadTimeout runs one question within readTimeout. Who gives up earlier, such as a browser that goes away, makes no failure of it.
func (p poolQuerier) withReadTimeout(ctx context.Context, query func(context.Context) error) error {
	start := time.Now()
	within, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	err := query(within)
	if p.observer != nil {
		p.observer.ReadFinished(time.Since(start), ctx.Err() == nil && chat.CodeOf(mapError(err)) == chat.Unavailable)
	}
	return err
}

// txQuerier runs every statement under the transaction's own context: the one that f passes belongs to the request.
type txQuerier struct {
	ctx context.Context
	tx  *sqlx.Tx
}

func (p txQuerier) GetContext(_ context.Context, dest any, query string, args ...any) error {
	return p.tx.GetContext(p.ctx, dest, query, args...)
}

func (p txQuerier) SelectContext(_ context.Context, dest any, query string, args ...any) error {
	return p.tx.SelectContext(p.ctx, dest, query, args...)
}

func (p txQuerier) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	return p.tx.ExecContext(p.ctx, query, args...)
}

// reader answers questions, from a pool or inside a transaction.
type reader struct{ q querier }

// writer is a transaction.
type writer struct{ reader }

// get reads one row into dest; chat.ErrNotFound when there is none.
func (r reader) get(ctx context.Context, dest any, query string, args ...any) error {
	return mapError(r.q.GetContext(ctx, dest, query, args...))
}

// list reads all rows into the slice behind dest.
func (r reader) list(ctx context.Context, dest any, query string, args ...any) error {
	return mapError(r.q.SelectContext(ctx, dest, query, args...))
}

// exec runs a statement and returns how many rows it changed.
func (r reader) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := r.q.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, mapError(err)
	}
	n, err := result.RowsAffected()
	return n, mapError(err)
}

// idsToJSON writes ids as the values of a JSON object, each in a list of its own: {"0":[12],"1":[15]}.
func idsToJSON(ids []int64) string {
	values := make(map[int][1]int64, len(ids))
	for i, id := range ids {
		values[i] = [1]int64{id}
	}
	text, err := json.Marshal(values)
	if err != nil {
		panic(err) // numbers can always be written
	}
	return string(text)
}

// requireRow answers NotFound where nothing was changed.
func requireRow(changed int64, err error) error {
	if err == nil && changed == 0 {
		return chat.ErrNotFound
	}
	return err
}

// likePattern is the pattern of LIKE for what contains a text.
func likePattern(text string) string { return "%" + likeEscaper.Replace(text) + "%" }

// likeEscaper makes LIKE take its own signs as letters.
var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
