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
	Change(e chat.RoomChange, id int64) []byte
	Presence(p Presence) []byte
	Typing(t Typing) []byte
	UploadProgress(u chat.UploadProgress) []byte
	Attachment(b chat.AttachmentChanged) []byte
	// Cursor tells the reader that it has everything up to id.
	Cursor(id int64) []byte
	// Heartbeat is what keeps an idle connection open.
	Heartbeat() []byte
	// EndReason says why nothing more will come.
	End(why EndReason) []byte
}

// EndReason is why a stream ends.
type EndReason int

// The reasons. After EndSlow and EndAged the reader comes back with its cursor.
const (
	notEnded        EndReason = iota
	EndSlow                   // its queue was full, or it is too far behind
	EndAged                   // a stream lives a while only: a half-open connection would never be noticed
	EndReplaced               // its session opened too many
	EndLogout                 // its session is over
	EndLeft                   // its person is no longer in the room
	EndRestart                // the server stops
	EndResync                 // its cursor is of no use: the page must be fetched again
	endDisconnected           // the reader went away: there is nobody to tell
)

// maxQueue is how many frames wait for a reader before it is given up: a burst of 200 messages must fit.
const maxQueue = 256

// A stream ends after 15 to 30 minutes, spread so that readers do not all come back at once.
const minAge = 15 * time.Minute

// Stream is one open stream. It is written to in one of two ways: Run on the goroutine of an ordinary answer, or Detach
// on a connection of its own.
type Stream struct {
	hub          *Hub
	viewer       Viewer
	encoder      Encoder
	conversation *conversation // nil for a stream of state alone
	closeOnce    sync.Once

	stateMu sync.Mutex // held while a state is read and queued: states are told in the order in which they were read

	nextHeartbeat, expiresAt time.Time // guarded by Hub.mu

	mu          sync.Mutex // guards all below
	replayedSeq int64      // the replay brought the changes up to it; set before the stream is written to, then only read
	state       StateFunc  // nil until the stream is written to, and for a reader that sees none
	queue       []*frame
	endReason   EndReason
	writing     bool   // somebody is writing what waits, or has been asked to
	wake        func() // asks

	deadlineShortened bool                // the reader may see no more
	shorten           func(time.Duration) // limits a write that is under way
}

// StateFunc returns what only this viewer sees, as bytes for the reader. It may read the database, and is asked once at a time. A
// nil State is none.
type StateFunc func(context.Context) ([]byte, error)

func newStream(h *Hub, v Viewer, enc Encoder) *Stream {
	now := time.Now()
	return &Stream{hub: h, viewer: v, encoder: enc, writing: true, nextHeartbeat: now.Add(heartbeatInterval), expiresAt: now.Add(minAge + rand.N(minAge))}
}

// Close takes the stream out of the hub. It may be called more than once.
func (s *Stream) Close() { s.closeOnce.Do(func() { s.hub.removeStream(s) }) }

// offerAll queues a frame. It never waits: a full queue ends the stream.
func (s *Stream) offer(f *frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.endReason != notEnded:
		return
	case s.coalesce(f):
		return
	case len(s.queue) == maxQueue:
		s.endReason, s.queue = EndSlow, nil
	default:
		s.queue = append(s.queue, f)
		if s.endsForViewer(f) {
			s.shortenDeadline()
		}
	}
	s.wakeWriter()
}

// coalesce puts a word about who is writing, or how far a file is, in the place of one that still waits: each is the whole
// state. The caller holds mu.
func (s *Stream) coalesce(f *frame) bool {
	i := -1
	switch {
	case f.typing != nil:
		i = slices.IndexFunc(s.queue, func(q *frame) bool { return q.typing != nil })
	case f.uploadProgress != nil:
		i = slices.IndexFunc(s.queue, func(q *frame) bool {
			return q.uploadProgress != nil && q.uploadProgress.UploadID == f.uploadProgress.UploadID
		})
	}
	if i >= 0 {
		s.queue[i] = f
	}
	return i >= 0
}

// endStream ends the stream; what still waits is dropped, for the reader may no longer see it.
func (s *Stream) end(why EndReason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.endReason != notEnded {
		return
	}
	s.endReason, s.queue = why, nil
	s.shortenDeadline()
	s.wakeWriter()
}

// reason says how a stream that is over ended. One that was told no end lost its reader, or never reached it.
func (s *Stream) reason() EndReason {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.endReason == notEnded {
		return endDisconnected
	}
	return s.endReason
}

