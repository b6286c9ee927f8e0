package db

import (
	"context"
	"net"
	"time"
)

// ioTimeout is how long the server may say nothing, or take nothing, before a connection counts as lost. It is longer
// than the lock timeout, which the server reports itself. lib/pq obeys no deadline of a context when the network
// stalls, so the deadline is set on the network.
const ioTimeout = 6 * time.Second

// netConn is a network connection to PostgreSQL on which every read and write has a deadline. Like the driver's connection
// on top of it, it serves one goroutine at a time. The zero line, of a database that is a file, is never used.
type deadlineConn struct {
	net.Conn
	deadline time.Time // when the current statement must be over, or zero
}

func (l *deadlineConn) nextDeadline() time.Time {
	quiet := time.Now().Add(ioTimeout)
	if !l.deadline.IsZero() && l.deadline.Before(quiet) {
		return l.deadline
	}
	return quiet
}

// ReadFinished reads within the limit.
func (l *deadlineConn) Read(b []byte) (int, error) {
	if err := l.SetReadDeadline(l.nextDeadline()); err != nil {
		return 0, err
	}
	return l.Conn.Read(b)
}

// Write writes within the limit.
func (l *deadlineConn) Write(b []byte) (int, error) {
	if err := l.SetWriteDeadline(l.nextDeadline()); err != nil {
		return 0, err
	}
	return l.Conn.Write(b)
}

type deadlineConnKey struct{}

// withDeadlineConn asks the dialer to keep its connection in l, because lib/pq does not hand it out.
func withDeadlineConn(ctx context.Context, l *deadlineConn) context.Context {
	return context.WithValue(ctx, deadlineConnKey{}, l)
}

// dialer is a pq.DialerContext that returns lines.
type dialer struct{ net.Dialer }

// DialContext connects and fills the line that ctx carries, or a new one.
func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	inner, err := d.Dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l, ok := ctx.Value(deadlineConnKey{}).(*deadlineConn)
	if !ok {
		l = &deadlineConn{}
	}
	l.Conn = inner
	return l, nil
}

// Dial makes dialer a pq.Dialer.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout makes dialer a pq.Dialer.
func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}
