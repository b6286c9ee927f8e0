// Package hijacked writes streams to connections that were hijacked from an HTTP server. An idle connection has no
// goroutine and no buffer: a Pool shares a few writers and one watcher for disconnects among all connections. It is an
// optimization for plain HTTP/1.1 with thousands of open streams; other streams are written by the goroutine of their
// request.
package hijacked

import (
	"bytes"
	"net"
	"sync"
	"syscall"
	"time"
)

// WriteTimeout is how long one write may take before the reader is disconnected.
const WriteTimeout = 8 * time.Second

// FinalWriteTimeout is how long the last write may take. A revoked reader must be disconnected within two seconds, in
// which a write may be in progress and another may follow, so that twice this time must fit into them.
const FinalWriteTimeout = time.Second

// maxUnacknowledged is how long sent bytes may stay unacknowledged by the reader's machine. Without it, TCP keeps the
// connection to a machine that vanished for about 15 minutes.
const maxUnacknowledged = 30 * time.Second

// Stream provides the bytes that are written to a connection. Only one goroutine at a time calls Next.
type Stream interface {
	// Next returns the bytes to write next. If last is true, the connection is closed after they are written. If
	// nothing is queued, Next returns no bytes, and the stream must call Conn.Wake once when it has some. Next may use
	// scratch as its buffer, and may also return bytes that it shares with other streams.
	Next(scratch *[]byte) (b []byte, last bool)
	// Disconnected tells the stream that its reader has gone. The next call of Next must return last.
	Disconnected()
	// Close is called when the connection is about to be closed.
	Close()
}

// Conn is a hijacked connection that a stream is written to.
type Conn struct {
	pool    *Pool
	stream  Stream
	conn    net.Conn
	raw     syscall.RawConn // nil if the connection has no nonblocking writes
	watchID int64           // the id of the connection at the disconnect watcher

	mu      sync.Mutex // guards timeout and makes setting it and the deadline one step
	timeout time.Duration
}

// NewConn returns a Conn that writes stream to conn. Nothing is written before Start.
func (p *Pool) NewConn(conn net.Conn, stream Stream) *Conn {
	c := &Conn{pool: p, stream: stream, conn: conn, timeout: WriteTimeout}
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return c
	}
	if c.raw, _ = sc.SyscallConn(); c.raw != nil {
		c.raw.Control(func(fd uintptr) { setTCPUserTimeout(fd, maxUnacknowledged) })
	}
	return c
}

// Start writes initial and then what the stream has queued. It returns as soon as the connection accepts no more bytes;
// the pool writes the rest and closes the stream and the connection at the end. Start does not keep initial.
func (c *Conn) Start(initial []byte) {
	rest := bytes.Clone(initial[c.writeNonblocking(initial):])
	watched := c.pool.disconnects.add(c) || c.pool.tryGo(c.awaitDisconnect)
	switch {
	case watched && len(rest) == 0:
		c.Wake()
	case watched && c.pool.tryGo(func() { c.writeBlocking(rest, false) }):
	default:
		c.writeBlocking(rest, false) // the pool was shut down, so this writes only the end of the stream
	}
}

// Wake asks the pool to write what the stream has queued.
func (c *Conn) Wake() { c.pool.enqueue(c) }

// ShortenDeadline limits a write in progress, and each later one, to d.
func (c *Conn) ShortenDeadline(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timeout = d
	c.conn.SetWriteDeadline(time.Now().Add(d))
}

// maxClientBytes is how many bytes a reader may send before awaitDisconnect disconnects it. Readers have no reason to
// send anything.
const maxClientBytes = 4 << 10

// awaitDisconnect blocks until the reader disconnects or sends too much. It replaces the disconnect watcher where
// that is not available.
func (c *Conn) awaitDisconnect() {
	var b [64]byte
	for received := 0; received < maxClientBytes; {
		n, err := c.conn.Read(b[:])
		received += n
		if err != nil {
			break
		}
	}
	c.stream.Disconnected()
}

// flush writes what the stream has queued. It does not block: if the connection does not accept everything at once, a
// new goroutine writes the rest.
func (c *Conn) flush(scratch *[]byte) {
	for {
		b, last := c.stream.Next(scratch)
		if len(b) == 0 && !last {
			return
		}
		if n := c.writeNonblocking(b); n < len(b) {
			rest := bytes.Clone(b[n:])
			c.pool.start(func() { c.writeBlocking(rest, last) })
			return
		}
		if last {
			c.close()
			return
		}
	}
}

// writeNonblocking writes as many bytes of b as the connection accepts now and returns their number. It ignores errors,
// because the blocking write that follows returns the same error.
func (c *Conn) writeNonblocking(b []byte) (n int) {
	if c.raw == nil || len(b) == 0 {
		return 0
	}
	c.raw.Write(func(fd uintptr) bool {
		n = writeNonblocking(fd, b)
		return true
	})
	return n
}

// writeBlocking writes b and then everything that the stream has queued, and waits for a slow reader. If last is true,
// or after a failed write, it closes the connection.
func (c *Conn) writeBlocking(b []byte, last bool) {
	var scratch []byte
	for {
		if len(b) > 0 && !c.writeWithDeadline(b, last) {
			c.stream.Disconnected()
			last = true
		}
		if last {
			c.close()
			return
		}
		if b, last = c.stream.Next(&scratch); len(b) == 0 && !last {
			return
		}
	}
}

// writeWithDeadline writes b within the timeout and reports whether that worked. It removes the deadline afterwards,
// because later nonblocking writes would fail after an expired one.
func (c *Conn) writeWithDeadline(b []byte, last bool) bool {
	c.setWriteDeadline(last)
	_, err := c.conn.Write(b)
	c.conn.SetWriteDeadline(time.Time{})
	return err == nil
}

// setWriteDeadline sets the deadline of the next write. It holds mu, so that it cannot overwrite an earlier deadline
// that ShortenDeadline sets at the same time.
func (c *Conn) setWriteDeadline(last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	timeout := c.timeout
	if last {
		timeout = min(timeout, FinalWriteTimeout)
	}
	c.conn.SetWriteDeadline(time.Now().Add(timeout))
}

func (c *Conn) close() {
	c.pool.disconnects.remove(c)
	c.stream.Close()
	c.conn.Close()
}
