package live

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"charla/chat"
)

// maxQueue is how many frames may wait for a reader before its stream is ended. A burst of 200 messages must fit.
const maxQueue = 256

// minAge is the minimum age at which the hub ends a stream. Each stream gets a random age between minAge and twice
// minAge, so that readers do not all reconnect at once.
const minAge = 15 * time.Minute

// Stream is one open stream of one reader. It is written either by Run, on the goroutine of its HTTP request, or by
// StartHijacked, on a hijacked connection.
type Stream struct {
	hub          *Hub
	viewer       Viewer
	encoder      Encoder
	conversation *conversation // nil for a stream that is not in a conversation
	closeOnce    sync.Once

	// stateMu is held while the state (see StateFunc) is read and queued, so that an older state is never queued after
	// a newer one.
	stateMu sync.Mutex

	nextHeartbeat, expiresAt time.Time // guarded by Hub.mu

	mu          sync.Mutex // guards all below
	replayedSeq int64      // the last seq in the replay; set before the first write, then constant
	state       StateFunc  // nil before the first write, and for a stream without a state
	queue       []*frame
	endReason   EndReason
	writing     bool   // a writer is writing the queue or was woken to do so
	wake        func() // wakes the writer

	finalWrites bool                // the stream is about to end, so that writes get only finalWriteTimeout
	shorten     func(time.Duration) // limits a write in progress, and each later one; nil before the first write
}

// StateFunc reads what only this viewer sees, such as unread counts, and returns it as bytes for the reader. It may
// read the database. It is never called concurrently for one stream. A nil StateFunc means that the stream has no such
// state.
type StateFunc func(context.Context) ([]byte, error)

func newStream(h *Hub, v Viewer, enc Encoder) *Stream {
	now := time.Now()
	return &Stream{
		hub: h, viewer: v, encoder: enc, writing: true,
		nextHeartbeat: now.Add(heartbeatInterval), expiresAt: now.Add(minAge + rand.N(minAge)),
	}
}

// attachWriter connects the stream to its writer. The stream calls wake when it has something to write, and shorten to
// limit how long a write may take. The writer must call drain once without being woken.
func (s *Stream) attachWriter(wake func(), shorten func(time.Duration)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake, s.shorten = wake, shorten
	if s.finalWrites {
		shorten(finalWriteTimeout)
	}
}

// Close removes the stream from the hub. It may be called more than once.
func (s *Stream) Close() { s.closeOnce.Do(func() { s.hub.removeStream(s) }) }

// offer queues a frame. It never blocks: if the queue is full, it ends the stream.
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

// coalesce replaces a queued frame by the newer frame f if that makes the queued one obsolete, and reports whether it
// did. It does so for frames about typing and for frames about the same upload, because each of them contains the whole
// state. The caller holds mu.
func (s *Stream) coalesce(f *frame) bool {
	replaces := func(*frame) bool { return false }
	switch {
	case f.typing != nil:
		replaces = func(q *frame) bool { return q.typing != nil }
	case f.uploadProgress != nil:
		replaces = func(q *frame) bool {
			return q.uploadProgress != nil && q.uploadProgress.UploadID == f.uploadProgress.UploadID
		}
	}
	i := slices.IndexFunc(s.queue, replaces)
	if i < 0 {
		return false
	}
	s.queue[i] = f
	return true
}

// end ends the stream. It drops the queued frames, because the reader may no longer be allowed to see them.
func (s *Stream) end(reason EndReason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.endReason != notEnded {
		return
	}
	s.endReason, s.queue = reason, nil
	s.shortenDeadline()
	s.wakeWriter()
}

// endForRole ends the stream because its viewer has another role. If the viewer also left the room, the reader learns
// that instead.
func (s *Stream) endForRole() {
	s.mu.Lock()
	left := slices.ContainsFunc(s.queue, s.endsForViewer)
	s.mu.Unlock()
	if !left {
		s.end(EndResync)
	}
}

// reason returns why a closed stream ended. If the hub did not end the stream, it returns endDisconnected.
func (s *Stream) reason() EndReason {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.endReason == notEnded {
		return endDisconnected
	}
	return s.endReason
}

// shortenDeadline limits the write in progress and every later write to finalWriteTimeout. The caller holds mu.
func (s *Stream) shortenDeadline() {
	s.finalWrites = true
	if s.shorten != nil {
		s.shorten(finalWriteTimeout)
	}
}

