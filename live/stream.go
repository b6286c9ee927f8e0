package live

import (
	"context"
	"math/rand/v2"
	"slices"
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
	Typing(t Typing) []byte
	Uploading(u chat.Uploading) []byte
	Box(b chat.BoxChanged) []byte
	// Cursor tells the reader that it has everything up to id.
	Cursor(id int64) []byte
	// Beat is what keeps an idle connection open.
	Beat() []byte
	// End says why nothing more will come.
	End(why End) []byte
}

// End is why a stream ends.
type End int

// The reasons. After EndSlow and EndAged the reader comes back with its cursor.
const (
	open        End = iota
	EndSlow         // its queue was full, or it is too far behind
	EndAged         // a stream lives a while only: a half-open connection would never be noticed
	EndReplaced     // its session opened too many
	EndLogout       // its session is over
	EndLeft         // its person is no longer in the room
	EndRestart      // the server stops
	EndResync       // its cursor is of no use: the page must be fetched again
	endGone         // the reader went away: there is nobody to tell
)

// maxQueue is how many frames wait for a reader before it is given up: a burst of 200 messages must fit.
const maxQueue = 256

// A stream ends after 15 to 30 minutes, spread so that readers do not all come back at once.
const minAge = 15 * time.Minute

// Stream is one open stream. It is written to in one of two ways: Run on the goroutine of an ordinary answer, or Detach
// on a connection of its own.
type Stream struct {
	hub    *Hub
	viewer Viewer
	enc    Encoder
	topic  *topic // nil for a stream of state alone
	once   sync.Once

	telling sync.Mutex // held while a state is read and queued: states are told in the order in which they were read

	nextBeat, until time.Time // guarded by Hub.mu

	mu    sync.Mutex // guards all below
	have  int64      // the replay brought the changes up to it; set before the stream is written to, then only read
	state State      // nil until the stream is written to, and for a reader that sees none
	queue []*frame
	end   End
	awake bool   // somebody is writing what waits, or has been asked to
	wake  func() // asks

	hurried bool                // the reader may see no more
	hurry   func(time.Duration) // limits a write that is under way
}

// State returns what only this viewer sees, as bytes for the reader. It may read the database, and is asked once at a time. A
// nil State is none.
type State func(context.Context) ([]byte, error)

func newStream(h *Hub, v Viewer, enc Encoder) *Stream {
	now := time.Now()
	return &Stream{hub: h, viewer: v, enc: enc, awake: true, nextBeat: now.Add(beatEvery), until: now.Add(minAge + rand.N(minAge))}
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
	case s.renew(f):
		return
	case len(s.queue) == maxQueue:
		s.end, s.queue = EndSlow, nil
	default:
		s.queue = append(s.queue, f)
		if s.isFarewell(f) {
			s.hasten()
		}
	}
	s.rouse()
}

// renew puts a word about who is writing, or how far a file is, in the place of one that still waits: each is the whole
// state. The caller holds mu.
func (s *Stream) renew(f *frame) bool {
	i := -1
	switch {
	case f.typing != nil:
		i = slices.IndexFunc(s.queue, func(q *frame) bool { return q.typing != nil })
	case f.upload != nil:
		i = slices.IndexFunc(s.queue, func(q *frame) bool { return q.upload != nil && q.upload.ID == f.upload.ID })
	}
	if i >= 0 {
		s.queue[i] = f
	}
	return i >= 0
}

// finish ends the stream; what still waits is dropped, for the reader may no longer see it.
func (s *Stream) finish(why End) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end != open {
		return
	}
	s.end, s.queue = why, nil
	s.hasten()
	s.rouse()
}

// why says how a stream that is over ended. One that was told no end lost its reader, or never reached it.
func (s *Stream) why() End {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end == open {
		return endGone
	}
	return s.end
}

// hasten leaves what is being written little time. The caller holds mu.
func (s *Stream) hasten() {
	s.hurried = true
	if s.hurry != nil && s.awake {
		s.hurry(lastWords)
	}
}

// rouse asks for what waits to be written, once. The caller holds mu.
func (s *Stream) rouse() {
	if !s.awake {
		s.awake = true
		s.wake()
	}
}

