package live

import (
	"sync"

	"charla/chat"
)

// conversation is a room, or the direct messages of two users, with at least one open stream on this node. It sends the
// changes of the room to the streams in the order of their seqs (numbers in the room).
type conversation struct {
	key         chat.StreamKey
	refs        int // how often the conversation was acquired; guarded by Hub.mu
	typingState     // guarded by Hub.mu

	mu         sync.Mutex                // guards all below
	roomID     int64                     // 0 until the room exists
	sentSeq    int64                     // seq (number in the room) of the last sent change; -1 before start
	knownSeq   int64                     // the highest seq that is known to exist; above sentSeq there is a gap
	outOfOrder map[int64]chat.RoomChange // changes that must wait for missing ones, by seq
	filling    bool                      // a goroutine is filling the gap
	streams    map[*Stream]struct{}
	lastReplay *cachedReplay // nil if a change was sent after it
}

// maxOutOfOrder is how many changes a conversation keeps in memory while earlier ones are missing, and how many frames
// a cached replay may have. Changes beyond that are read from the database.
const maxOutOfOrder = 64

func newConversation(key chat.StreamKey) *conversation {
	return &conversation{
		key: key, sentSeq: -1,
		outOfOrder: map[int64]chat.RoomChange{}, streams: map[*Stream]struct{}{},
	}
}

// started reports whether start has set the seq after which the conversation sends changes.
func (c *conversation) started() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sentSeq >= 0
}

// start makes the conversation send all changes after last.LastSeq, the seq (number) of the latest change in the
// database. If start was called before, the earlier seq stays in force. It reports whether changes are missing; if so,
// the caller must read them with catchUp.
func (c *conversation) start(last chat.RoomSeq) (gap bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sentSeq < 0 {
		c.sentSeq = last.LastSeq
	}
	if c.roomID == 0 {
		c.roomID = last.Room
	}
	c.sendInOrder()
	return c.knownSeq > c.sentSeq
}

func (c *conversation) add(s *Stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.streams[s] = struct{}{}
}

func (c *conversation) remove(s *Stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.streams, s)
}

// deliver takes a published change. It sends the change if the change is the next one, keeps it if earlier ones are
// missing, and ignores it if it was already sent. It reports whether changes are missing; if so, the caller must read
// them with catchUp.
func (c *conversation) deliver(e chat.RoomChange) (gap bool) {
	_, seq := e.Position()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.roomID == 0 {
		c.roomID = roomIDOf(e)
	}
	c.knownSeq = max(c.knownSeq, seq)
	if seq > c.sentSeq && len(c.outOfOrder) < maxOutOfOrder {
		c.outOfOrder[seq] = e
	}
	c.sendInOrder()
	return c.sentSeq >= 0 && c.knownSeq > c.sentSeq
}

// sendInOrder sends those changes kept by deliver that follow the last change sent without a gap. The caller holds mu.
func (c *conversation) sendInOrder() {
	for e, next := c.outOfOrder[c.sentSeq+1]; next && c.sentSeq >= 0; e, next = c.outOfOrder[c.sentSeq+1] {
		c.sentSeq++
		delete(c.outOfOrder, c.sentSeq)
		c.offerAll(newChangeFrame(e, c.sentSeq))
	}
}

// roomIDOf returns the id of the room that a change belongs to. For direct messages it takes the id from the message,
// because the stream key names only the two users.
func roomIDOf(e chat.RoomChange) int64 {
	switch e := e.(type) {
	case chat.MessagePosted:
		return e.Message.Room
	case chat.MessageChanged:
		return e.Message.Room
	default:
		key, _ := e.Position()
		return key.Room
	}
}

// noteSeq tells the conversation the seq of the latest change of its room in the database. It reports whether changes
// are missing; if so, the caller must read them with catchUp.
func (c *conversation) noteSeq(last chat.RoomSeq) (gap bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.roomID == 0 {
		c.roomID = last.Room
	}
	c.knownSeq = max(c.knownSeq, last.LastSeq)
	return c.sentSeq >= 0 && c.knownSeq > c.sentSeq
}

// beginFill allows the caller to read the missing changes of the conversation, which only one goroutine may do at a
// time. It returns false if another goroutine is reading them, if start has not been called, or if the room does not
// exist yet.
func (c *conversation) beginFill() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.filling || c.sentSeq < 0 || c.roomID == 0 {
		return false
	}
	c.filling = true
	return true
}

// nextGap returns the id of the room and the seq of the last change that was sent, after which changes are missing. If
// more is false, no change is missing, and the permission that beginFill gave has ended.
func (c *conversation) nextGap() (room, sent int64, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.filling = c.knownSeq > c.sentSeq
	return c.roomID, c.sentSeq, c.filling
}

// abortFill ends the permission that beginFill gave, although changes are still missing. A later call of beginFill can
// succeed again.
func (c *conversation) abortFill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.filling = false
}

// applyChanges sends changes that were read from the database, except those that were sent during the query. If there
// were too many to read, it ends all streams instead, and their readers load their pages again. It returns false if
// changes are known to be missing but the database did not return any of them.
func (c *conversation) applyChanges(changes chat.Changes) (progress bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if changes.LastSeq <= c.sentSeq {
		return c.knownSeq <= c.sentSeq
	}
	if changes.TooFarBehind {
		for s := range c.streams {
			s.end(EndSlow)
		}
	} else {
		c.sendChanges(changes)
	}
	c.sentSeq = changes.LastSeq
	for seq := range c.outOfOrder {
		if seq <= c.sentSeq {
			delete(c.outOfOrder, seq)
		}
	}
	c.sendInOrder()
	return true
}

// sendChanges sends changes that were read from the database. It sends the departures of members first. Each departure
// ends the streams of that member, who may not see edits that were made afterwards. The caller holds mu.
func (c *conversation) sendChanges(changes chat.Changes) {
	for _, d := range changes.Left {
		if d.Seq > c.sentSeq {
			c.offerAll(newChangeFrame(chat.MemberLeft{StreamKey: c.key, User: d.User, Seq: d.Seq}, 0))
		}
	}
	for _, f := range framesSince(c.key, c.sentSeq, changes) {
		c.offerAll(f)
	}
}

// offerAll queues a frame for every stream. The caller holds mu.
func (c *conversation) offerAll(f *frame) {
	c.lastReplay = nil
	for s := range c.streams {
		s.offer(f)
	}
}

// framesSince returns frames with the changes that a reader still needs who has everything up to seq. Frames of edited,
// older messages come first, without a cursor. Frames of new messages follow, each with its seq as the cursor. A new
// message that was already edited gets a second frame for the edit, because some streams have the message and lack only
// the edit.
func framesSince(key chat.StreamKey, seq int64, changes chat.Changes) []*frame {
	var frames []*frame
	replace := func(m chat.Message) {
		if m.ChangedSeq > max(seq, m.Seq) {
			frames = append(frames, newChangeFrame(chat.MessageChanged{StreamKey: key, Message: m}, 0))
		}
	}
	for _, m := range changes.Replaced {
		replace(m)
	}
	for _, m := range changes.Added {
		if m.Seq > seq {
			frames = append(frames, newChangeFrame(chat.MessagePosted{StreamKey: key, Message: m}, m.Seq))
		}
		replace(m)
	}
	return frames
}
