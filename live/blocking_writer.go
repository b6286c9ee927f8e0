package live

import (
	"context"
	"time"

	"charla/live/internal/hijacked"
)

// WriteTimeout is how long one write to a stream may take. After that, the reader is disconnected.
const WriteTimeout = hijacked.WriteTimeout

// finalWriteTimeout is how long a write may take once the stream is about to end. It is shorter than WriteTimeout,
// because a reader who lost access must be disconnected quickly.
const finalWriteTimeout = hijacked.FinalWriteTimeout

// BlockingWriter writes a stream to an ordinary HTTP response.
type BlockingWriter interface {
	// Write sends all of p to the reader. It returns an error if that takes longer than WriteTimeout, or than the limit
	// that ShortenDeadline set. After an error nothing more can be written.
	Write(p []byte) error
	// ShortenDeadline limits the write in progress and every later write to the duration d. It may be called
	// concurrently with Write.
	ShortenDeadline(d time.Duration)
}

// Run writes the stream to w: first the replay, then live events. It blocks until the reader disconnects, ctx is
// canceled or the stream ends. It calls state at the start, and again after the viewer's unread counts may have
// changed, at most once a second.
func (s *Stream) Run(ctx context.Context, w BlockingWriter, replay Replay, state StateFunc) error {
	ready := make(chan struct{}, 1)
	wake := func() { ready <- struct{}{} } // never blocks, because the stream wakes its writer only after drain
	s.attachWriter(wake, w.ShortenDeadline)
	b := s.appendInitial(ctx, nil, replay, state)
	for {
		queue, end := s.drain()
		if b = s.render(b, queue, end); len(b) > 0 {
			if err := w.Write(b); err != nil {
				return err
			}
		}
		b = nil // frees memory while the stream is idle
		if end != notEnded {
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
