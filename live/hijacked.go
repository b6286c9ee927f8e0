package live

import (
	"context"
	"net"
	"sync"

	"charla/live/internal/hijacked"
)

// StartHijacked writes the stream to conn, a connection that was hijacked from its HTTP server: first the replay, then
// live events. It calls state as Run does. It returns at once. The hub writes in the background, and closes the stream
// and the connection at the end. An idle stream has no goroutine. If StartHijacked panics, the caller must close the
// stream and the connection.
func (s *Stream) StartHijacked(ctx context.Context, conn net.Conn, replay Replay, state StateFunc) {
	c := s.hub.hijacked.NewConn(conn, hijackedStream{s})
	s.attachWriter(c.Wake, c.ShortenDeadline)
	buffer := initialBuffers.Get().(*[]byte)
	defer initialBuffers.Put(buffer)
	*buffer = s.appendInitial(ctx, (*buffer)[:0], replay, state)
	c.Start(*buffer)
}

// initialBuffers holds buffers for the first bytes of streams. A buffer is reused as soon as the connection has taken
// its bytes, usually at once, so that few buffers serve many streams that open together.
var initialBuffers = sync.Pool{New: func() any { return new([]byte) }}

// hijackedStream lets package hijacked write a Stream: it implements hijacked.Stream.
type hijackedStream struct{ *Stream }

// Next implements hijacked.Stream: it renders the queued frames. If an encoder panics, Next logs the panic and ends the
// stream.
func (s hijackedStream) Next(scratch *[]byte) (b []byte, last bool) {
	if !recoverPanic("stream", func() { b, last = s.next(scratch) }) {
		return nil, true
	}
	return b, last
}

func (s hijackedStream) next(scratch *[]byte) (b []byte, last bool) {
	for {
		queue, end := s.drain()
		ended := end != notEnded
		if len(queue) == 0 && !ended {
			return nil, false
		}
		b := s.render((*scratch)[:0], queue, end)
		if shared := len(queue) == 1 && !ended; !shared {
			*scratch = b
		}
		if len(b) > 0 || ended {
			return b, ended
		}
	}
}

// Disconnected implements hijacked.Stream: it ends the stream, because its reader has gone.
func (s hijackedStream) Disconnected() { s.end(endDisconnected) }

var _ hijacked.Stream = hijackedStream{}
