package db

import (
	"context"
	"database/sql/driver"
	"time"
)

// stmtCacheConnector is a driver.Connector whose connections keep their statements prepared, because parsing and
// planning the query for the list of conversations costs more than running it. Each connection has its own cache.
// database/sql gives a connection to one goroutine at a time, so the cache needs no lock; it works inside transactions
// too.
type stmtCacheConnector struct{ driver.Connector }

// maxCachedStmts is how many statements a connection caches. Charla has fewer different statements.
const maxCachedStmts = 128

// Connect opens a connection with an empty cache.
func (c stmtCacheConnector) Connect(ctx context.Context) (driver.Conn, error) {
	netConn := &deadlineConn{}
	netConn.deadline, _ = ctx.Deadline()
	conn, err := c.Connector.Connect(withDeadlineConn(ctx, netConn))
	if err != nil {
		return nil, err
	}
	return &stmtCacheConn{driverConn: conn.(driverConn), netConn: netConn, stmts: map[string]driver.Stmt{}}, nil
}

// driverConn has the methods that this package needs of a connection; both drivers' connections implement it.
type driverConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// stmtCacheConn is a connection that keeps prepared statements in a map, by their SQL text.
type stmtCacheConn struct {
	driverConn
	netConn *deadlineConn
	stmts   map[string]driver.Stmt
}

// setDeadline sets the deadline of ctx on the network connection. It returns a context that cannot be cancelled, for
// the driver. Otherwise both drivers would start a goroutine for each statement, and lib/pq would cancel through a
// second connection to the server. Statements are short, so they need no cancellation.
func (c *stmtCacheConn) setDeadline(ctx context.Context) context.Context {
	c.netConn.deadline, _ = ctx.Deadline()
	return context.WithoutCancel(ctx)
}

// cachedStmt returns the prepared statement for query, from the cache or newly prepared. It empties a full cache first.
func (c *stmtCacheConn) cachedStmt(ctx context.Context, query string) (driver.Stmt, error) {
	if stmt, ok := c.stmts[query]; ok {
		return stmt, nil
	}
	if len(c.stmts) >= maxCachedStmts {
		for text, stmt := range c.stmts {
			stmt.Close()
			delete(c.stmts, text)
		}
	}
	stmt, err := c.driverConn.PrepareContext(ctx, query)
	if err == nil {
		c.stmts[query] = stmt
	}
	return stmt, err
}

// QueryContext runs a query as a cached prepared statement. It implements driver.QueryerContext.
func (c *stmtCacheConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	ctx = c.setDeadline(ctx)
	stmt, err := c.cachedStmt(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

// ExecContext executes a cached prepared statement. It implements driver.ExecerContext.
func (c *stmtCacheConn) ExecContext(ctx context.Context, query string,
	args []driver.NamedValue) (driver.Result, error) {
	ctx = c.setDeadline(ctx)
	stmt, err := c.cachedStmt(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

// BeginTx starts a transaction. It implements driver.ConnBeginTx. The commit has no context of its own, so the deadline
// of the transaction stays set for it.
func (c *stmtCacheConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return c.driverConn.BeginTx(c.setDeadline(ctx), opts)
}

// ResetSession prepares the connection for its next use by clearing the deadline of the previous one. It implements
// driver.SessionResetter.
func (c *stmtCacheConn) ResetSession(ctx context.Context) error {
	c.netConn.deadline = time.Time{}
	return c.driverConn.ResetSession(ctx)
}

// Close closes the statements and the connection.
func (c *stmtCacheConn) Close() error {
	for _, stmt := range c.stmts {
		stmt.Close()
	}
	return c.driverConn.Close()
}
