package db

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

// silence is how long the server may say nothing, or take nothing, before a connection counts as lost. It is longer
// than the lock timeout, which the server reports itself. lib/pq obeys no deadline of a context when the network
// stalls, so the deadline is set on the network.
const silence = 6 * time.Second

// line is a network connection to PostgreSQL on which every read and write has a deadline. The zero line, of a
// database that is a file, only listens.
type line struct {
	net.Conn
	deadline atomic.Int64 // nanoseconds since 1970 when the current statement must be over, or 0
}

// until sets when the current statement must be over; zero means that only silence ends it.
func (l *line) until(t time.Time) {
	if t.IsZero() {
		l.deadline.Store(0)
		return
	}
	l.deadline.Store(t.UnixNano())
}

func (l *line) limit() time.Time {
	quiet := time.Now().Add(silence)
	if end := l.deadline.Load(); end != 0 && end < quiet.UnixNano() {
		return time.Unix(0, end)
	}
	return quiet
}

// Read reads within the limit.
func (l *line) Read(b []byte) (int, error) {
	if err := l.SetReadDeadline(l.limit()); err != nil {
		return 0, err
	}
	return l.Conn.Read(b)
}

// Write writes within the limit.
func (l *line) Write(b []byte) (int, error) {
	if err := l.SetWriteDeadline(l.limit()); err != nil {
		return 0, err
	}
	return l.Conn.Write(b)
}

type lineKey struct{}

// withLine asks the dialer to keep its connection in l, because lib/pq does not hand it out.
func withLine(ctx context.Context, l *line) context.Context {
	return context.WithValue(ctx, lineKey{}, l)
}

// dialer is a pq.DialerContext that returns lines.
type dialer struct{ net.Dialer }

// DialContext connects and fills the line that ctx carries, or a new one.
func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	inner, err := d.Dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l, ok := ctx.Value(lineKey{}).(*line)
	if !ok {
		l = &line{}
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
