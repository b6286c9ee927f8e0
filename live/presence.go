package live

import (
	"maps"
	"slices"
	"time"

	"charla/chat"
)

// Presence tells who is here. People is the bounded list, complete, where ListChanged; Came and Left are those whose
// state changed since the last word, and Renamed who has another name or picture since then, here or not; all empty in the
// word at connect.
type Presence struct {
	Users                   []chat.UserSummary
	Count                   int
	ListChanged             bool
	CameOnline, WentOffline []int64
	Renamed                 []chat.UserSummary
}

// MaxListedOnline bounds the list of people who are here.
const MaxListedOnline = 100

// offlineGrace is how long a person without a stream stays: long enough for the next page to load.
const offlineGrace = 5 * time.Second

// user is somebody with an open stream, or who had one within the grace, on this node or on another.
type onlineUser struct {
	chat.UserSummary
	streams     int
	local       bool      // on this node: has a stream, or had one within the grace
	graceStart  time.Time // when the grace began; zero while there is none
	remoteNodes int       // how many other nodes have them
	removed     bool      // is nowhere any more
}

// graceEntry is a person whose last stream closed at some time. It is void when the person came back since.
type graceEntry struct {
	user  *onlineUser
	start time.Time
}

// userConnected counts a stream of p. The caller holds Hub.mu.
func (h *Hub) userConnected(p chat.UserSummary) {
	here := h.addOnlineUser(p)
	h.setLocallyOnline(here, true)
	here.streams++
	here.graceStart = time.Time{}
}

// addOnlineUser returns the person p, who comes if they were not here. The caller holds Hub.mu.
func (h *Hub) addOnlineUser(p chat.UserSummary) *onlineUser {
	here := h.online[p.ID]
	if here == nil {
		here = &onlineUser{UserSummary: p}
		h.online[p.ID] = here
		h.arrivalOrder = append(h.arrivalOrder, here)
		h.togglePresence(p.ID, time.Now())
		h.wakeScheduler()
	}
	h.updateName(here, p)
	return here
}

// updateName gives somebody who is here their present name. The caller holds Hub.mu.
func (h *Hub) updateName(here *onlineUser, p chat.UserSummary) {
	if here.UserSummary != p {
		here.UserSummary = p
		h.scheduleRename(p)
	}
}

// scheduleRename asks for a person's present name to be told soon. The caller holds Hub.mu.
func (h *Hub) scheduleRename(p chat.UserSummary) {
	h.renamed[p.ID] = p
	h.presenceDebounce.request(time.Now())
	h.wakeScheduler()
}

// renameUser tells everybody how a person is called now.
func (h *Hub) renameUser(p chat.UserSummary) {
	h.mu.Lock()
	if here := h.online[p.ID]; here != nil {
		here.UserSummary = p
	}
	h.scheduleRename(p)
	h.mu.Unlock()
	h.markUnreadDirty()
}

// removeOnlineUser lets go of a person who is on no node. The caller holds Hub.mu.
func (h *Hub) removeOnlineUser(p *onlineUser, now time.Time) {
	delete(h.online, p.ID)
	p.removed, h.arrivalsStale = true, true
	h.togglePresence(p.ID, now)
	h.wakeScheduler()
}

// startGrace begins the grace of a person. The caller holds Hub.mu.
func (h *Hub) startGrace(p *onlineUser) {
	p.graceStart = time.Now()
	h.graceQueue = append(h.graceQueue, graceEntry{p, p.graceStart})
	h.wakeScheduler()
}

// disconnect uncounts a stream of a person. The caller holds Hub.mu.
func (h *Hub) userDisconnected(id int64) {
	here := h.online[id]
	if here.streams--; here.streams == 0 {
		h.startGrace(here)
	}
}

// Online tells which of the people are here.
func (h *Hub) Online(ids ...int64) map[int64]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	here := make(map[int64]bool, len(ids))
	for _, id := range ids {
		here[id] = h.online[id] != nil
	}
	return here
}

// IsOnline is Online for one person.
func (h *Hub) IsOnline(id int64) bool { return h.Online(id)[id] }

// OnlineUsers returns the first MaxListedOnline people who are here, in the order they came, and how many there are in all.
func (h *Hub) OnlineUsers() ([]chat.UserSummary, int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.firstOnline(), len(h.online)
}

// firstOnline lists those who came first. The caller holds Hub.mu.
func (h *Hub) firstOnline() []chat.UserSummary {
	if h.arrivalsStale {
		h.arrivalOrder = slices.DeleteFunc(h.arrivalOrder, func(p *onlineUser) bool { return p.removed })
		h.arrivalsStale = false
	}
	list := make([]chat.UserSummary, min(len(h.arrivalOrder), MaxListedOnline))
	for i := range list {
		list[i] = h.arrivalOrder[i].UserSummary
	}
	return list
}

func (h *Hub) currentPresence() *frame {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.presenceSnapshot
}

// removeExpired lets go of those whose grace is over and returns when the next one's will be, or zero. People leave in the
// order in which their grace ends, so only the front of the queue is looked at. The caller holds Hub.mu.
func (h *Hub) expireGrace(now time.Time) (next time.Time) {
	for ; len(h.graceQueue) > 0; h.graceQueue = h.graceQueue[1:] {
		d := h.graceQueue[0]
		if d.user.graceStart != d.start {
			continue // came back since
		}
		if end := d.start.Add(offlineGrace); end.After(now) {
			return end
		}
		d.user.graceStart = time.Time{}
		h.setLocallyOnline(d.user, false)
		if d.user.remoteNodes == 0 {
			h.removeOnlineUser(d.user, now)
		}
	}
	return time.Time{}
}

// togglePresence notes that a person came or went; both before the next word cancel each other. The caller holds Hub.mu.
func (h *Hub) togglePresence(id int64, now time.Time) {
	if h.toggled[id] {
		delete(h.toggled, id)
		return
	}
	h.toggled[id] = true
	h.presenceDebounce.request(now)
}

// takePresenceChanges says what changed since the last word, and keeps what a new stream is told. The caller holds Hub.mu.
func (h *Hub) takePresenceChanges() Presence {
	p := Presence{Users: h.firstOnline(), Count: len(h.online)}
	for id := range h.toggled {
		if h.online[id] != nil {
			p.CameOnline = append(p.CameOnline, id)
		} else {
			p.WentOffline = append(p.WentOffline, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(h.renamed)) {
		p.Renamed = append(p.Renamed, h.renamed[id])
	}
	clear(h.toggled)
	clear(h.renamed)
	slices.Sort(p.CameOnline)
	slices.Sort(p.WentOffline)
	p.ListChanged = !slices.Equal(p.Users, h.presenceSnapshot.presence.Users)
	h.presenceSnapshot = &frame{presence: &Presence{Users: p.Users, Count: p.Count, ListChanged: true}}
	return p
}
