package live

import (
	"context"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"
)

// unreadUpdates is whose counts are to be told again.
type unreadUpdates struct {
	debounce
	users      map[int64]bool
	rooms      map[int64]bool // whose members are meant
	all        bool
	refreshing bool // a goroutine is asking for the states of those who were due
}

// markUnreadDirty asks for the unread counts of some people, or of everybody, to be told again soon. Those without a stream
// here, which on a node of many are most, cost nothing.
func (h *Hub) markUnreadDirty(users ...int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, u := range users {
		if p := h.online[u]; p != nil && p.streams > 0 {
			h.unread.users[u] = true
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

// markRoomUnreadDirty asks for the unread counts of those in a room to be told again soon.
func (h *Hub) markRoomUnreadDirty(room int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unread.rooms[room] = true
	h.unread.request(time.Now())
	h.wakeScheduler()
}

// sendUnread writes the state of those whose counts changed again; it returns when to look again.
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
	var stale, others []*Stream
	for s := range h.openStreams() {
		if h.unread.all || h.unread.users[s.viewer.User.ID] {
			stale = append(stale, s)
		} else if len(h.unread.rooms) > 0 {
			others = append(others, s)
		}
	}
	rooms := slices.Collect(maps.Keys(h.unread.rooms))
	clear(h.unread.users)
	clear(h.unread.rooms)
	h.unread.all = false
	if len(stale)+len(others) > 0 && !h.closed {
		h.unread.refreshing = true
		h.goroutines.Go(func() { h.refreshStatesOf(stale, others, rooms) })
	}
	return time.Time{}
}

// streamsOfMembers returns the streams whose people are in one of the rooms; when the database does not say, all of them.
func (h *Hub) streamsOfMembers(ctx context.Context, streams []*Stream, rooms []int64) []*Stream {
	people := map[int64]bool{}
	for _, s := range streams {
		people[s.viewer.User.ID] = false
	}
	members, err := h.source.UsersInRooms(ctx, rooms, slices.Collect(maps.Keys(people)))
	if err != nil {
		slog.Warn("members not read", "error", err)
		return streams
	}
	for _, id := range members {
		people[id] = true
	}
	return slices.DeleteFunc(streams, func(s *Stream) bool { return !people[s.viewer.User.ID] })
}

// refreshStatesOf tells the states of streams, and of those others whose people are in some rooms.
func (h *Hub) refreshStatesOf(stale, others []*Stream, rooms []int64) {
	ctx, cancel := context.WithTimeout(context.Background(), queryTimeout)
	defer cancel()
	if len(others) > 0 {
		stale = append(stale, h.streamsOfMembers(ctx, others, rooms)...)
	}
	refreshStates(ctx, stale)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unread.refreshing = false
	h.wakeScheduler()
}

// timeSlice is how long the telling of states works before it rests, and how long it rests.
const timeSlice = time.Millisecond

// refreshStates asks for the states of streams and offers them, on half of the processors and for half of the time: messages must not
// wait for counts.
func refreshStates(ctx context.Context, streams []*Stream) {
	var workers sync.WaitGroup
	n := max(1, runtime.GOMAXPROCS(0)/2)
	share := max(1, (len(streams)+n-1)/n) // of nothing there are no chunks
	for part := range slices.Chunk(streams, share) {
		workers.Go(func() {
			began := time.Now()
			for _, s := range part {
				recoverPanic("state", func() { s.refreshState(ctx) })
				if time.Since(began) > timeSlice {
					time.Sleep(timeSlice)
					began = time.Now()
				}
			}
		})
	}
	workers.Wait()
}
