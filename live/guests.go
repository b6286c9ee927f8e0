package live

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"charla/chat"
)

// Streams of guests get no presence frames, because those are the same for everybody. Who is online among the people
// whom a guest sees is part of the state of the guest's stream (see StateFunc). The hub has it read again when somebody
// comes online or goes offline, and when the rooms of the guest change.

// EveryoneOnline returns all users who are online, first come first.
func (h *Hub) EveryoneOnline() []chat.UserSummary {
	h.mu.Lock()
	defer h.mu.Unlock()
	users := make([]chat.UserSummary, 0, len(h.online))
	for _, u := range h.arrivalOrder {
		if !u.removed {
			users = append(users, u.UserSummary)
		}
	}
	return users
}

// PresenceSince returns a Presence with the users who are online now, compared with those of before. It is for the
// state of a single stream. The result changed is false if the two lists are equal.
func PresenceSince(before, now []chat.UserSummary) (p Presence, changed bool) {
	listed := now[:min(len(now), MaxListedOnline)]
	p = Presence{Users: listed, Count: len(now), ListChanged: true}
	ids := func(list []chat.UserSummary) map[int64]bool {
		set := map[int64]bool{}
		for _, u := range list {
			set[u.ID] = true
		}
		return set
	}
	wasOnline, isOnline := ids(before), ids(now)
	for _, u := range now {
		if !wasOnline[u.ID] {
			p.CameOnline = append(p.CameOnline, u.ID)
		}
	}
	for _, u := range before {
		if !isOnline[u.ID] {
			p.WentOffline = append(p.WentOffline, u.ID)
		}
	}
	return p, !slices.Equal(before, now)
}

// markGuestsDirty has the state of all streams of guests read again soon. The caller holds Hub.mu.
func (h *Hub) markGuestsDirty(now time.Time) {
	for s := range h.openStreams() {
		if s.viewer.User.IsGuest {
			h.unread.users[s.viewer.User.ID] = true
			h.unread.request(now)
		}
	}
}

// pollGuests has the state of a guest's streams read again if the guest's rooms changed, for instance because somebody
// joined or left on another node.
func (h *Hub) pollGuests(ctx context.Context) {
	guests := h.guestsWithStreams()
	if len(guests) == 0 {
		h.guestRooms = nil
		return
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	list, err := h.source.RoomsOfUsers(ctx, guests)
	if err != nil {
		slog.Warn("read rooms of guests failed", "guests", len(guests), "error", err)
		return
	}
	rooms := map[int64]map[int64]int64{}
	for _, id := range guests {
		rooms[id] = map[int64]int64{}
	}
	for _, r := range list {
		rooms[r.User][r.Room] = r.LastSeq
	}
	for _, id := range guests {
		if !maps.Equal(h.guestRooms[id], rooms[id]) {
			h.markUnreadDirty(id)
		}
	}
	h.guestRooms = rooms
}

// guestsWithStreams returns the guests who have open streams on this node.
func (h *Hub) guestsWithStreams() []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	guests := map[int64]bool{}
	for s := range h.openStreams() {
		if s.viewer.User.IsGuest {
			guests[s.viewer.User.ID] = true
		}
	}
	return slices.Sorted(maps.Keys(guests))
}