// take returns what waits, up to the departure of its person, or of anybody for good. When nothing does, the stream falls
// asleep until it is roused.
func (s *Stream) take() (queue []*frame, end End) {
	s.mu.Lock()
	defer s.mu.Unlock()
	queue = s.queue
	if i := slices.IndexFunc(queue, s.isFarewell); i >= 0 {
		queue, s.end = queue[:i], EndLeft
	}
	if i := slices.IndexFunc(queue, s.isUpheaval); i >= 0 {
		queue, s.end = queue[:i], EndResync
	}
	end = s.end
	s.queue = nil
	s.awake = len(queue) > 0 || end != open
	return queue, end
}

// isFarewell tells whether a frame is the departure of this stream's person, since its replay was read. The caller holds
// mu.
func (s *Stream) isFarewell(f *frame) bool {
	return f.leaver != 0 && f.leaver == s.viewer.Person.ID && f.seq > s.have
}

// isUpheaval tells whether a frame, since its replay was read, changes lines that it does not bring. The caller holds mu.
func (s *Stream) isUpheaval(f *frame) bool { return f.forGood && f.seq > s.have }

// Missed returns what a reader with this cursor missed where that was just read for another one of the same room; false
// means that it must be read. The caller has looked at whether its person is in the room before.
func (s *Stream) Missed(after int64) (chat.Changes, bool) {
	if s.topic == nil {
		return chat.Changes{}, false
	}
	return s.topic.missed(after)
}

// Replay is what a reader gets before the stream goes live: what stands at the head of the answer, and the changes it
// missed, read after Subscribe and before its person was last seen in the room. After is the cursor it came with, or -1
// for a reader that starts now.
type Replay struct {
	Head    []byte
	After   int64
	Changes chat.Changes
}

// maxReplay bounds a replay in bytes: each reader has one of its own, and may be slow to take it.
const maxReplay = 1 << 20

// opening writes to b what a reader is told first: everything missed, the cursor, who is here, and its own state.
func (s *Stream) opening(ctx context.Context, b []byte, r Replay, state State) []byte {
	s.mu.Lock()
	s.have = r.Changes.LastSeq
	s.mu.Unlock()
	b = append(b, r.Head...)
	if r.Changes.Partial {
		s.finish(EndResync)
		return b
	}
	if s.topic != nil {
		if r.After >= 0 {
			frames := s.topic.replay(r.After, r.Changes)
			for _, f := range frames {
				b = append(b, f.bytes(s.enc)...)
			}
			if len(frames) > 0 {
				s.hub.counts.replays.Add(1)
			}
		}
		if len(b)-len(r.Head) > maxReplay {
			s.finish(EndResync)
			return b[:len(r.Head)]
		}
		b = append(b, s.enc.Cursor(r.Changes.LastSeq)...)
	}
	b = append(b, s.hub.everybody().bytes(s.enc)...)
	if state == nil {
		return b
	}
	s.telling.Lock()
	defer s.telling.Unlock()
	s.mu.Lock()
	s.state = state
	s.mu.Unlock()
	own, err := state(ctx)
	if err != nil {
		s.hub.countAgain(s.viewer.Person.ID)
	}
	return append(b, own...)
}

// retell queues the viewer's own state as it is now. What fails is tried again.
func (s *Stream) retell(ctx context.Context) {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.mu.Lock()
	state := s.state
	s.mu.Unlock()
	if state == nil {
		return // there is none, or the opening will tell it
	}
	b, err := state(ctx)
	if err != nil {
		s.hub.countAgain(s.viewer.Person.ID)
	} else if len(b) > 0 {
		s.offer(&frame{raw: b})
	}
}

// render writes frames in one piece, after what stands in b, leaving out the changes that the replay brought. A frame
// that is alone keeps its shared bytes.
func (s *Stream) render(b []byte, queue []*frame, end End) []byte {
	s.hub.counts.frames.Add(int64(len(queue)))
	if len(queue) == 1 && end == open && len(b) == 0 {
		if f := queue[0]; f.seq == 0 || f.seq > s.have {
			return f.bytes(s.enc)
		}
		return nil
	}
	for _, f := range queue {
		if f.seq == 0 || f.seq > s.have {
			b = append(b, f.bytes(s.enc)...)
		}
	}
	if end != open && end != endGone {
		b = append(b, s.enc.End(end)...)
	}
	return b
}
