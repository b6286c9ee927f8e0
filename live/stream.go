package live

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"charla/chat"
)

// Encoder writes what happens in the form that one kind of reader wants. Encoders are comparable values: readers with
// equal encoders share the bytes. Nil bytes mean that there is nothing to say.
type Encoder interface {
	// Change writes a change; id is the cursor that the reader has reached with it, or 0.
	Change(e chat.Change, id int64) []byte
	Presence(p Presence) []byte
	// Cursor tells the reader that it has everything up to id.
	Cursor(id int64) []byte
	// Beat is what keeps an idle connection open.
	Beat() []byte
	// End says why nothing more will come.
	End(why End) []byte
}

// Transport takes bytes to one reader. Write sends all of p at once or fails within a deadline; after a failure the
// reader is gone.
type Transport interface{ Write(p []byte) error }

// End is why a stream ends.
type End int

// The reasons. After EndSlow and EndAged the reader comes back with its cursor.
const (
	open        End = iota
	EndSlow         // its queue was full, or it is too far behind
	EndAged         // a stream lives a while only: a half-open connection would never be noticed
	EndReplaced     // its session opened too many
	EndLogout       // its session is over
	EndRestart      // the server stops
	EndResync       // its cursor is of no use: the page must be fetched again
)

// maxQueue is how many frames wait for a reader before it is given up: a burst of 200 messages must fit.
const maxQueue = 256

// beatEvery keeps proxies, which cut connections that are idle for a minute, from doing so.
const beatEvery = 15 * time.Second

// A stream ends after 15 to 30 minutes, spread so that readers do not all come back at once.
const minAge = 15 * time.Minute

// Stream is one open stream.
type Stream struct {
	hub    *Hub
	viewer Viewer
	enc    Encoder
	topic  *topic        // nil for a stream of state alone
	wake   chan struct{} // one slot: there is something to write
	once   sync.Once

	mu    sync.Mutex // guards all below
	queue []*frame
	stale bool // the viewer's own state changed
	end   End
}

func newStream(h *Hub, v Viewer, enc Encoder) *Stream {
	return &Stream{hub: h, viewer: v, enc: enc, wake: make(chan struct{}, 1), stale: true}
}

// Close takes the stream out of the hub. It may be called more than once.
func (s *Stream) Close() { s.once.Do(func() { s.hub.close(s) }) }

// offer queues a frame. It never waits: a full queue ends the stream.
func (s *Stream) offer(f *frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.end != open:
		return
	case len(s.queue) == maxQueue:
		s.end, s.queue = EndSlow, nil
	default:
		s.queue = append(s.queue, f)
	}
	s.nudge()
}

// finish ends the stream; what still waits is dropped, for the reader may no longer see it.
func (s *Stream) finish(why End) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end == open {
		s.end, s.queue = why, nil
		s.nudge()
	}
}

// refresh asks the stream to write its viewer's state again.
func (s *Stream) refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stale = true
	s.nudge()
}

func (s *Stream) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Stream) take() (queue []*frame, stale bool, end End) {
	s.mu.Lock()
	defer s.mu.Unlock()
	queue, stale, end = s.queue, s.stale, s.end
	s.queue, s.stale = nil, false
	return queue, stale, end
}

// Replay is what a reader gets before the stream goes live: the changes it missed, read after Subscribe. After is the
// cursor it came with, or -1 for a reader that starts now.
type Replay struct {
	After   int64
	Changes chat.Changes
}

// Run writes the replay, then what happens, until the reader goes, ctx ends or the stream is ended. State returns the
// viewer's own state as bytes for the reader; it runs at the start and after each change, at most once a second.
func (s *Stream) Run(ctx context.Context, to Transport, replay Replay, state func(context.Context) []byte) error {
	if replay.Changes.Partial {
		return send(to, s.enc.End(EndResync))
	}
	if err := s.catchUp(to, replay); err != nil {
		return err
	}
	beat := time.NewTimer(beatEvery)
	defer beat.Stop()
	aged := time.NewTimer(minAge + rand.N(minAge))
	defer aged.Stop()
	s.nudge()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-aged.C:
			s.finish(EndAged)
			continue
		case <-beat.C:
			if err := to.Write(s.enc.Beat()); err != nil {
				return err
			}
		case <-s.wake:
			queue, stale, end := s.take()
			if end != open {
				return send(to, s.enc.End(end))
			}
			if err := s.write(ctx, to, queue, replay.Changes.LastSeq, stale, state); err != nil {
				return err
			}
		}
		beat.Reset(beatEvery)
	}
}

// catchUp writes everything missed at once, then the cursor, then who is here.
func (s *Stream) catchUp(to Transport, r Replay) error {
	var b []byte
	if s.topic != nil {
		if r.After >= 0 {
			for _, f := range framesSince(s.topic.at, r.After, r.Changes) {
				b = append(b, f.bytes(s.enc)...)
			}
		}
		b = append(b, s.enc.Cursor(r.Changes.LastSeq)...)
	}
	return send(to, append(b, s.hub.everybody().bytes(s.enc)...))
}

// write sends what waits in one piece, leaving out the changes that the replay brought.
func (s *Stream) write(ctx context.Context, to Transport, queue []*frame, have int64, stale bool, state func(context.Context) []byte) error {
	var b []byte
	for _, f := range queue {
		if f.seq == 0 || f.seq > have {
			b = append(b, f.bytes(s.enc)...)
		}
	}
	if stale {
		b = append(b, state(ctx)...)
	}
	return send(to, b)
}

func send(to Transport, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	return to.Write(b)
}
