package live

import (
	"context"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"charla/chat"
)

// unreadUpdates collects the users and rooms whose unread counts may have changed, until the hub reads those counts
// again.
type unreadUpdates struct {
	debounce
	users      map[int64]bool
	rooms      map[int64]bool // all members of these rooms
	all        bool           // everybody
	refreshing bool           // a goroutine is refreshing states
}

// markUnreadDirty makes the hub read the unread counts of the given users again soon and send them to the streams of
// those users. Without arguments, it does so for everybody. Users without a stream on this node cost nothing.
func (h *Hub) markUnreadDirty(users ...int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range users {
		if u := h.online[id]; u != nil && u.streams > 0 {
			h.unread.users[id] = true
		}
	}
	h.unread.all = h.unread.all || len(users) == 0
	if !h.unread.all && len(h.unread.users) == 0 {
		return
	}
	if h.unread.request(time.Now()) {
		h.wakeScheduler()
	}
}

// markRoomUnreadDirty makes the hub read the unread counts of a room's members again soon and send them to the members'
// streams.
func (h *Hub) markRoomUnreadDirty(room int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unread.rooms[room] = true
	h.unread.request(time.Now())
	h.wakeScheduler()
}

// markConversationUnreadDirty makes the hub read the unread counts of a conversation's members again soon. It leaves
// out the member with the id author, who has just posted a message and has read it. If author is 0, it leaves out
// nobody.
func (h *Hub) markConversationUnreadDirty(key chat.StreamKey, author int64) {
	switch {
	case key.Room == chat.General:
		h.markUnreadDirty()
	case key.Room != 0:
		h.markRoomUnreadDirty(key.Room)
	case key.Low == author:
		h.markUnreadDirty(key.High)
	case key.High == author:
		h.markUnreadDirty(key.Low)
	default:
		h.markUnreadDirty(key.Low, key.High)
	}
}

// sendUnread starts a goroutine that reads the unread counts again that may have changed, if the time for that has
// come. It returns when it must be called again, or the zero time.
func (h *Hub) sendUnread(now time.Time) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	due := h.unread.due(unreadDelay)
	if due.IsZero() || h.unread.refreshing {
		return time.Time{}
	}
	if now.Before(due) {
		return due
	}
	h.unread.markSent(now)
	var stale, candidates []*Stream
	for s := range h.openStreams() {
		if h.unread.all || h.unread.users[s.viewer.User.ID] {
			stale = append(stale, s)
		} else if len(h.unread.rooms) > 0 {
			candidates = append(candidates, s)
		}
	}
	rooms := slices.Collect(maps.Keys(h.unread.rooms))
	clear(h.unread.users)
	clear(h.unread.rooms)
	h.unread.all = false
	if len(stale)+len(candidates) > 0 && !h.closed {
		h.unread.refreshing = true
		h.goroutines.Go(func() { h.refreshStatesOf(stale, candidates, rooms) })
	}
	return time.Time{}
}

// refreshStatesOf sends new unread counts to all streams in stale. It also sends them to the streams in candidates
// whose users are members of one of the given rooms.
func (h *Hub) refreshStatesOf(stale, candidates []*Stream, rooms []int64) {
	ctx, cancel := context.WithTimeout(context.Background(), queryTimeout)
	defer cancel()
	if len(candidates) > 0 {
		stale = append(stale, h.streamsOfMembers(ctx, candidates, rooms)...)
	}
	refreshStates(ctx, stale)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unread.refreshing = false
	h.wakeScheduler()
}

// streamsOfMembers returns those streams whose users are members of one of the rooms. If the database fails, it returns
// all streams. It reuses the memory of streams.
func (h *Hub) streamsOfMembers(ctx context.Context, streams []*Stream, rooms []int64) []*Stream {
	isMember := map[int64]bool{}
	for _, s := range streams {
		isMember[s.viewer.User.ID] = false
	}
	members, err := h.source.UsersInRooms(ctx, rooms, slices.Collect(maps.Keys(isMember)))
	if err != nil {
		slog.Warn("read members failed", "rooms", len(rooms), "error", err)
		return streams
	}
	for _, id := range members {
		isMember[id] = true
	}
	return slices.DeleteFunc(streams, func(s *Stream) bool { return !isMember[s.viewer.User.ID] })
}

// timeSlice is how long each worker of refreshStates works before it pauses, and how long it pauses.
const timeSlice = time.Millisecond

// refreshStates reads the state of each stream's user (unread counts and so on) again and queues it for the stream. It
// uses at most half of the processors and pauses half of the time, so that delivering messages has priority.
func refreshStates(ctx context.Context, streams []*Stream) {
	var workers sync.WaitGroup
	n := max(1, runtime.GOMAXPROCS(0)/2)
	perWorker := max(1, (len(streams)+n-1)/n) // at least 1, because slices.Chunk panics otherwise
	for part := range slices.Chunk(streams, perWorker) {
		workers.Go(func() {
			began := time.Now()
			for _, s := range part {
				recoverPanic("refresh state", func() { s.refreshState(ctx) })
				if time.Since(began) > timeSlice {
					time.Sleep(timeSlice)
					began = time.Now()
				}
			}
		})
	}
	workers.Wait()
}
