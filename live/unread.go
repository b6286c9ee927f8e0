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

// unreadUpdates is whose unread counts may have changed, so that the states of their streams must be refreshed.
type unreadUpdates struct {
	debounce
	users      map[int64]bool
	rooms      map[int64]bool // all members of these rooms
	all        bool           // everybody
	refreshing bool           // a goroutine is refreshing states
}

// markUnreadDirty makes the hub refresh the states of some users soon, or of everybody if there are no arguments. Users
// without a stream on this node cost nothing.
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

// markRoomUnreadDirty makes the hub refresh the states of the members of a room soon.
func (h *Hub) markRoomUnreadDirty(room int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unread.rooms[room] = true
	h.unread.request(time.Now())
	h.wakeScheduler()
}

// markConversationUnreadDirty makes the hub refresh the states of the users for whom a message in a conversation may be
// unread. These are all its members except the author, who is 0 if unknown.
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

// sendUnread starts a refresh of the states of users whose unread counts may have changed, if that is due. It returns
// when it must run again, or the zero time.
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

// refreshStatesOf refreshes the states of stale streams, and of those candidates whose users are members of some rooms.
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

// streamsOfMembers returns the streams whose users are members of one of the rooms. If the database fails, it returns
// all streams.
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

// timeSlice is how long a goroutine of refreshStates works before it sleeps, and how long it sleeps.
const timeSlice = time.Millisecond

// refreshStates refreshes the states of streams. It uses half of the processors for half of the time, so that messages
// are not delayed by unread counts.
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
