package live

import (
	"maps"
	"slices"
	"time"

	"charla/chat"
)

// Presence says who is online, and what has changed since the previous Presence. A new stream receives one with the
// current state, in which CameOnline, WentOffline and Renamed are empty.
type Presence struct {
	Users                   []chat.UserSummary // the first MaxListedOnline users who came online, without guests
	Count                   int                // how many users are online, without guests
	ListChanged             bool               // Users differs from the last Presence
	CameOnline, WentOffline []int64            // ids of users, since the last Presence
	Renamed                 []chat.UserSummary // users with a new name or picture since then, online or not
}

// MaxListedOnline is the largest number of online users that Presence and OnlineUsers list.
const MaxListedOnline = 100

// offlineGrace is how long a user without an open stream still counts as online: long enough to load another page.
const offlineGrace = 5 * time.Second

// onlineUser is a user who has an open stream on any node, or had one less than offlineGrace ago.
type onlineUser struct {
	chat.UserSummary
	streams     int       // open streams on this node
	local       bool      // online on this node: has a stream, or had one less than offlineGrace ago
	graceStart  time.Time // when the current offlineGrace began, or zero if there is none
	remoteNodes int       // how many other nodes have announced the user
	removed     bool      // no longer online on any node
}

// graceEntry is a user who had no stream left at the time start, and who goes offline when offlineGrace has passed. If
// the user has opened a stream in the meantime, the entry has no effect.
type graceEntry struct {
	user  *onlineUser
	start time.Time
}

// userConnected counts a new stream of a user. The caller holds Hub.mu.
func (h *Hub) userConnected(user chat.UserSummary) {
	u := h.addOnlineUser(user)
	h.setLocallyOnline(u, true)
	u.streams++
	u.graceStart = time.Time{}
}

// userDisconnected removes a stream from the count of a user. The caller holds Hub.mu.
func (h *Hub) userDisconnected(id int64) {
	u := h.online[id]
	u.streams--
	if u.streams == 0 {
		h.startGrace(u)
	}
}

// addOnlineUser returns the onlineUser of a user, and sets the given name and picture in it. If the user was offline,
// the user is now online. The caller holds Hub.mu.
func (h *Hub) addOnlineUser(user chat.UserSummary) *onlineUser {
	u := h.online[user.ID]
	if u == nil {
		u = &onlineUser{UserSummary: user}
		h.online[user.ID] = u
		h.arrivalOrder = append(h.arrivalOrder, u)
		h.togglePresence(user.ID, time.Now())
		h.wakeScheduler()
	}
	if u.UserSummary != user {
		u.UserSummary = user
		h.scheduleRename(user)
	}
	return u
}

// removeOnlineUser removes a user who is no longer online on any node, and has the streams told about it. The caller
// holds Hub.mu.
func (h *Hub) removeOnlineUser(u *onlineUser, now time.Time) {
	delete(h.online, u.ID)
	u.removed, h.arrivalsStale = true, true
	h.togglePresence(u.ID, now)
	h.wakeScheduler()
}

// renameUser sends the new name and picture of a user to all open streams.
func (h *Hub) renameUser(user chat.UserSummary) {
	h.mu.Lock()
	if u := h.online[user.ID]; u != nil {
		u.UserSummary = user
	}
	h.scheduleRename(user)
	h.mu.Unlock()
	h.markUnreadDirty()
}

// scheduleRename makes the next Presence contain the new name of a user. The caller holds Hub.mu.
func (h *Hub) scheduleRename(user chat.UserSummary) {
	h.renamed[user.ID] = user
	h.presenceDebounce.request(time.Now())
	h.wakeScheduler()
}

// startGrace starts the time in which a user without open streams still counts as online. The caller holds Hub.mu.
func (h *Hub) startGrace(u *onlineUser) {
	u.graceStart = time.Now()
	h.graceQueue = append(h.graceQueue, graceEntry{u, u.graceStart})
	h.wakeScheduler()
}

// expireGrace makes users offline on this node who have had no stream for offlineGrace. It returns when the
// offlineGrace of the next user ends, or the zero time if no user is waiting. The queue has the users in the order in
// which they go offline, so that only its front must be checked. The caller holds Hub.mu.
func (h *Hub) expireGrace(now time.Time) (next time.Time) {
	for ; len(h.graceQueue) > 0; h.graceQueue = h.graceQueue[1:] {
		entry := h.graceQueue[0]
		u := entry.user
		if u.graceStart != entry.start {
			continue // the user had a stream since
		}
		if end := entry.start.Add(offlineGrace); end.After(now) {
			return end
		}
		u.graceStart = time.Time{}
		h.setLocallyOnline(u, false)
		if u.remoteNodes == 0 {
			h.removeOnlineUser(u, now)
		}
	}
	return time.Time{}
}

// Online reports for each of the given users whether they are online.
func (h *Hub) Online(ids ...int64) map[int64]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	online := make(map[int64]bool, len(ids))
	for _, id := range ids {
		online[id] = h.online[id] != nil
	}
	return online
}

// IsOnline reports whether a user is online.
func (h *Hub) IsOnline(id int64) bool { return h.Online(id)[id] }

// OnlineUsers returns the first MaxListedOnline users who came online, and the number of all online users. It leaves
// out guests, because not everybody sees them.
func (h *Hub) OnlineUsers() ([]chat.UserSummary, int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.firstOnline()
}

// OnlineIDs returns the ids of all users who are online, in no particular order.
func (h *Hub) OnlineIDs() []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Keys(h.online))
}

// firstOnline returns what OnlineUsers returns. The caller holds Hub.mu.
func (h *Hub) firstOnline() (list []chat.UserSummary, count int) {
	if h.arrivalsStale {
		h.arrivalOrder = slices.DeleteFunc(h.arrivalOrder, func(u *onlineUser) bool { return u.removed })
		h.arrivalsStale = false
	}
	list = make([]chat.UserSummary, 0, min(len(h.arrivalOrder), MaxListedOnline))
	for _, u := range h.arrivalOrder {
		if u.IsGuest {
			continue
		}
		if count++; count <= MaxListedOnline {
			list = append(list, u.UserSummary)
		}
	}
	return list, count
}

// currentPresence returns the frame that tells a new stream who is online.
func (h *Hub) currentPresence() *frame {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.presenceSnapshot
}

// togglePresence records for the next Presence that a user came online or went offline. If a user does both before the
// next Presence is sent, it mentions neither. The caller holds Hub.mu.
func (h *Hub) togglePresence(id int64, now time.Time) {
	if h.toggled[id] {
		delete(h.toggled, id)
		return
	}
	h.toggled[id] = true
	h.presenceDebounce.request(now)
}

// takePresenceChanges returns a Presence with everything that changed since the last call. It also updates the copy
// that new streams receive. The caller holds Hub.mu.
func (h *Hub) takePresenceChanges() Presence {
	var p Presence
	p.Users, p.Count = h.firstOnline()
	for id := range h.toggled {
		if h.online[id] != nil {
			p.CameOnline = append(p.CameOnline, id)
		} else {
			p.WentOffline = append(p.WentOffline, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(h.renamed)) {
		if !h.renamed[id].IsGuest {
			p.Renamed = append(p.Renamed, h.renamed[id])
		}
	}
	clear(h.toggled)
	clear(h.renamed)
	slices.Sort(p.CameOnline)
	slices.Sort(p.WentOffline)
	p.ListChanged = !slices.Equal(p.Users, h.presenceSnapshot.presence.Users)
	h.presenceSnapshot = &frame{presence: &Presence{Users: p.Users, Count: p.Count, ListChanged: true}}
	return p
}
