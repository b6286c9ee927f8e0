package live

import (
	"context"
	"net"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Transport takes bytes to the reader of an ordinary answer. Write sends all of p at once or fails within a deadline;
// after a failure the reader is gone.
type Transport interface{ Write(p []byte) error }

// Run writes the replay, then what happens, on the calling goroutine, until the reader goes, ctx ends or the stream is
// ended. State is asked for at the start and after each change of it, at most once a second.
func (s *Stream) Run(ctx context.Context, to Transport, replay Replay, state State) error {
	ready := make(chan struct{}, 1)
	s.mu.Lock()
	s.wake = func() { ready <- struct{}{} } // never blocks: a stream is roused again only after take
	s.mu.Unlock()
	b := s.opening(ctx, replay, state)
	for {
		queue, end := s.take()
		if b = s.render(b, queue, end); len(b) > 0 {
			if err := to.Write(b); err != nil {
				return err
			}
		}
		if b = nil; end != open {
			return nil
		}
		if len(queue) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ready:
		}
	}
}

// writeWithin is how long one write to a detached stream may take before its reader is given up.
const writeWithin = 8 * time.Second

// Detach writes the replay, then what happens, to a connection that was taken over from its server, and returns at once;
// stream and connection close by themselves. Such a stream costs one small goroutine, which sleeps until the reader
// goes; what happens is written by goroutines that all detached streams share. False means that the hub was shut down:
// then stream and connection are still the caller's.
func (s *Stream) Detach(ctx context.Context, conn net.Conn, replay Replay, state State) bool {
	d := &detached{Stream: s, conn: conn}
	if c, ok := conn.(syscall.Conn); ok {
		d.raw, _ = c.SyscallConn()
	}
	s.mu.Lock()
	s.wake = func() { s.hub.writers.push(d) }
	s.mu.Unlock()
	first := s.opening(ctx, replay, state)
	return s.hub.employ(func() {
		s.hub.work.Go(func() { d.slow(first) })
		d.watch()
	})
}

// detached is a stream with a connection of its own.
type detached struct {
	*Stream
	conn net.Conn
	raw  syscall.RawConn // nil where a write cannot be tried without waiting
}

// watch sleeps until the reader goes. What it sends meanwhile means nothing.
func (d *detached) watch() {
	var b [16]byte
	for {
		if _, err := d.conn.Read(b[:]); err != nil {
			d.finish(endGone)
			return
		}
	}
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
			rest := append([]byte(nil), b[n:]...)
			d.hub.work.Go(func() { d.slow(rest) })
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

// slow writes b, then what waits, waiting for the reader each time, until nothing waits.
func (d *detached) slow(b []byte) {
	for end := open; ; {
		if len(b) > 0 {
			d.conn.SetWriteDeadline(time.Now().Add(writeWithin))
			if _, err := d.conn.Write(b); err != nil {
				end = endGone
			}
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

func (d *detached) close() {
	d.Close()
	d.conn.Close()
}

// writers write to detached streams: as many goroutines as there are processors while there is something to write, none
// otherwise.
type writers struct {
	work *sync.WaitGroup // of the hub

	mu      sync.Mutex // guards all below
	ready   []*detached
	running int
}

// push asks for a stream to be flushed.
func (w *writers) push(d *detached) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ready = append(w.ready, d)
	if w.running < runtime.GOMAXPROCS(0) {
		w.running++
		w.work.Go(w.drain)
	}
}

// maxTurn is how many streams a writer takes at a time: enough to seldom meet at the lock, few enough to share well.
const maxTurn = 32

func (w *writers) drain() {
	var turn [maxTurn]*detached
	var buffer []byte
	for n := w.next(turn[:]); n > 0; n = w.next(turn[:]) {
		for _, d := range turn[:n] {
			buffer = d.flush(buffer)
		}
	}
}

// next takes streams; when there are none, the writer's work is over.
func (w *writers) next(turn []*detached) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := copy(turn, w.ready)
	if w.ready = w.ready[n:]; n == 0 {
		w.ready = nil
		w.running--
	}
	return n
}
