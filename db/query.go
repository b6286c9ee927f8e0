package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"charla/chat"
)

// reader implements chat.Reader on a connection pool or inside a transaction.
type reader struct{ q querier }

// writer implements chat.Tx: it reads and writes inside a transaction.
type writer struct{ reader }

// querier has the methods for running queries that connection pools and transactions share.
type querier interface {
	GetContext(ctx context.Context, dest any, query string, args ...any) error
	SelectContext(ctx context.Context, dest any, query string, args ...any) error
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	DriverName() string
}

// isPostgres reports whether the database is PostgreSQL.
func (r reader) isPostgres() bool { return r.q.DriverName() == "postgres" }

// get reads one row into dest. It returns chat.ErrNotFound if there is no row. The text of any other error begins with
// op, the name of the operation.
func (r reader) get(ctx context.Context, op string, dest any, query string, args ...any) error {
	return mapError(op, r.q.GetContext(ctx, dest, query, args...))
}

// list reads all rows into the slice to which dest points. The text of an error begins with op, the name of the
// operation.
func (r reader) list(ctx context.Context, op string, dest any, query string, args ...any) error {
	return mapError(op, r.q.SelectContext(ctx, dest, query, args...))
}

// exec runs a statement and returns the number of rows that it changed. The text of an error begins with op, the name
// of the operation.
func (r reader) exec(ctx context.Context, op, query string, args ...any) (int64, error) {
	result, err := r.q.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, mapError(op, err)
	}
	n, err := result.RowsAffected()
	return n, mapError(op, err)
}

// execRow runs a statement that must change a row. It returns chat.ErrNotFound if no row was changed.
func (r reader) execRow(ctx context.Context, op, query string, args ...any) error {
	n, err := r.exec(ctx, op, query, args...)
	if err == nil && n == 0 {
		return chat.ErrNotFound
	}
	return err
}

// poolQuerier runs queries on a connection pool. A query may take at most readTimeout, so that callers do not queue up
// behind a stalled database.
type poolQuerier struct {
	db       *sqlx.DB
	observer Observer // may be nil
}

func (p poolQuerier) GetContext(ctx context.Context, dest any, query string, args ...any) error {
	return p.withReadTimeout(ctx, func(ctx context.Context) error {
		return p.db.GetContext(ctx, dest, query, args...)
	})
}

func (p poolQuerier) SelectContext(ctx context.Context, dest any, query string, args ...any) error {
	return p.withReadTimeout(ctx, func(ctx context.Context) error {
		return p.db.SelectContext(ctx, dest, query, args...)
	})
}

func (p poolQuerier) ExecContext(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	err = p.withReadTimeout(ctx, func(ctx context.Context) error {
		result, err = p.db.ExecContext(ctx, query, args...)
		return err
	})
	return result, err
}

// DriverName returns the name of the engine.
func (p poolQuerier) DriverName() string { return p.db.DriverName() }

// withReadTimeout runs a query within readTimeout and reports it to the observer. A query that its caller cancelled,
// for example because a browser disconnected, is not reported as failed.
func (p poolQuerier) withReadTimeout(ctx context.Context, query func(context.Context) error) error {
	start := time.Now()
	limited, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	err := query(limited)
	if p.observer != nil {
		failed := ctx.Err() == nil && classify(err) == errUnreachable
		p.observer.ReadFinished(time.Since(start), failed)
	}
	return err
}

// txQuerier runs statements in a transaction. They use the transaction's context, not that of the caller, because the
// caller's request may be cancelled.
type txQuerier struct {
	ctx           context.Context
	tx            *sqlx.Tx
	changesRights bool // see the function changesRights
}

func (t *txQuerier) GetContext(_ context.Context, dest any, query string, args ...any) error {
	t.changesRights = t.changesRights || changesRights(query)
	return t.tx.GetContext(t.ctx, dest, query, args...)
}

func (t *txQuerier) SelectContext(_ context.Context, dest any, query string, args ...any) error {
	t.changesRights = t.changesRights || changesRights(query)
	return t.tx.SelectContext(t.ctx, dest, query, args...)
}

func (t *txQuerier) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	t.changesRights = t.changesRights || changesRights(query)
	return t.tx.ExecContext(t.ctx, query, args...)
}

// DriverName returns the name of the engine.
func (t txQuerier) DriverName() string { return t.tx.DriverName() }

// listToJSON encodes values as a JSON object with numbered names: {"0":[12],"1":[15]}. A query reads it with json_each,
// which PostgreSQL and SQLite both have for objects; for arrays the names differ. One SQL placeholder per value would
// be slow on SQLite, which looks placeholders up by name.
func listToJSON[T any](values []T) string {
	object := make(map[int]T, len(values))
	for i, v := range values {
		object[i] = v
	}
	text, err := json.Marshal(object)
	if err != nil {
		panic(err) // callers pass numbers and strings only
	}
	return string(text)
}

// tuples puts each value into an array of its own, so that SQL reads all lists in the same way: value ->> 0.
func tuples[T any](values []T) [][1]T {
	list := make([][1]T, len(values))
	for i, v := range values {
		list[i] = [1]T{v}
	}
	return list
}

// jsonRows reads a column that contains a JSON array of objects, one object per row of a subquery.
type jsonRows[T any] []T

// Scan decodes a column. It implements sql.Scanner. It fails if an object has a field that T does not have.
func (rows *jsonRows[T]) Scan(value any) error {
	var text string
	switch v := value.(type) {
	case string:
		text = v
	case []byte:
		text = string(v)
	default:
		return fmt.Errorf("cannot read JSON from %T", value)
	}
	*rows = nil
	if text == "[]" { // as in most rows
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(rows)
}

// likePattern returns a pattern for LIKE … ESCAPE '\' that matches all strings that contain text.
func likePattern(text string) string { return "%" + likeEscaper.Replace(text) + "%" }

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
