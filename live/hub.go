// Package live carries what happens to those who watch: open streams, who is here, the delivery of a room's changes in
// their order, and the hints between nodes.
//
// # The life of a stream
//
// Subscribe puts a stream into its topic; Run or Detach writes to one reader until either side ends it. Between the two
// the caller reads the changes that the reader missed, so that nothing falls between the database and the queue: what was
// committed before Subscribe is in the database, what comes after is in the queue, and what is in both is dropped by its
// number.
//
// A stream sleeps until something waits for its reader, then it is awake until everything is written: that is the only
// time when somebody writes, so there is never more than one writer. Run writes on its caller's goroutine. The writers
// share the detached streams, and a write that would wait goes on in a goroutine of its own. The watcher notices readers
// that go.
//
// # The order of a room
//
// A topic remembers the last number it has sent. The next number is delivered, a known one dropped, and a gap is filled
// from the database, which is the truth: publishing out of order, a lost hint and another node's post are one case.
//
// # Who leaves a room
//
// A departure is a change with a number, so it stands in the queue of every stream of that topic in its place. A stream
// whose own person departs ends there: what was queued behind it is dropped. In a gap departures go first, because what
// was posted before one may have been changed after it. A stream takes no notice of a departure that its replay already
// knew: its person was in the room afterwards. Departures of other nodes are looked for every second.
//
// Who departs for good deletes their account, and every line of theirs shows another name from then on. So all streams of the
// topic end in that place, and their pages are fetched again.
//
// # Other nodes
//
// Relay tells the other nodes what is published here, and publishes here what they tell: hints, which may be lost. It
// also tells which people have streams here. Hub.happen is where both ways meet.
//
// # Locks
//
// Stream.telling, then watcher.mu, then Hub.mu, then topic.mu, then Stream.mu, then writers.mu; each may be
// taken alone, never in another order, and none but the first is held while anything waits, reads the database or writes to a
// reader. Rendering happens where the bytes are written,
// once per kind of reader (frame).
package live

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"charla/chat"
	"charla/live/internal/hijacked"
)

// Source is what the hub reads from the database.
type Source interface {
	Changes(ctx context.Context, room, cursor int64, limit int) (chat.Changes, error)
	LastSeqs(ctx context.Context, topics []chat.StreamKey) (map[chat.StreamKey]chat.RoomSeq, error)
	EndedSessions(ctx context.Context, since chat.Timestamp) ([]int64, error)
	Departures(ctx context.Context, since chat.Timestamp) ([]chat.Departure, error)
	UsersInRooms(ctx context.Context, rooms, people []int64) ([]int64, error)
}

// Hub knows every open stream of this process. It is a chat.Publisher.
type Hub struct {
	source     Source
	wake       chan struct{}  // one slot: the state loop has something to look at
	goroutines sync.WaitGroup // goroutines of detached streams, and those that read the database

	hijacked *hijacked.Pool // writes the streams on hijacked connections
	counters counters

	mu                  sync.Mutex // guards all below
	conversations       map[chat.StreamKey]*conversation
	streamsBySession    map[int64][]*Stream // oldest first
	streamCounts        map[string]int      // open streams by Viewer.Kind
	online              map[int64]*onlineUser
	arrivalOrder        []*onlineUser // the people, in the order they came
	arrivalsStale       bool          // some of the arrivals are gone
	graceQueue          []graceEntry
	toggled             map[int64]bool             // who came or went since the last word about presence
	renamed             map[int64]chat.UserSummary // who is called otherwise since then
	presenceDebounce    debounce
	presenceSnapshot    *frame // everybody here, as sent at connect
	unread              unreadUpdates
	typingConversations map[*conversation]bool // where somebody is writing, or was and nobody was told
	nextHeartbeat       time.Time
	lastOpen            int // open streams at the last beat
	lastFreed           int // and when memory was given back last
	closed              bool

	relay       *Relay                 // to the other nodes; nil where there are none; set before the first stream
	remoteNodes map[string]*remoteNode // the other nodes by their names
	unannounced map[int64]bool         // who came or went on this node since the others were told
	announceSeq int64                  // how often they were

	lastPoll time.Time // when ended sessions were last read; for that look alone
}

