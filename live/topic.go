package live

import (
	"sync"

	"charla/chat"
)

// topic is one conversation with open streams, and the number of its last change that they were offered.
type topic struct {
	at      chat.Topic
	holders int // guarded by Hub.mu

	mu      sync.Mutex // guards all below
	room    int64      // zero until the room exists
	sent    int64      // -1 until start
	missed  bool       // something beyond sent exists that no stream was offered
	reading bool       // a goroutine is reading the gap
	streams map[*Stream]struct{}
}

func newTopic(at chat.Topic) *topic {
	return &topic{at: at, sent: -1, streams: map[*Stream]struct{}{}}
}

func (t *topic) ready() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sent >= 0
}

// start sets where the numbers stand unless another stream did, and tells whether a change came in between.
func (t *topic) start(now chat.RoomSeq) (missed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sent < 0 {
		t.sent = now.LastSeq
	}
	if t.room == 0 {
		t.room = now.Room
	}
	return t.missed
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

// deliver offers a change when it is the next one and drops a known one. False means a gap: somebody must fill it.
func (t *topic) deliver(e chat.Change) bool {
	_, seq := e.At()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.room == 0 {
		t.room = roomOf(e)
	}
	switch {
	case t.sent < 0 || seq > t.sent+1:
		t.missed = true
		return false
	case seq == t.sent+1:
		t.sent = seq
		t.offer(changeFrame(e, seq))
	}
	return true
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
	t.missed = t.missed || t.sent >= 0 && now.LastSeq > t.sent
	return t.missed
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
	t.reading = t.missed
	t.missed = false
	return t.room, t.sent, t.reading
}

// yield ends the claim with the gap still open.
func (t *topic) yield() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reading, t.missed = false, true
}

// fill offers what was read of a gap, less what was delivered meanwhile. A gap too wide ends the streams: their readers
// come back and fetch their pages again. Departures go first: whoever left may see nothing that was changed since.
func (t *topic) fill(c chat.Changes) {
	t.mu.Lock()
	defer t.mu.Unlock()
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
	t.sent = max(t.sent, c.LastSeq)
}

func (t *topic) offer(f *frame) {
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
