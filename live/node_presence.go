package live

import (
	"maps"
	"slices"
	"time"

	"charla/chat"
)

const (
	// announceInterval is how often a node tells the other nodes that it is running. Together with nodeTimeout it
	// ensures that the users of a crashed node are shown as offline within 15 seconds.
	announceInterval = 3 * time.Second
	// nodeTimeout is how long a node may send nothing before the other nodes show its users as offline.
	nodeTimeout = 11 * time.Second
	// presenceRequestInterval is the minimum time between two requests to the same node for the full list of its users.
	presenceRequestInterval = time.Second
	// usersPerAnnouncement is how many users one announcement may contain.
	usersPerAnnouncement = 2000
)

// presenceAnnouncement tells the other nodes which users are online on the sending node. Seq counts the announcements
// that contain changes, so that a receiver notices when it missed one. If Parts is above 0, the announcement is one of
// several parts that together list all online users of the sending node.
type presenceAnnouncement struct {
	Seq     int64
	Online  []chat.UserSummary `json:",omitempty"` // users who came online, or a part of all users
	Offline []int64            `json:",omitempty"` // users who went offline
	Part    int                `json:",omitempty"` // the number of this part, from 0
	Parts   int                `json:",omitempty"`
	ReadBy  []int64            `json:",omitempty"` // users who have read messages, so that their unread counts change
}

// remoteNode is what this node knows about another node from its announcements.
type remoteNode struct {
	users         map[int64]bool
	seq           int64              // Seq of the last announcement that was applied
	partialUsers  []chat.UserSummary // users in the parts of a full list that have arrived so far
	nextPart      int                // the number of the part that must arrive next
	lastHeard     time.Time          // when the last announcement arrived
	lastRequested time.Time          // when this node last requested the full list
}

// RemoteNodeCount returns the number of other nodes from which this node receives announcements.
func (h *Hub) RemoteNodeCount() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.remoteNodes)
}

// setLocallyOnline records whether a user is online on this node. If that has changed, the relay soon announces it to
// the other nodes. The caller holds Hub.mu.
func (h *Hub) setLocallyOnline(u *onlineUser, online bool) {
	if u.local == online {
		return
	}
	u.local = online
	if h.relay == nil {
		return
	}
	if h.unannounced[u.ID] {
		delete(h.unannounced, u.ID) // the change before this one was not announced either
		return
	}
	h.unannounced[u.ID] = true
	h.relay.announceSoon()
}

// takeAnnouncements returns an announcement of the users who came online or went offline on this node since the last
// call. If whole is true, or if more than usersPerAnnouncement users changed, it returns announcements that list all
// online users of this node instead.
func (h *Hub) takeAnnouncements(whole bool) []presenceAnnouncement {
	h.mu.Lock()
	defer h.mu.Unlock()
	var a presenceAnnouncement
	for id := range h.unannounced {
		if u := h.online[id]; u != nil && u.local {
			a.Online = append(a.Online, u.UserSummary)
		} else {
			a.Offline = append(a.Offline, id)
		}
	}
	clear(h.unannounced)
	changes := len(a.Online) + len(a.Offline)
	if changes > 0 {
		h.announceSeq++
	}
	if whole || changes > usersPerAnnouncement {
		return h.fullAnnouncements()
	}
	a.Seq = h.announceSeq
	return []presenceAnnouncement{a}
}

// fullAnnouncements returns announcements that together list all online users of this node, at most
// usersPerAnnouncement in each. It returns at least one, even if nobody is online. The caller holds Hub.mu.
func (h *Hub) fullAnnouncements() []presenceAnnouncement {
	var users []chat.UserSummary
	for _, u := range h.arrivalOrder {
		if u.local {
			users = append(users, u.UserSummary)
		}
	}
	parts := slices.Collect(slices.Chunk(users, usersPerAnnouncement))
	if len(parts) == 0 {
		parts = [][]chat.UserSummary{nil}
	}
	list := make([]presenceAnnouncement, len(parts))
	for i, part := range parts {
		list[i] = presenceAnnouncement{Seq: h.announceSeq, Online: part, Part: i, Parts: len(parts)}
	}
	return list
}