// NewHub returns a hub without streams. Run must run for presence, unread counts and what other nodes did.
func NewHub(source Source) *Hub {
	h := &Hub{
		source:              source,
		lastPoll:            time.Now(),
		wake:                make(chan struct{}, 1),
		conversations:       map[chat.StreamKey]*conversation{},
		streamsBySession:    map[int64][]*Stream{},
		streamCounts:        map[string]int{},
		online:              map[int64]*onlineUser{},
		unread:              unreadUpdates{users: map[int64]bool{}, rooms: map[int64]bool{}},
		toggled:             map[int64]bool{},
		renamed:             map[int64]chat.UserSummary{},
		remoteNodes:         map[string]*remoteNode{},
		unannounced:         map[int64]bool{},
		typingConversations: map[*conversation]bool{},
		presenceSnapshot:    &frame{presence: &Presence{ListChanged: true}},
	}
	h.hijacked = hijacked.NewPool(h.goroutines.Go, h.goTracked)
	return h
}

// Publish delivers an event to the streams it concerns, and to the other nodes. It never blocks on a reader, the database
// or the network.
func (h *Hub) Publish(e chat.Event) {
	if _, posted := e.(chat.MessagePosted); posted {
		h.counters.messagesPosted.Add(1)
	}
	h.dispatch(e)
	h.relay.enqueue(e)
}

// dispatch delivers an event, wherever it was published, to the streams of this node.
func (h *Hub) dispatch(e chat.Event) {
	switch e := e.(type) {
	case chat.RoomChange:
		h.deliver(e)
	case chat.ReadMarkerMoved:
		h.markUnreadDirty(e.User)
	case chat.DraftChanged:
		h.markUnreadDirty(e.User)
	case chat.UserTyping:
		h.noteTyping(e)
	case chat.UploadProgress:
		h.offerToUser(e.User, e.StreamKey, &frame{uploadProgress: &e})
	case chat.AttachmentChanged:
		h.offerToUser(e.User, e.StreamKey, &frame{attachment: &e})
	case chat.SessionEnded:
		h.endSessions([]int64{e.Session})
	case chat.UserChanged:
		h.renameUser(e.User)
	}
}

func (h *Hub) deliver(e chat.RoomChange) {
	at, _ := e.Position()
	if t := h.lookup(at); t != nil && t.deliver(e) {
		h.catchUp(t)
	}
	switch e := e.(type) {
	case chat.MessagePosted:
		h.stopTyping(at, e.Message.AuthorID)
		h.markConversationUnreadDirty(at, e.Message.AuthorID)
	case chat.MessageChanged:
		if e.Message.DeletedAt > 0 { // it was unread for some, perhaps
			h.markConversationUnreadDirty(at, e.Message.AuthorID)
		}
	case chat.MemberJoined:
		h.markUnreadDirty(e.User.ID)
	case chat.MemberLeft:
		h.markUnreadDirty(e.User)
	}
}

// lookup returns the topic at, or nil where nobody listens to it.
func (h *Hub) lookup(at chat.StreamKey) *conversation {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.conversations[at]
}

// noteRemoteSeq is a change known by its number only: the database has the rest.
func (h *Hub) noteRemoteSeq(at chat.StreamKey, now chat.RoomSeq) {
	if t := h.lookup(at); t != nil && t.noteSeq(now) {
		h.catchUp(t)
	}
	h.markConversationUnreadDirty(at, 0)
}

// markConversationUnreadDirty asks for the unread counts of those whom a message in a topic concerns: everybody in it but its author, who may
// be unknown (0).
func (h *Hub) markConversationUnreadDirty(at chat.StreamKey, author int64) {
	switch {
	case at.Room == chat.General:
		h.markUnreadDirty()
	case at.Room != 0:
		h.markRoomUnreadDirty(at.Room)
	case at.Low == author:
		h.markUnreadDirty(at.High)
	case at.High == author:
		h.markUnreadDirty(at.Low)
	default:
		h.markUnreadDirty(at.Low, at.High)
	}
}

