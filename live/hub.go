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
)

// Source is what the hub reads from the database.
type Source interface {
	Changes(ctx context.Context, room, cursor int64, limit int) (chat.Changes, error)
	LastSeqs(ctx context.Context, topics []chat.Topic) (map[chat.Topic]chat.RoomSeq, error)
	EndedSessions(ctx context.Context, since chat.Micros) ([]int64, error)
	Departures(ctx context.Context, since chat.Micros) ([]chat.Departure, error)
	MembersAmong(ctx context.Context, rooms, people []int64) ([]int64, error)
}

// Hub knows every open stream of this process. It is a chat.Publisher.
type Hub struct {
	source Source
	news   chan struct{}  // one slot: the state loop has something to look at
	work   sync.WaitGroup // goroutines of detached streams, and those that read the database

	writers writers
	watcher watcher
	counts  counts

	mu       sync.Mutex // guards all below
	topics   map[chat.Topic]*topic
	sessions map[int64][]*Stream // oldest first
	kinds    map[string]int      // open streams by Viewer.Kind
	people   map[int64]*person
	arrivals []*person // the people, in the order they came
	thinned  bool      // some of the arrivals are gone
	leaving  []departure
	moved    map[int64]bool        // who came or went since the last word about presence
	renamed  map[int64]chat.Person // who is called otherwise since then
	presence pulse
	whole    *frame // everybody here, as sent at connect
	unread   unread
	writing  map[*topic]bool // where somebody is writing, or was and nobody was told
	nextBeat time.Time
	lately   int // open streams at the last beat
	settled  int // and when memory was given back last
	closed   bool

	relay  *Relay           // to the other nodes; nil where there are none; set before the first stream
	nodes  map[string]*node // the other nodes by their names
	untold map[int64]bool   // who came or went on this node since the others were told
	told   int64            // how often they were

	looked time.Time // when ended sessions were last read; for that look alone
}

// NewHub returns a hub without streams. Run must run for presence, unread counts and what other nodes did.
func NewHub(source Source) *Hub {
	h := &Hub{
		source:   source,
		looked:   time.Now(),
		news:     make(chan struct{}, 1),
		topics:   map[chat.Topic]*topic{},
		sessions: map[int64][]*Stream{},
		kinds:    map[string]int{},
		people:   map[int64]*person{},
		unread:   unread{users: map[int64]bool{}, rooms: map[int64]bool{}},
		moved:    map[int64]bool{},
		renamed:  map[int64]chat.Person{},
		nodes:    map[string]*node{},
		untold:   map[int64]bool{},
		writing:  map[*topic]bool{},
		whole:    &frame{presence: &Presence{ListChanged: true}},
	}
	h.writers.work = &h.work
	return h
}

// Publish delivers an event to the streams it concerns, and to the other nodes. It never blocks on a reader, the database
// or the network.
func (h *Hub) Publish(e chat.Event) {
	if _, posted := e.(chat.MessagePosted); posted {
		h.counts.posted.Add(1)
	}
	h.happen(e)
	h.relay.send(e)
}

// happen delivers an event, wherever it was published, to the streams of this node.
func (h *Hub) happen(e chat.Event) {
	switch e := e.(type) {
	case chat.Change:
		h.deliver(e)
	case chat.ReadMarked:
		h.countAgain(e.User)
	case chat.DraftChanged:
		h.countAgain(e.User)
	case chat.Typed:
		h.typed(e)
	case chat.Uploading:
		h.own(e.User, e.Topic, &frame{upload: &e})
	case chat.BoxChanged:
		h.own(e.User, e.Topic, &frame{box: &e})
	case chat.SessionEnded:
		h.endSessions([]int64{e.Session})
	case chat.PersonChanged:
		h.rename(e.Person)
	}
}

func (h *Hub) deliver(e chat.Change) {
	at, _ := e.At()
	if t := h.held(at); t != nil && t.deliver(e) {
		h.catchUp(t)
	}
	switch e := e.(type) {
	case chat.MessagePosted:
		h.wrote(at, e.Message.AuthorID)
		h.recount(at, e.Message.AuthorID)
	case chat.MessageChanged:
		if e.Message.DeletedAt > 0 { // it was unread for some, perhaps
			h.recount(at, e.Message.AuthorID)
		}
	case chat.MemberJoined:
		h.countAgain(e.Person.ID)
	case chat.MemberLeft:
		h.countAgain(e.User)
	}
}

