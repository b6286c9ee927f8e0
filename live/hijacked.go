package live

import (
	"bytes"
	"context"
	"net"
	"sync"
	"syscall"
	"time"
)

// How long one write to a detached stream may take before its reader is given up, and how long the end of a stream may
// take, with what was being written before it: a reader who may see no more must be gone within two seconds.
const (
	writeTimeout      = 8 * time.Second
	finalWriteTimeout = time.Second
)

// maxUnacknowledged is how long what was written may stay unconfirmed by the reader's machine: one that vanished without a word
// would seem to be here until TCP itself gives up, after a quarter of an hour.
const maxUnacknowledged = 30 * time.Second

// hijackedStream is a stream with a connection of its own.
type hijackedStream struct {
	*Stream
	conn    net.Conn
	raw     syscall.RawConn // nil where a write cannot be tried without waiting
	watchID int64           // the name of this stream at the watcher
}

// StartHijacked writes the replay, then what happens, to a connection that was taken over from its server, and returns at once;
// stream and connection close by themselves. Such a stream has no goroutine: what happens is written by those that all
// detached streams share, and a reader that goes is noticed for all of them in one place. If Detach panics, stream and
// connection are still the caller's.
func (s *Stream) StartHijacked(ctx context.Context, conn net.Conn, replay Replay, state StateFunc) {
	d := &hijackedStream{Stream: s, conn: conn}
	if c, ok := conn.(syscall.Conn); ok {
		if d.raw, _ = c.SyscallConn(); d.raw != nil {
			d.raw.Control(func(fd uintptr) { setTCPUserTimeout(fd, maxUnacknowledged) })
		}
	}
	s.mu.Lock()
	s.wake = func() { s.hub.writerPool.enqueue(d) }
	s.shorten = d.shortenWrite
	s.mu.Unlock()
	buffer := initialBuffers.Get().(*[]byte)
	defer initialBuffers.Put(buffer)
	*buffer = s.appendInitial(ctx, (*buffer)[:0], replay, state)
	d.start(*buffer)
}

// initialBuffers are buffers for what streams are told first: many open at once, and most take it at once.
var initialBuffers = sync.Pool{New: func() any { return new([]byte) }}

// start writes the opening, as far as the reader takes it now; the rest, and what has happened since, is written by
// others.
func (d *hijackedStream) start(first []byte) {
	rest := bytes.Clone(first[d.writeNonblocking(first):])
	watched := d.hub.disconnects.add(d) || d.hub.goTracked(d.awaitDisconnect)
	switch {
	case watched && len(rest) == 0:
		d.hub.writerPool.enqueue(d)
	case watched && d.hub.goTracked(func() { d.writeBlockingRecovered(rest, notEnded) }):
	default:
		d.writeBlockingRecovered(rest, notEnded) // the hub was shut down: there is only the end to tell
	}
}

// shortenWrite leaves a write that is under way a while to finish.
func (d *hijackedStream) shortenWrite(lastWords time.Duration) {
	d.conn.SetWriteDeadline(time.Now().Add(lastWords))
}

// maxClientBytes is how much a reader may send, in bytes: it has nothing to say.
const maxClientBytes = 4 << 10

// awaitDisconnect sleeps until the reader goes, or says too much. It stands in for the watcher.
func (d *hijackedStream) awaitDisconnect() {
	var b [64]byte
	for heard := 0; heard < maxClientBytes; {
		n, err := d.conn.Read(b[:])
		if heard += n; err != nil {
			break
		}
	}
	d.end(endDisconnected)
}

// flush writes what waits without waiting itself. A reader that does not take it all at once gets a goroutine of its
// own until it has. Buffer is scratch space; flush returns it, perhaps grown.
func (d *hijackedStream) flush(buffer []byte) []byte {
	for {
		queue, end := d.drain()
		if len(queue) == 0 && end == notEnded {
			return buffer
		}
		b := d.render(buffer[:0], queue, end)
		shared := len(queue) == 1 && end == notEnded
		if n := d.writeNonblocking(b); n < len(b) {
			d.startSlowWriter(append([]byte(nil), b[n:]...), end)
			return buffer
		}
		if !shared {
			buffer = b
		}
		if end != notEnded {
			d.close()
			return buffer
		}
	}
}

// writeNonblocking writes what the connection takes now and returns how much. An error shows at the next write that waits.
func (d *hijackedStream) writeNonblocking(b []byte) (n int) {
	if d.raw == nil || len(b) == 0 {
		return 0
	}
	d.raw.Write(func(fd uintptr) bool {
		n = writeNonblocking(fd, b)
		return true
	})
	return n
}

// startSlowWriter goes on writing in a goroutine of its own.
func (d *hijackedStream) startSlowWriter(b []byte, end EndReason) {
	d.hub.goroutines.Go(func() { d.writeBlockingRecovered(b, end) })
}

// writeBlockingRecovered is slow, and closes a stream that panics.
func (d *hijackedStream) writeBlockingRecovered(b []byte, end EndReason) {
	if !recoverPanic("stream", func() { d.writeBlocking(b, end) }) {
		d.close()
	}
}

// writeBlocking writes b, then what waits, waiting for the reader each time, until nothing waits. With an end, b is the last.
func (d *hijackedStream) writeBlocking(b []byte, end EndReason) {
	for {
		if len(b) > 0 && !d.writeWithDeadline(b, end) {
			end = endDisconnected
		}
		if end != notEnded {
			d.end(end)
			d.close()
			return
		}
		var queue []*frame
		if queue, end = d.drain(); len(queue) == 0 && end == notEnded {
			return
		}
		b = d.render(nil, queue, end)
	}
}

// writeWithDeadline waits for the reader. It leaves no deadline behind, which would make the tries of the writers fail.
func (d *hijackedStream) writeWithDeadline(b []byte, end EndReason) bool {
	d.setWriteDeadline(end)
	_, err := d.conn.Write(b)
	d.conn.SetWriteDeadline(time.Time{})
	return err == nil
}

// setWriteDeadline sets the deadline of a write. It decides under mu, because the stream may be ended at this moment: either the end
// is seen here, or it shortens what is set here.
func (d *hijackedStream) setWriteDeadline(end EndReason) {
	d.mu.Lock()
	defer d.mu.Unlock()
	within := writeTimeout
	if end != notEnded || d.deadlineShortened {
		within = finalWriteTimeout
	}
	d.conn.SetWriteDeadline(time.Now().Add(within))
}

func (d *hijackedStream) close() {
	d.hub.disconnects.remove(d)
	d.Close()
	d.conn.Close()
}
