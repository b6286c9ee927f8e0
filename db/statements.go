package db

import (
	"context"
	"database/sql/driver"
	"time"
)

// statements is a driver.Connector whose connections keep each statement prepared: parsing and planning the list of
// conversations costs more than running it. The cache belongs to its connection, which database/sql gives to one
// goroutine at a time, so it needs no lock, and it works inside transactions.
type statements struct{ driver.Connector }

// maxPrepared bounds the cache of a connection. Charla has fewer texts than that.
const maxPrepared = 128

// Connect opens a connection with an empty cache.
func (s statements) Connect(ctx context.Context) (driver.Conn, error) {
	line := &line{}
	line.deadline, _ = ctx.Deadline()
	inner, err := s.Connector.Connect(withLine(ctx, line))
	if err != nil {
		return nil, err
	}
	return &conn{driverConn: inner.(driverConn), line: line, prepared: map[string]driver.Stmt{}}, nil
}

// driverConn is what the connections of both drivers can do.
type driverConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type conn struct {
	driverConn
	line     *line
	prepared map[string]driver.Stmt
}

// begin notes the deadline of ctx on the network and takes the cancellation away from the driver: to obey it, both
// start a goroutine for each statement, and lib/pq opens a second connection to the server. Statements are short.
func (c *conn) begin(ctx context.Context) context.Context {
	c.line.deadline, _ = ctx.Deadline()
	return context.WithoutCancel(ctx)
}

func (c *conn) prepare(ctx context.Context, query string) (driver.Stmt, error) {
	if st, ok := c.prepared[query]; ok {
		return st, nil
	}
	if len(c.prepared) >= maxPrepared {
		for text, st := range c.prepared {
			st.Close()
			delete(c.prepared, text)
		}
	}
	st, err := c.driverConn.PrepareContext(ctx, query)
	if err == nil {
		c.prepared[query] = st
	}
	return st, err
}

// QueryContext makes conn a driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	ctx = c.begin(ctx)
	st, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.(driver.StmtQueryContext).QueryContext(ctx, args)
}

// ExecContext makes conn a driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	ctx = c.begin(ctx)
	st, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.(driver.StmtExecContext).ExecContext(ctx, args)
}

// BeginTx makes conn a driver.ConnBeginTx. The commit, which has no context, keeps the deadline of its transaction.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return c.driverConn.BeginTx(c.begin(ctx), opts)
}

// ResetSession makes conn ready for the next user.
func (c *conn) ResetSession(ctx context.Context) error {
	c.line.deadline = time.Time{}
	return c.driverConn.ResetSession(ctx)
}

// Close frees the statements, then the connection.
func (c *conn) Close() error {
	for _, st := range c.prepared {
		st.Close()
	}
	return c.driverConn.Close()
}