// applyAnnouncement records the users who are online on another node, as that node announced them. It returns true if
// this node missed an earlier announcement; then the caller must request the full list of that node's users.
func (h *Hub) applyAnnouncement(node string, a presenceAnnouncement) (requestAll bool) {
	if len(a.ReadBy) > 0 {
		h.markUnreadDirty(a.ReadBy...)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	n := h.remoteNodes[node]
	if n == nil {
		n = &remoteNode{users: map[int64]bool{}}
		h.remoteNodes[node] = n
	}
	n.lastHeard = now
	switch {
	case a.Parts > 0:
		if n.addPart(a) {
			h.replaceRemoteUsers(n, now)
			n.seq = a.Seq
		}
	case a.Seq == n.seq+1 && len(a.Online)+len(a.Offline) > 0:
		h.updateRemoteUsers(n, a.Online, a.Offline, now)
		n.seq = a.Seq
	case a.Seq != n.seq && now.Sub(n.lastRequested) > presenceRequestInterval:
		n.lastRequested = now
		return true
	}
	return false
}

// addPart keeps one part of the full list of a node's online users, and reports whether the list is now complete. It
// ignores a part that does not directly follow the previous one.
func (n *remoteNode) addPart(a presenceAnnouncement) (complete bool) {
	if a.Part == 0 {
		n.nextPart, n.partialUsers = 0, nil
	}
	if a.Part != n.nextPart {
		return false
	}
	n.nextPart++
	n.partialUsers = append(n.partialUsers, a.Online...)
	return n.nextPart == a.Parts
}

// replaceRemoteUsers records that exactly the users in the received parts are online on node n. The caller holds
// Hub.mu.
func (h *Hub) replaceRemoteUsers(n *remoteNode, now time.Time) {
	offline := maps.Clone(n.users)
	for _, u := range n.partialUsers {
		delete(offline, u.ID)
	}
	h.updateRemoteUsers(n, n.partialUsers, slices.Collect(maps.Keys(offline)), now)
	n.partialUsers = nil
}

// updateRemoteUsers records that some users came online on another node and others went offline there. A user who is on
// no other node goes offline at once: the other node has already waited offlineGrace before it announced this. The
// caller holds Hub.mu.
func (h *Hub) updateRemoteUsers(n *remoteNode, online []chat.UserSummary, offline []int64, now time.Time) {
	for _, u := range online {
		if !n.users[u.ID] {
			n.users[u.ID] = true
			h.addOnlineUser(u).remoteNodes++
		}
	}
	for _, id := range offline {
		if !n.users[id] {
			continue
		}
		delete(n.users, id)
		u := h.online[id]
		u.remoteNodes--
		if u.remoteNodes == 0 && !u.local && u.graceStart.IsZero() {
			h.removeOnlineUser(u, now)
		}
	}
}

// removeNode forgets another node, which is shutting down. Its users stay online for offlineGrace, because their
// browsers reconnect to the remaining nodes.
func (h *Hub) removeNode(node string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := h.remoteNodes[node]
	if n == nil {
		return
	}
	for id := range n.users {
		u := h.online[id]
		u.remoteNodes--
		if u.remoteNodes == 0 && !u.local {
			h.startGrace(u)
		}
	}
	delete(h.remoteNodes, node)
}

// removeLostNodes forgets the nodes that have sent nothing for longer than nodeTimeout. Their users go offline.
func (h *Hub) removeLostNodes(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, n := range h.remoteNodes {
		if now.Sub(n.lastHeard) > nodeTimeout {
			h.updateRemoteUsers(n, nil, slices.Collect(maps.Keys(n.users)), now)
			delete(h.remoteNodes, name)
		}
	}
}
