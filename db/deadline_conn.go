package db

import (
	"context"
	"net"
	"time"
)

// ioTimeout limits how long one read from or write to PostgreSQL may wait before the connection counts as lost. It is
// longer than the server's lock timeout, so that the server can report that one first. lib/pq ignores the deadline of a
// context while the network stalls, so the network connection needs deadlines of its own.
const ioTimeout = 6 * time.Second

// deadlineConn is a network connection to PostgreSQL on which every read and write has a deadline. Only one goroutine
// at a time uses it. SQLite has no network connection, so a deadlineConn is never used there.
type deadlineConn struct {
	net.Conn
	deadline time.Time // of the current statement, or zero
}

// nextDeadline returns the deadline of the current statement or the time at which ioTimeout ends, whichever is earlier.
func (c *deadlineConn) nextDeadline() time.Time {
	limit := time.Now().Add(ioTimeout)
	if !c.deadline.IsZero() && c.deadline.Before(limit) {
		return c.deadline
	}
	return limit
}

// Read reads with a deadline. It implements net.Conn.
func (c *deadlineConn) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(c.nextDeadline()); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// Write writes with a deadline. It implements net.Conn.
func (c *deadlineConn) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(c.nextDeadline()); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

type deadlineConnKey struct{}

// withDeadlineConn returns a context that makes dialer put its network connection into c. lib/pq does not expose the
// network connection in any other way.
func withDeadlineConn(ctx context.Context, c *deadlineConn) context.Context {
	return context.WithValue(ctx, deadlineConnKey{}, c)
}

// dialer connects to PostgreSQL with deadlineConns. It implements pq.DialerContext.
type dialer struct{ net.Dialer }

// DialContext connects to a server. It uses the deadlineConn that withDeadlineConn put into ctx, or a new one.
func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.Dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c, ok := ctx.Value(deadlineConnKey{}).(*deadlineConn)
	if !ok {
		c = &deadlineConn{}
	}
	c.Conn = conn
	return c, nil
}

// Dial connects without a context. It implements pq.Dialer.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout connects without a context, within a time limit. It implements pq.Dialer.
func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}
