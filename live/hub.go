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

// Source contains the queries with which the hub reads the database.
type Source interface {
	Changes(ctx context.Context, room, cursor int64, limit int) (chat.Changes, error)
	LastSeqs(ctx context.Context, keys []chat.StreamKey) (map[chat.StreamKey]chat.RoomSeq, error)
	EndedSessions(ctx context.Context, since chat.Timestamp) ([]int64, error)
	Departures(ctx context.Context, since chat.Timestamp) ([]chat.Departure, error)
	UsersInRooms(ctx context.Context, rooms, users []int64) ([]int64, error)
	RoleChanges(ctx context.Context, since chat.Timestamp) ([]chat.RoleChanged, error)
	RoomsOfUsers(ctx context.Context, users []int64) ([]chat.UserRoom, error)
	UnseenCounts(ctx context.Context, users []int64) (map[int64]int, error)
}

// Hub delivers events to all open streams of this process. It is a chat.Publisher.
type Hub struct {
	source     Source
	wake       chan struct{}  // has a capacity of 1; wakes the loop of Run
	goroutines sync.WaitGroup // all goroutines that Wait waits for

	hijacked *hijacked.Pool // writes the streams on hijacked connections
	counters counters

	mu                  sync.Mutex // guards all below
	conversations       map[chat.StreamKey]*conversation
	streamsBySession    map[int64][]*Stream        // oldest first
	streamCounts        map[string]int             // open streams by Viewer.MetricRoute
	online              map[int64]*onlineUser      // by user
	arrivalOrder        []*onlineUser              // online users, first come first
	arrivalsStale       bool                       // arrivalOrder contains removed users
	graceQueue          []graceEntry               // in the order in which the grace periods end
	toggled             map[int64]bool             // users who came online or went offline since presence was last sent
	renamed             map[int64]chat.UserSummary // users with a new name or picture since presence was last sent
	presenceDebounce    debounce
	presenceSnapshot    *frame // the presence that a new stream receives
	unread              unreadUpdates
	typingConversations map[*conversation]bool // with typing users, or with a change of them that was not sent yet
	nextHeartbeat       time.Time              // when sendHeartbeats must run next
	lastOpen            int                    // open streams at the last run of sendHeartbeats
	lastFreed           int                    // open streams when memory was last returned to the operating system
	closed              bool

	relay       *Relay                 // nil without other nodes; set before the first stream
	remoteNodes map[string]*remoteNode // by node name
	unannounced map[int64]bool         // users who came or went on this node since the last announcement
	announceSeq int64                  // number of the last announcement

	lastPoll   time.Time                 // when ended sessions were last read; used only by pollSessions
	guestRooms map[int64]map[int64]int64 // last seq of each room, by guest and room; used only by pollGuests
	unseen     map[int64]int             // number of unseen inbox items by user; used only by pollInboxes
}

// NewHub returns a hub without streams. The caller must call Run to send presence and unread counts and to poll the
// database.
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

// Publish delivers an event to the streams on this node and queues it for the other nodes. It never blocks on a reader,
// the database or the network.
func (h *Hub) Publish(e chat.Event) {
	if _, posted := e.(chat.MessagePosted); posted {
		h.counters.messagesPosted.Add(1)
	}
	h.dispatch(e)
	h.relay.enqueue(e)
}

// dispatch delivers an event from any node to the streams on this node.
func (h *Hub) dispatch(e chat.Event) {
	switch e := e.(type) {
	case chat.RoomChange:
		h.deliver(e)
	case chat.ReadMarkerMoved:
		h.markUnreadDirty(e.User)
	case chat.InboxChanged:
		h.applyInboxChange(e)
	case chat.DraftChanged:
		h.markUnreadDirty(e.User)
	case chat.NotificationLevelChanged:
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
	case chat.RoleChanged:
		h.applyRoleChanges([]chat.RoleChanged{e})
	}
}

// deliver sends a change of a room to the streams of that room on this node. It also has the unread counts that the
// change affects read again soon.
func (h *Hub) deliver(e chat.RoomChange) {
	key, _ := e.Position()
	if c := h.lookup(key); c != nil && c.deliver(e) {
		h.catchUp(c)
	}
	switch e := e.(type) {
	case chat.MessagePosted:
		h.stopTyping(key, e.Message.AuthorID)
		h.markConversationUnreadDirty(key, e.Message.AuthorID)
	case chat.MessageChanged:
		if e.Message.DeletedAt > 0 { // somebody may not have read it
			h.markConversationUnreadDirty(key, e.Message.AuthorID)
		}
	case chat.MemberJoined:
		h.markUnreadDirty(e.User.ID)
	case chat.MemberLeft:
		h.markUnreadDirty(e.User)
	}
}

// noteRemoteSeq handles a change on another node of which this node knows only the seq (number in its room). If the
// conversation has streams here, the hub reads the change from the database.
func (h *Hub) noteRemoteSeq(key chat.StreamKey, last chat.RoomSeq) {
	if c := h.lookup(key); c != nil && c.noteSeq(last) {
		h.catchUp(c)
	}
	h.markConversationUnreadDirty(key, 0)
}

// goTracked runs f on a new goroutine, for which Wait waits. After Shutdown it returns false and does not run f.
func (h *Hub) goTracked(f func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.goroutines.Go(func() { recoverPanic("hub", f) })
	return true
}

// recoverPanic runs f and reports whether it returned. If f panics, recoverPanic logs the panic, so that a bug ends one
// stream or one poll instead of the process.
func recoverPanic(operation string, f func()) (ok bool) {
	defer func() {
		if p := recover(); p != nil {
			slog.Error("panic", "in", operation, "error", p, "stack", string(debug.Stack()))
		}
	}()
	f()
	return true
}

// Shutdown ends all open streams, and every stream that is opened later, with the reason EndRestart. It does not wait
// until the readers have received the reason. Wait waits for the writers that the hub runs itself.
func (h *Hub) Shutdown() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.openStreams() {
		s.end(EndRestart)
	}
}

// Wait waits until all goroutines of the hub have ended. Call Shutdown first. It returns ctx.Err() if ctx ends earlier.
func (h *Hub) Wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() { h.goroutines.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