// Viewer is who opens a stream. Limit is how many streams the session may hold: one more ends the oldest. Kind is what the
// stream is counted as: one of a handful of names. Who follows all conversations has nothing else to look at: their state is
// asked for every few seconds, also when no hint came.
type Viewer struct {
	User             chat.UserSummary
	Session          int64
	MaxStreams       int
	MetricRoute      string
	AllConversations bool
}

// Subscribe opens a stream of a topic, or of no topic for the zero Topic. The caller must Close it, and reads the
// changes its reader lacks between Subscribe and Run. It fails when the database does not answer.
func (h *Hub) Subscribe(ctx context.Context, v Viewer, at chat.StreamKey, enc Encoder) (*Stream, error) {
	s := newStream(h, v, enc)
	if at != (chat.StreamKey{}) {
		s.conversation = h.acquire(at)
		if err := h.loadLastSeq(ctx, s.conversation); err != nil {
			h.release(s.conversation)
			return nil, err
		}
		s.conversation.add(s)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		s.end(EndRestart)
	}
	open := append(h.streamsBySession[v.Session], s)
	h.streamsBySession[v.Session] = open
	for i := 0; i < len(open)-v.MaxStreams; i++ {
		open[i].end(EndReplaced)
	}
	h.streamCounts[v.MetricRoute]++
	h.userConnected(v.User)
	if s.conversation != nil && len(s.conversation.typists) > 0 {
		h.scheduleTyping(s.conversation)
	}
	return s, nil
}

// removeStream takes a stream out of every index. It runs once.
func (h *Hub) removeStream(s *Stream) {
	h.counters.streamsEnded[s.reason()].Add(1)
	if s.conversation != nil {
		s.conversation.remove(s)
		h.release(s.conversation)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	open := h.streamsBySession[s.viewer.Session]
	for i := range open {
		if open[i] == s {
			open = append(open[:i:i], open[i+1:]...)
			break
		}
	}
	if h.streamsBySession[s.viewer.Session] = open; len(open) == 0 {
		delete(h.streamsBySession, s.viewer.Session)
	}
	h.streamCounts[s.viewer.MetricRoute]--
	h.userDisconnected(s.viewer.User.ID)
}

// acquire returns the topic at, made where it is missing, and keeps it alive until release.
func (h *Hub) acquire(at chat.StreamKey) *conversation {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.conversations[at]
	if t == nil {
		t = newConversation(at)
		h.conversations[at] = t
	}
	t.refs++
	return t
}

func (h *Hub) release(t *conversation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t.refs--; t.refs == 0 {
		delete(h.conversations, t.key)
		delete(h.typingConversations, t)
	}
}

// goTracked runs f on a goroutine that Shutdown waits for. After Shutdown it returns false.
func (h *Hub) goTracked(f func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.goroutines.Go(func() { recoverPanic("hub", f) })
	}
	return !h.closed
}

// recoverPanic runs f and catches its panic, which is logged: one stream or one look may fail, the process lives on.
func recoverPanic(what string, f func()) (ok bool) {
	defer func() {
		if p := recover(); p != nil {
			slog.Error("panic", "in", what, "error", p, "stack", string(debug.Stack()))
		}
	}()
	f()
	return true
}

// endSessions ends the streams of sessions that are over.
func (h *Hub) endSessions(ids []int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		for _, s := range h.streamsBySession[id] {
			s.end(EndLogout)
		}
	}
}

// Shutdown tells every reader to come back later, without waiting for them, and tells new ones the same. See Wait.
func (h *Hub) Shutdown() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.openStreams() {
		s.end(EndRestart)
	}
}

// Wait returns when everything is over that Shutdown ended, or with the error of ctx.
func (h *Hub) Wait(ctx context.Context) error {
	over := make(chan struct{})
	go func() { h.goroutines.Wait(); close(over) }()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// StreamCountOf counts the open streams of a person.
func (h *Hub) StreamCountOf(person int64) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.online[person]; p != nil {
		return p.streams
	}
	return 0
}

// StreamCount counts the open streams.
func (h *Hub) StreamCount() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, open := range h.streamsBySession {
		n += len(open)
	}
	return n
}