// shortenDeadline leaves what is being written little time. The caller holds mu.
func (s *Stream) shortenDeadline() {
	s.deadlineShortened = true
	if s.shorten != nil && s.writing {
		s.shorten(finalWriteTimeout)
	}
}

// wakeWriter asks for what waits to be written, once. The caller holds mu.
func (s *Stream) wakeWriter() {
	if !s.writing {
		s.writing = true
		s.wake()
	}
}

// drain returns what waits, up to the departure of its person, or of anybody for good. When nothing does, the stream falls
// asleep until it is roused.
func (s *Stream) drain() (queue []*frame, end EndReason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	queue = s.queue
	if i := slices.IndexFunc(queue, s.endsForViewer); i >= 0 {
		queue, s.endReason = queue[:i], EndLeft
	}
	if i := slices.IndexFunc(queue, s.forcesResync); i >= 0 {
		queue, s.endReason = queue[:i], EndResync
	}
	end = s.endReason
	s.queue = nil
	s.writing = len(queue) > 0 || end != notEnded
	return queue, end
}

// endsForViewer tells whether a frame is the departure of this stream's person, since its replay was read. The caller holds
// mu.
func (s *Stream) endsForViewer(f *frame) bool {
	return f.leftUser != 0 && f.leftUser == s.viewer.User.ID && f.seq > s.replayedSeq
}

// forcesResync tells whether a frame, since its replay was read, changes lines that it does not bring. The caller holds mu.
func (s *Stream) forcesResync(f *frame) bool { return f.accountDeleted && f.seq > s.replayedSeq }

// CachedReplay returns what a reader with this cursor missed where that was just read for another one of the same room; false
// means that it must be read. The caller has looked at whether its person is in the room before.
func (s *Stream) CachedReplay(after int64) (chat.Changes, bool) {
	if s.conversation == nil {
		return chat.Changes{}, false
	}
	return s.conversation.cachedChanges(after)
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

// appendInitial writes to b what a reader is told first: everything missed, the cursor, who is here, and its own state.
func (s *Stream) appendInitial(ctx context.Context, b []byte, r Replay, state StateFunc) []byte {
	s.mu.Lock()
	s.replayedSeq = r.Changes.LastSeq
	s.mu.Unlock()
	b = append(b, r.Head...)
	if r.Changes.TooFarBehind {
		s.end(EndResync)
		return b
	}
	if s.conversation != nil {
		if r.After >= 0 {
			frames := s.conversation.replayFrames(r.After, r.Changes)
			for _, f := range frames {
				b = append(b, f.encode(s.encoder)...)
			}
			if len(frames) > 0 {
				s.hub.counters.replays.Add(1)
			}
		}
		if len(b)-len(r.Head) > maxReplay {
			s.end(EndResync)
			return b[:len(r.Head)]
		}
		b = append(b, s.encoder.Cursor(r.Changes.LastSeq)...)
	}
	b = append(b, s.hub.currentPresence().encode(s.encoder)...)
	if state == nil {
		return b
	}
	s.stateMu.Lock()
	defer s.stateMu.Unlock()
	s.mu.Lock()
	s.state = state
	s.mu.Unlock()
	own, err := state(ctx)
	if err != nil {
		s.hub.markUnreadDirty(s.viewer.User.ID)
	}
	return append(b, own...)
}

// refreshStates queues the viewer's own state as it is now. What fails is tried again.
func (s *Stream) refreshState(ctx context.Context) {
	s.stateMu.Lock()
	defer s.stateMu.Unlock()
	s.mu.Lock()
	state := s.state
	s.mu.Unlock()
	if state == nil {
		return // there is none, or the opening will tell it
	}
	b, err := state(ctx)
	if err != nil {
		s.hub.markUnreadDirty(s.viewer.User.ID)
	} else if len(b) > 0 {
		s.offer(&frame{private: b})
	}
}

// render writes frames in one piece, after what stands in b, leaving out the changes that the replay brought. A frame
// that is alone keeps its shared bytes.
func (s *Stream) render(b []byte, queue []*frame, end EndReason) []byte {
	s.hub.counters.framesSent.Add(int64(len(queue)))
	if len(queue) == 1 && end == notEnded && len(b) == 0 {
		if f := queue[0]; f.seq == 0 || f.seq > s.replayedSeq {
			return f.encode(s.encoder)
		}
		return nil
	}
	for _, f := range queue {
		if f.seq == 0 || f.seq > s.replayedSeq {
			b = append(b, f.encode(s.encoder)...)
		}
	}
	if end != notEnded && end != endDisconnected {
		b = append(b, s.encoder.End(end)...)
	}
	return b
}
