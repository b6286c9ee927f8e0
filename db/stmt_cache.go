package db

import (
	"context"
	"database/sql/driver"
	"time"
)

// stmtCacheConnector is a driver.Connector whose connections keep each statement prepared: parsing and planning the list of
// conversations costs more than running it. The cache belongs to its connection, which database/sql gives to one
// goroutine at a time, so it needs no lock, and it works inside transactions.
type stmtCacheConnector struct{ driver.Connector }

// maxCachedStmts bounds the cache of a connection. Charla has fewer texts than that.
const maxCachedStmts = 128

// Connect opens a connection with an empty cache.
func (s stmtCacheConnector) Connect(ctx context.Context) (driver.Conn, error) {
	netConn := &deadlineConn{}
	netConn.deadline, _ = ctx.Deadline()
	inner, err := s.Connector.Connect(withDeadlineConn(ctx, netConn))
	if err != nil {
		return nil, err
	}
	return &stmtCacheConn{driverConn: inner.(driverConn), netConn: netConn, stmts: map[string]driver.Stmt{}}, nil
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

type stmtCacheConn struct {
	driverConn
	netConn *deadlineConn
	stmts   map[string]driver.Stmt
}

// setDeadline notes the deadline of ctx on the network and takes the cancellation away from the driver: to obey it, both
// start a goroutine for each statement, and lib/pq opens a second connection to the server. Statements are short.
func (c *stmtCacheConn) setDeadline(ctx context.Context) context.Context {
	c.netConn.deadline, _ = ctx.Deadline()
	return context.WithoutCancel(ctx)
}

func (c *stmtCacheConn) cachedStmt(ctx context.Context, query string) (driver.Stmt, error) {
	if st, ok := c.stmts[query]; ok {
		return st, nil
	}
	if len(c.stmts) >= maxCachedStmts {
		for text, st := range c.stmts {
			st.Close()
			delete(c.stmts, text)
		}
	}
	st, err := c.driverConn.PrepareContext(ctx, query)
	if err == nil {
		c.stmts[query] = st
	}
	return st, err
}

// QueryContext makes conn a driver.QueryerContext.
func (c *stmtCacheConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	ctx = c.setDeadline(ctx)
	st, err := c.cachedStmt(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.(driver.StmtQueryContext).QueryContext(ctx, args)
}

// ExecContext makes conn a driver.ExecerContext.
func (c *stmtCacheConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	ctx = c.setDeadline(ctx)
	st, err := c.cachedStmt(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.(driver.StmtExecContext).ExecContext(ctx, args)
}

// BeginTx makes conn a driver.ConnBeginTx. The commit, which has no context, keeps the deadline of its transaction.
func (c *stmtCacheConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return c.driverConn.BeginTx(c.setDeadline(ctx), opts)
}

// ResetSession makes conn ready for the next user.
func (c *stmtCacheConn) ResetSession(ctx context.Context) error {
	c.netConn.deadline = time.Time{}
	return c.driverConn.ResetSession(ctx)
}

// Close frees the statements, then the connection.
func (c *stmtCacheConn) Close() error {
	for _, st := range c.stmts {
		st.Close()
	}
	return c.driverConn.Close()
}
