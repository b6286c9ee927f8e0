package live

import (
	"sync"

	"charla/chat"
)

// topic is one conversation with open streams, and the number of its last change that they were offered.
type topic struct {
	at      chat.Topic
	holders int // guarded by Hub.mu
	typing      // guarded by Hub.mu

	mu      sync.Mutex            // guards all below
	room    int64                 // zero until the room exists
	sent    int64                 // -1 until start
	known   int64                 // the highest number heard of; beyond sent there is a gap
	early   map[int64]chat.Change // what came before its turn
	reading bool                  // a goroutine is reading the gap
	streams map[*Stream]struct{}
	recent  *replay // nil when something happened since
}

// replay is what readers with one cursor missed. Many come back with the same one.
type replay struct {
	after   int64
	changes chat.Changes
	frames  []*frame
}

// crowd is how many streams of a topic make it likely that the next reader comes with the same cursor. The replays of
// smaller ones would only take memory.
const crowd = 8

// maxEarly bounds what is kept of a room before its turn, and for the next reader; the rest is read from the database.
const maxEarly = 64

func newTopic(at chat.Topic) *topic {
	return &topic{at: at, sent: -1, early: map[int64]chat.Change{}, streams: map[*Stream]struct{}{}}
}

func (t *topic) ready() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sent >= 0
}

// start sets where the numbers stand unless another stream did, and tells whether a change came in between.
func (t *topic) start(now chat.RoomSeq) (gap bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sent < 0 {
		t.sent = now.LastSeq
	}
	if t.room == 0 {
		t.room = now.Room
	}
	t.sendEarly()
	return t.known > t.sent
}

func (t *topic) add(s *Stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.streams[s] = struct{}{}
}

func (t *topic) remove(s *Stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.streams, s)
}

// deliver offers a change when it is the next one, keeps an early one and drops a known one. True means a gap: somebody
// must fill it.
func (t *topic) deliver(e chat.Change) (gap bool) {
	_, seq := e.At()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.room == 0 {
		t.room = roomOf(e)
	}
	t.known = max(t.known, seq)
	if seq > t.sent && len(t.early) < maxEarly {
		t.early[seq] = e
	}
	t.sendEarly()
	return t.sent >= 0 && t.known > t.sent
}

// sendEarly offers the changes whose turn has come. The caller holds mu.
func (t *topic) sendEarly() {
	for e, next := t.early[t.sent+1]; next && t.sent >= 0; e, next = t.early[t.sent+1] {
		t.sent++
		delete(t.early, t.sent)
		t.offer(changeFrame(e, t.sent))
	}
}

func roomOf(e chat.Change) int64 {
	switch e := e.(type) {
	case chat.MessagePosted:
		return e.Message.Room
	case chat.MessageChanged:
		return e.Message.Room
	default:
		at, _ := e.At()
		return at.Room
	}
}

// behind notes what the database says and tells whether the topic lacks some of it.
func (t *topic) behind(now chat.RoomSeq) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.room == 0 {
		t.room = now.Room
	}
	t.known = max(t.known, now.LastSeq)
	return t.sent >= 0 && t.known > t.sent
}

// claim lets one goroutine read the gap.
func (t *topic) claim() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.reading || t.sent < 0 || t.room == 0 {
		return false
	}
	t.reading = true
	return true
}

// gap says from where to read; more is false when nothing is missing, which ends the claim.
func (t *topic) gap() (room, sent int64, more bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reading = t.known > t.sent
	return t.room, t.sent, t.reading
}

// yield ends the claim with the gap still open.
func (t *topic) yield() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reading = false
}

// fill offers what was read of a gap, less what was delivered meanwhile. A gap too wide ends the streams: their readers
// come back and fetch their pages again. Departures go first: whoever left may see nothing that was changed since. False
// means that the database knows no more than was sent.
func (t *topic) fill(c chat.Changes) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.LastSeq <= t.sent {
		return t.known <= t.sent
	}
	if c.Partial {
		for s := range t.streams {
			s.finish(EndSlow)
		}
	} else {
		for _, d := range c.Left {
			if d.Seq > t.sent {
				t.offer(changeFrame(chat.MemberLeft{Topic: t.at, User: d.User, Seq: d.Seq}, 0))
			}
		}
		for _, f := range framesSince(t.at, t.sent, c) {
			t.offer(f)
		}
	}
	t.sent = c.LastSeq
	for seq := range t.early {
		if seq <= t.sent {
			delete(t.early, seq)
		}
	}
	t.sendEarly()
	return true
}

// missed returns what a reader with this cursor missed when somebody else's was read and nothing has happened since: what
// comes later stands in the queues.
func (t *topic) missed(after int64) (chat.Changes, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.recent == nil || t.recent.after != after || t.recent.changes.LastSeq < t.sent {
		return chat.Changes{}, false
	}
	return t.recent.changes, true
}

// replay returns the frames of what was missed, for the next one too. Equal numbers mean equal changes.
func (t *topic) replay(after int64, c chat.Changes) []*frame {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.recent; r != nil && r.after == after && r.changes.LastSeq == c.LastSeq {
		return r.frames
	}
	frames := framesSince(t.at, after, c)
	if len(t.streams) >= crowd && len(frames) <= maxEarly && c.LastSeq >= t.sent {
		t.recent = &replay{after, c, frames}
	}
	return frames
}

func (t *topic) offer(f *frame) {
	t.recent = nil
	for s := range t.streams {
		s.offer(f)
	}
}

// framesSince turns changes into frames for readers that have everything up to a seq: replacements without an id, then
// new messages with theirs. A new message that was changed since brings both, because some streams already have the
// line and lack only the change.
func framesSince(at chat.Topic, seq int64, c chat.Changes) []*frame {
	var frames []*frame
	replace := func(m chat.Message) {
		if m.ChangedSeq > max(seq, m.Seq) {
			frames = append(frames, changeFrame(chat.MessageChanged{Topic: at, Message: m}, 0))
		}
	}
	for _, m := range c.Replaced {
		replace(m)
	}
	for _, m := range c.Added {
		if m.Seq > seq {
			frames = append(frames, changeFrame(chat.MessagePosted{Topic: at, Message: m}, m.Seq))
		}
		replace(m)
	}
	return frames
}
