package live

import (
	"context"
	"time"
)

// BlockingWriter takes bytes to the reader of an ordinary answer.
type BlockingWriter interface {
	// Write sends all of p at once or fails within a deadline; after a failure the reader is gone.
	Write(p []byte) error
	// ShortenDeadline leaves a write that is under way, and any after it, finalWriteTimeout to finish. It may be called at any time.
	ShortenDeadline(lastWords time.Duration)
}

// Run writes the replay, then what happens, on the calling goroutine, until the reader goes, ctx ends or the stream is
// ended. State is asked for at the start and after each change of it, at most once a second.
func (s *Stream) Run(ctx context.Context, to BlockingWriter, replay Replay, state StateFunc) error {
	ready := make(chan struct{}, 1)
	s.mu.Lock()
	s.wake = func() { ready <- struct{}{} } // never blocks: a stream is roused again only after take
	s.shorten = to.ShortenDeadline
	s.mu.Unlock()
	b := s.appendInitial(ctx, nil, replay, state)
	for {
		queue, end := s.drain()
		if b = s.render(b, queue, end); len(b) > 0 {
			if err := to.Write(b); err != nil {
				return err
			}
		}
		if b = nil; end != notEnded {
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