// held returns the topic at, or nil where nobody listens to it.
func (h *Hub) held(at chat.Topic) *topic {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.topics[at]
}

// rumour is a change known by its number only: the database has the rest.
func (h *Hub) rumour(at chat.Topic, now chat.RoomSeq) {
	if t := h.held(at); t != nil && t.behind(now) {
		h.catchUp(t)
	}
	h.recount(at, 0)
}

// recount asks for the unread counts of those whom a message in a topic concerns: everybody in it but its author, who may
// be unknown (0).
func (h *Hub) recount(at chat.Topic, author int64) {
	switch {
	case at.Room == chat.General:
		h.countAgain()
	case at.Room != 0:
		h.countMembersAgain(at.Room)
	case at.Low == author:
		h.countAgain(at.High)
	case at.High == author:
		h.countAgain(at.Low)
	default:
		h.countAgain(at.Low, at.High)
	}
}

// Viewer is who opens a stream. Limit is how many streams the session may hold: one more ends the oldest. Kind is what the
// stream is counted as: one of a handful of names. Who follows all conversations has nothing else to look at: their state is
// asked for every few seconds, also when no hint came.
type Viewer struct {
	Person  chat.Person
	Session int64
	Limit   int
	Kind    string
	Follows bool
}

// Subscribe opens a stream of a topic, or of no topic for the zero Topic. The caller must Close it, and reads the
// changes its reader lacks between Subscribe and Run. It fails when the database does not answer.
func (h *Hub) Subscribe(ctx context.Context, v Viewer, at chat.Topic, enc Encoder) (*Stream, error) {
	s := newStream(h, v, enc)
	if at != (chat.Topic{}) {
		s.topic = h.hold(at)
		if err := h.prepare(ctx, s.topic); err != nil {
			h.release(s.topic)
			return nil, err
		}
		s.topic.add(s)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		s.finish(EndRestart)
	}
	open := append(h.sessions[v.Session], s)
	h.sessions[v.Session] = open
	for i := 0; i < len(open)-v.Limit; i++ {
		open[i].finish(EndReplaced)
	}
	h.kinds[v.Kind]++
	h.arrive(v.Person)
	if s.topic != nil && len(s.topic.typists) > 0 {
		h.tellTypingSoon(s.topic)
	}
	return s, nil
}

// close takes a stream out of every index. It runs once.
func (h *Hub) close(s *Stream) {
	h.counts.ended[s.why()].Add(1)
	if s.topic != nil {
		s.topic.remove(s)
		h.release(s.topic)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	open := h.sessions[s.viewer.Session]
	for i := range open {
		if open[i] == s {
			open = append(open[:i:i], open[i+1:]...)
			break
		}
	}
	if h.sessions[s.viewer.Session] = open; len(open) == 0 {
		delete(h.sessions, s.viewer.Session)
	}
	h.kinds[s.viewer.Kind]--
	h.leave(s.viewer.Person.ID)
}

// hold returns the topic at, made where it is missing, and keeps it alive until release.
func (h *Hub) hold(at chat.Topic) *topic {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[at]
	if t == nil {
		t = newTopic(at)
		h.topics[at] = t
	}
	t.holders++
	return t
}

func (h *Hub) release(t *topic) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t.holders--; t.holders == 0 {
		delete(h.topics, t.at)
		delete(h.writing, t)
	}
}

// employ runs f on a goroutine that Shutdown waits for. After Shutdown it returns false.
func (h *Hub) employ(f func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.work.Go(func() { guard("hub", f) })
	}
	return !h.closed
}

// guard runs f and catches its panic, which is logged: one stream or one look may fail, the process lives on.
func guard(what string, f func()) (ok bool) {
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
		for _, s := range h.sessions[id] {
			s.finish(EndLogout)
		}
	}
}

// Shutdown tells every reader to come back later, without waiting for them, and tells new ones the same. See Wait.
func (h *Hub) Shutdown() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.streams() {
		s.finish(EndRestart)
	}
}

// Wait returns when everything is over that Shutdown ended, or with the error of ctx.
func (h *Hub) Wait(ctx context.Context) error {
	over := make(chan struct{})
	go func() { h.work.Wait(); close(over) }()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// StreamsOf counts the open streams of a person.
func (h *Hub) StreamsOf(person int64) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.people[person]; p != nil {
		return p.streams
	}
	return 0
}

// Streams counts the open streams.
func (h *Hub) Streams() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, open := range h.sessions {
		n += len(open)
	}
	return n
}
