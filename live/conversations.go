package live

import (
	"sync"

	"charla/chat"
)

// conversation is one conversation with open streams, and the number of its last change that they were offered.
type conversation struct {
	key         chat.StreamKey
	refs        int // guarded by Hub.mu
	typingState     // guarded by Hub.mu

	mu         sync.Mutex                // guards all below
	roomID     int64                     // zero until the room exists
	sentSeq    int64                     // -1 until start
	knownSeq   int64                     // the highest number heard of; beyond sent there is a gap
	outOfOrder map[int64]chat.RoomChange // what came before its turn
	filling    bool                      // a goroutine is reading the gap
	streams    map[*Stream]struct{}
	lastReplay *cachedReplay // nil when something happened since
}

// replayFrames is what readers with one cursor missed. Many come back with the same one.
type cachedReplay struct {
	after   int64
	changes chat.Changes
	frames  []*frame
}

// minStreamsToCacheReplay is how many streams of a topic make it likely that the next reader comes with the same cursor. The replays of
// smaller ones would only take memory.
const minStreamsToCacheReplay = 8

// maxOutOfOrder bounds what is kept of a room before its turn, and for the next reader; the rest is read from the database.
const maxOutOfOrder = 64

func newConversation(at chat.StreamKey) *conversation {
	return &conversation{key: at, sentSeq: -1, outOfOrder: map[int64]chat.RoomChange{}, streams: map[*Stream]struct{}{}}
}

func (t *conversation) started() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sentSeq >= 0
}

// start sets where the numbers stand unless another stream did, and tells whether a change came in between.
func (t *conversation) start(now chat.RoomSeq) (gap bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sentSeq < 0 {
		t.sentSeq = now.LastSeq
	}
	if t.roomID == 0 {
		t.roomID = now.Room
	}
	t.sendInOrder()
	return t.knownSeq > t.sentSeq
}

func (t *conversation) add(s *Stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.streams[s] = struct{}{}
}

func (t *conversation) remove(s *Stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.streams, s)
}

// deliver offers a change when it is the next one, keeps an early one and drops a known one. True means a gap: somebody
// must fill it.
func (t *conversation) deliver(e chat.RoomChange) (gap bool) {
	_, seq := e.Position()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.roomID == 0 {
		t.roomID = roomIDOf(e)
	}
	t.knownSeq = max(t.knownSeq, seq)
	if seq > t.sentSeq && len(t.outOfOrder) < maxOutOfOrder {
		t.outOfOrder[seq] = e
	}
	t.sendInOrder()
	return t.sentSeq >= 0 && t.knownSeq > t.sentSeq
}

// sendInOrder offers the changes whose turn has come. The caller holds mu.
func (t *conversation) sendInOrder() {
	for e, next := t.outOfOrder[t.sentSeq+1]; next && t.sentSeq >= 0; e, next = t.outOfOrder[t.sentSeq+1] {
		t.sentSeq++
		delete(t.outOfOrder, t.sentSeq)
		t.offerAll(newChangeFrame(e, t.sentSeq))
	}
}

func roomIDOf(e chat.RoomChange) int64 {
	switch e := e.(type) {
	case chat.MessagePosted:
		return e.Message.Room
	case chat.MessageChanged:
		return e.Message.Room
	default:
		at, _ := e.Position()
		return at.Room
	}
}

// noteSeq notes what the database says and tells whether the topic lacks some of it.
func (t *conversation) noteSeq(now chat.RoomSeq) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.roomID == 0 {
		t.roomID = now.Room
	}
	t.knownSeq = max(t.knownSeq, now.LastSeq)
	return t.sentSeq >= 0 && t.knownSeq > t.sentSeq
}

// beginFill lets one goroutine read the gap.
func (t *conversation) beginFill() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.filling || t.sentSeq < 0 || t.roomID == 0 {
		return false
	}
	t.filling = true
	return true
}

// nextGap says from where to read; more is false when nothing is missing, which ends the claim.
func (t *conversation) nextGap() (room, sent int64, more bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.filling = t.knownSeq > t.sentSeq
	return t.roomID, t.sentSeq, t.filling
}

// abortFill ends the claim with the gap still open.
func (t *conversation) abortFill() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.filling = false
}

// applyChanges offers what was read of a gap, less what was delivered meanwhile. A gap too wide ends the streams: their readers
// come back and fetch their pages again. Departures go first: whoever left may see nothing that was changed since. False
// means that the database knows no more than was sent.
func (t *conversation) applyChanges(c chat.Changes) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.LastSeq <= t.sentSeq {
		return t.knownSeq <= t.sentSeq
	}
	if c.TooFarBehind {
		for s := range t.streams {
			s.end(EndSlow)
		}
	} else {
		for _, d := range c.Left {
			if d.Seq > t.sentSeq {
				t.offerAll(newChangeFrame(chat.MemberLeft{StreamKey: t.key, User: d.User, Seq: d.Seq}, 0))
			}
		}
		for _, f := range framesSince(t.key, t.sentSeq, c) {
			t.offerAll(f)
		}
	}
	t.sentSeq = c.LastSeq
	for seq := range t.outOfOrder {
		if seq <= t.sentSeq {
			delete(t.outOfOrder, seq)
		}
	}
	t.sendInOrder()
	return true
}

// cachedChanges returns what a reader with this cursor missed when somebody else's was read and nothing has happened since: what
// comes later stands in the queues.
func (t *conversation) cachedChanges(after int64) (chat.Changes, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lastReplay == nil || t.lastReplay.after != after || t.lastReplay.changes.LastSeq < t.sentSeq {
		return chat.Changes{}, false
	}
	return t.lastReplay.changes, true
}

// replayFrames returns the frames of what was missed, for the next one too. Equal numbers mean equal changes.
func (t *conversation) replayFrames(after int64, c chat.Changes) []*frame {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.lastReplay; r != nil && r.after == after && r.changes.LastSeq == c.LastSeq {
		return r.frames
	}
	frames := framesSince(t.key, after, c)
	if len(t.streams) >= minStreamsToCacheReplay && len(frames) <= maxOutOfOrder && c.LastSeq >= t.sentSeq {
		t.lastReplay = &cachedReplay{after, c, frames}
	}
	return frames
}

func (t *conversation) offerAll(f *frame) {
	t.lastReplay = nil
	for s := range t.streams {
		s.offer(f)
	}
}

// framesSince turns changes into frames for readers that have everything up to a seq: replacements without an id, then
// new messages with theirs. A new message that was changed since brings both, because some streams already have the
// line and lack only the change.
func framesSince(at chat.StreamKey, seq int64, c chat.Changes) []*frame {
	var frames []*frame
	replace := func(m chat.Message) {
		if m.ChangedSeq > max(seq, m.Seq) {
			frames = append(frames, newChangeFrame(chat.MessageChanged{StreamKey: at, Message: m}, 0))
		}
	}
	for _, m := range c.Replaced {
		replace(m)
	}
	for _, m := range c.Added {
		if m.Seq > seq {
			frames = append(frames, newChangeFrame(chat.MessagePosted{StreamKey: at, Message: m}, m.Seq))
		}
		replace(m)
	}
	return frames
}
