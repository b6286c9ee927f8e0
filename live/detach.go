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
	writeWithin = 8 * time.Second
	lastWords   = time.Second
)

// maxSilence is how long what was written may stay unconfirmed by the reader's machine: one that vanished without a word
// would seem to be here until TCP itself gives up, after a quarter of an hour.
const maxSilence = 30 * time.Second

// detached is a stream with a connection of its own.
type detached struct {
	*Stream
	conn    net.Conn
	raw     syscall.RawConn // nil where a write cannot be tried without waiting
	watched int64           // the name of this stream at the watcher
}

// Detach writes the replay, then what happens, to a connection that was taken over from its server, and returns at once;
// stream and connection close by themselves. Such a stream has no goroutine: what happens is written by those that all
// detached streams share, and a reader that goes is noticed for all of them in one place. If Detach panics, stream and
// connection are still the caller's.
func (s *Stream) Detach(ctx context.Context, conn net.Conn, replay Replay, state State) {
	d := &detached{Stream: s, conn: conn}
	if c, ok := conn.(syscall.Conn); ok {
		if d.raw, _ = c.SyscallConn(); d.raw != nil {
			d.raw.Control(func(fd uintptr) { limitSilence(fd, maxSilence) })
		}
	}
	s.mu.Lock()
	s.wake = func() { s.hub.writers.push(d) }
	s.hurry = d.limit
	s.mu.Unlock()
	buffer := openings.Get().(*[]byte)
	defer openings.Put(buffer)
	*buffer = s.opening(ctx, (*buffer)[:0], replay, state)
	d.begin(*buffer)
}

// openings are buffers for what streams are told first: many open at once, and most take it at once.
var openings = sync.Pool{New: func() any { return new([]byte) }}

// begin writes the opening, as far as the reader takes it now; the rest, and what has happened since, is written by
// others.
func (d *detached) begin(first []byte) {
	rest := bytes.Clone(first[d.try(first):])
	watched := d.hub.watcher.watch(d) || d.hub.employ(d.listen)
	switch {
	case watched && len(rest) == 0:
		d.hub.writers.push(d)
	case watched && d.hub.employ(func() { d.guarded(rest, open) }):
	default:
		d.guarded(rest, open) // the hub was shut down: there is only the end to tell
	}
}

// limit leaves a write that is under way a while to finish.
func (d *detached) limit(lastWords time.Duration) {
	d.conn.SetWriteDeadline(time.Now().Add(lastWords))
}

// maxHeard is how much a reader may send, in bytes: it has nothing to say.
const maxHeard = 4 << 10

// listen sleeps until the reader goes, or says too much. It stands in for the watcher.
func (d *detached) listen() {
	var b [64]byte
	for heard := 0; heard < maxHeard; {
		n, err := d.conn.Read(b[:])
		if heard += n; err != nil {
			break
		}
	}
	d.finish(endGone)
}

// flush writes what waits without waiting itself. A reader that does not take it all at once gets a goroutine of its
// own until it has. Buffer is scratch space; flush returns it, perhaps grown.
func (d *detached) flush(buffer []byte) []byte {
	for {
		queue, end := d.take()
		if len(queue) == 0 && end == open {
			return buffer
		}
		b := d.render(buffer[:0], queue, end)
		shared := len(queue) == 1 && end == open
		if n := d.try(b); n < len(b) {
			d.await(append([]byte(nil), b[n:]...), end)
			return buffer
		}
		if !shared {
			buffer = b
		}
		if end != open {
			d.close()
			return buffer
		}
	}
}

// try writes what the connection takes now and returns how much. An error shows at the next write that waits.
func (d *detached) try(b []byte) (n int) {
	if d.raw == nil || len(b) == 0 {
		return 0
	}
	d.raw.Write(func(fd uintptr) bool {
		n = tryWrite(fd, b)
		return true
	})
	return n
}

// await goes on writing in a goroutine of its own.
func (d *detached) await(b []byte, end End) {
	d.hub.work.Go(func() { d.guarded(b, end) })
}

// guarded is slow, and closes a stream that panics.
func (d *detached) guarded(b []byte, end End) {
	if !guard("stream", func() { d.slow(b, end) }) {
		d.close()
	}
}

// slow writes b, then what waits, waiting for the reader each time, until nothing waits. With an end, b is the last.
func (d *detached) slow(b []byte, end End) {
	for {
		if len(b) > 0 && !d.write(b, end) {
			end = endGone
		}
		if end != open {
			d.finish(end)
			d.close()
			return
		}
		var queue []*frame
		if queue, end = d.take(); len(queue) == 0 && end == open {
			return
		}
		b = d.render(nil, queue, end)
	}
}

// write waits for the reader. It leaves no deadline behind, which would make the tries of the writers fail.
func (d *detached) write(b []byte, end End) bool {
	d.allow(end)
	_, err := d.conn.Write(b)
	d.conn.SetWriteDeadline(time.Time{})
	return err == nil
}

// allow sets the deadline of a write. It decides under mu, because the stream may be ended at this moment: either the end
// is seen here, or it shortens what is set here.
func (d *detached) allow(end End) {
	d.mu.Lock()
	defer d.mu.Unlock()
	within := writeWithin
	if end != open || d.hurried {
		within = lastWords
	}
	d.conn.SetWriteDeadline(time.Now().Add(within))
}

func (d *detached) close() {
	d.hub.watcher.forget(d)
	d.Close()
	d.conn.Close()
}
