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

// FinalWriteTimeout is how long the last write of a stream may take. A reader who lost access must be disconnected
// within two seconds. A write may be in progress at that moment and the last write follows it, so that each of the two
// gets one second.
const FinalWriteTimeout = time.Second

// maxUnacknowledged is how long the machine of a reader may leave sent bytes unacknowledged before the connection is
// closed. Without this limit, TCP keeps a connection to a machine that vanished for about 15 minutes.
const maxUnacknowledged = 30 * time.Second

// Stream provides the bytes that are written to a connection. Only one goroutine at a time calls Next.
type Stream interface {
	// Next returns the bytes to write next. If last is true, the connection is closed after they are written. If
	// nothing is queued, Next returns no bytes, and the stream must call Conn.Wake once when it has something to write.
	// Next may use scratch as its buffer, and may also return bytes that it shares with other streams.
	Next(scratch *[]byte) (b []byte, last bool)
	// Disconnected tells the stream that its reader has gone. From then on, Next must return true for last.
	Disconnected()
	// Close ends the stream. It is called just before the connection is closed.
	Close()
}

// Conn is a hijacked connection, together with the stream that is written to it.
type Conn struct {
	pool    *Pool
	stream  Stream
	conn    net.Conn
	raw     syscall.RawConn // nil if the connection has no nonblocking writes
	watchID int64           // the id of the connection at the disconnect watcher

	mu      sync.Mutex // guards timeout and makes setting it and the deadline one step
	timeout time.Duration
}

// NewConn returns a Conn that writes stream to conn. It writes nothing until Start is called.
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

// Start writes the bytes in initial and then those that the stream has queued. It returns as soon as the connection
// accepts no more bytes; the pool writes the rest, and closes the stream and the connection at the end. Start does not
// keep initial.
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

// Wake tells the pool that the stream has something to write.
func (c *Conn) Wake() { c.pool.enqueue(c) }

// ShortenDeadline limits the write in progress and every later write to the duration d.
func (c *Conn) ShortenDeadline(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timeout = d
	c.conn.SetWriteDeadline(time.Now().Add(d))
}

// maxClientBytes is how many bytes a reader may send before awaitDisconnect disconnects it. Readers have no reason to
// send anything.
const maxClientBytes = 4 << 10

// awaitDisconnect blocks until the reader disconnects or sends more than maxClientBytes. It serves connections that
// disconnectWatcher cannot watch.
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
// because the blocking write of the remaining bytes returns the same error.
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

// writeBlocking writes b and then everything that the stream has queued. It waits if the reader is slow. It closes the
// connection if last is true or a write fails.
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

// writeWithDeadline writes b within the write timeout and reports whether it succeeded. It removes the deadline
// afterwards, because an expired deadline would make later nonblocking writes fail.
func (c *Conn) writeWithDeadline(b []byte, last bool) bool {
	c.setWriteDeadline(last)
	_, err := c.conn.Write(b)
	c.conn.SetWriteDeadline(time.Time{})
	return err == nil
}

// setWriteDeadline sets the deadline of the next write. It holds mu, because ShortenDeadline may set a shorter deadline
// at the same time, which must stay in force.
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