// wakeWriter wakes the writer unless it is already writing. The caller holds mu.
func (s *Stream) wakeWriter() {
	if !s.writing {
		s.writing = true
		s.wake()
	}
}

// drain empties the queue and returns the frames to write. If one of them ends the stream, it returns only the frames
// before that one, and the reason for the end. If it returns neither frames nor a reason, the writer must stop until it
// is woken again.
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

// endsForViewer reports whether a frame says that the viewer left the room after the replay was read. Then the stream
// must end. The caller holds mu.
func (s *Stream) endsForViewer(f *frame) bool {
	return f.leftUser != 0 && f.leftUser == s.viewer.User.ID && f.seq > s.replayedSeq
}

// forcesResync reports whether a frame says that an account was deleted after the replay was read. Then the page must
// be loaded again, because the author's name changes on older messages, which no frame contains. The caller holds mu.
func (s *Stream) forcesResync(f *frame) bool { return f.accountDeleted && f.seq > s.replayedSeq }

// CachedReplay returns the changes after the given cursor if another stream of the conversation has just read them.
// Otherwise it returns false, and the caller must read them from the database. The caller must have checked that the
// viewer is a member of the room.
func (s *Stream) CachedReplay(after int64) (chat.Changes, bool) {
	if s.conversation == nil {
		return chat.Changes{}, false
	}
	return s.conversation.cachedChanges(after)
}

// Replay is what a reader receives before live events. Head is the start of the response. After is the cursor with
// which the reader connected, or -1 if it has none. Changes are those that the reader missed. The caller reads them
// after Subscribe, and after that checks once more that the viewer is a member of the room.
type Replay struct {
	Head    []byte
	After   int64
	Changes chat.Changes
}

// maxReplay is the maximum size of a replay in bytes. Each replay is held in memory until its reader, which may be
// slow, has accepted it.
const maxReplay = 1 << 20

// appendInitial appends to b what a reader receives first: the replay, the cursor after the replay, who is online, and
// the viewer's own state.
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
		b = s.appendReplay(b, r)
		if len(b)-len(r.Head) > maxReplay {
			s.end(EndResync)
			return b[:len(r.Head)]
		}
		b = append(b, s.encoder.Cursor(r.Changes.LastSeq)...)
	}
	if !s.viewer.User.IsGuest {
		b = append(b, s.hub.currentPresence().encode(s.encoder)...)
	}
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

// appendReplay appends to b the changes that the reader missed. If the reader connected without a cursor, it appends
// nothing.
func (s *Stream) appendReplay(b []byte, r Replay) []byte {
	if r.After < 0 {
		return b
	}
	frames := s.conversation.replayFrames(r.After, r.Changes)
	for _, f := range frames {
		b = append(b, f.encode(s.encoder)...)
	}
	if len(frames) > 0 {
		s.hub.counters.replays.Add(1)
	}
	return b
}

// refreshState reads the viewer's own state (see StateFunc) again and queues it for the reader. If reading fails, the
// hub tries again later.
func (s *Stream) refreshState(ctx context.Context) {
	s.stateMu.Lock()
	defer s.stateMu.Unlock()
	s.mu.Lock()
	state := s.state
	s.mu.Unlock()
	if state == nil {
		return // the stream has no state, or appendInitial will read it
	}
	b, err := state(ctx)
	if err != nil {
		s.hub.markUnreadDirty(s.viewer.User.ID)
		return
	}
	if len(b) > 0 {
		s.offer(&frame{private: b})
	}
}

// render appends the rendered frames to b, and at the end the reason for which the stream ends. It leaves out changes
// that the replay already contained. For a single frame and an empty b it returns bytes that other streams share, so
// the caller must not change them.
func (s *Stream) render(b []byte, queue []*frame, end EndReason) []byte {
	s.hub.counters.framesSent.Add(int64(len(queue)))
	if len(queue) == 1 && end == notEnded && len(b) == 0 {
		if s.replayed(queue[0]) {
			return nil
		}
		return queue[0].encode(s.encoder)
	}
	for _, f := range queue {
		if !s.replayed(f) {
			b = append(b, f.encode(s.encoder)...)
		}
	}
	if end != notEnded && end != endDisconnected {
		b = append(b, s.encoder.End(end)...)
	}
	return b
}

// replayed reports whether the replay already contained the change of a frame.
func (s *Stream) replayed(f *frame) bool { return f.seq != 0 && f.seq <= s.replayedSeq }
