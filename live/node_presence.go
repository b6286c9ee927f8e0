package live

import (
	"maps"
	"slices"
	"time"

	"charla/chat"
)

// How often a node gives a sign of life, and after which silence its people are gone, together within 15 seconds; how
// often a node asks another for all its people, and how many of them it tells at once.
const (
	announceInterval        = 3 * time.Second
	nodeTimeout             = 11 * time.Second
	presenceRequestInterval = time.Second
	usersPerAnnouncement    = 2000
)

// presenceAnnouncement is what a node tells of itself. Number counts its words about people, so that who missed one knows it. With
// Parts, Came is a part of all its people.
type presenceAnnouncement struct {
	Seq     int64
	Online  []chat.UserSummary `json:",omitempty"`
	Offline []int64            `json:",omitempty"`
	Part    int                `json:",omitempty"`
	Parts   int                `json:",omitempty"`
	ReadBy  []int64            `json:",omitempty"` // who has read something, for their streams elsewhere
}

// remoteNode is another node as it told us of itself.
type remoteNode struct {
	users                    map[int64]bool
	seq                      int64              // of the last word that we followed
	partialUsers             []chat.UserSummary // of all its people, while they come
	nextPart                 int
	lastHeard, lastRequested time.Time
}

// RemoteNodes counts the other nodes that this one hears.
func (h *Hub) RemoteNodeCount() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.remoteNodes)
}

// setLocallyOnline notes whether a person is on this node, for the others to be told. The caller holds Hub.mu.
func (h *Hub) setLocallyOnline(p *onlineUser, here bool) {
	if p.local == here {
		return
	}
	p.local = here
	if h.relay == nil {
		return
	}
	if h.unannounced[p.ID] {
		delete(h.unannounced, p.ID)
		return
	}
	h.unannounced[p.ID] = true
	h.relay.announceSoon()
}

// takeAnnouncements says what changed among the people of this node since the last report, or who they all are.
func (h *Hub) takeAnnouncements(whole bool) []presenceAnnouncement {
	h.mu.Lock()
	defer h.mu.Unlock()
	var b presenceAnnouncement
	for id := range h.unannounced {
		if p := h.online[id]; p != nil && p.local {
			b.Online = append(b.Online, p.UserSummary)
		} else {
			b.Offline = append(b.Offline, id)
		}
	}
	clear(h.unannounced)
	if len(b.Online)+len(b.Offline) > 0 {
		h.announceSeq++
	}
	if b.Seq = h.announceSeq; !whole && len(b.Online)+len(b.Offline) <= usersPerAnnouncement {
		return []presenceAnnouncement{b}
	}
	return h.fullAnnouncements()
}

// fullAnnouncements tells all people of this node, in parts. The caller holds Hub.mu.
func (h *Hub) fullAnnouncements() []presenceAnnouncement {
	var here []chat.UserSummary
	for _, p := range h.arrivalOrder {
		if p.local {
			here = append(here, p.UserSummary)
		}
	}
	parts := slices.Collect(slices.Chunk(here, usersPerAnnouncement))
	if len(parts) == 0 {
		parts = [][]chat.UserSummary{nil}
	}
	list := make([]presenceAnnouncement, len(parts))
	for i, part := range parts {
		list[i] = presenceAnnouncement{Seq: h.announceSeq, Online: part, Part: i, Parts: len(parts)}
	}
	return list
}

// applyAnnouncement takes what another node tells of itself. True means that something was missed: ask for all its people.
func (h *Hub) applyAnnouncement(name string, b presenceAnnouncement) (ask bool) {
	h.markReadersDirty(b.ReadBy)
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	n := h.remoteNodes[name]
	if n == nil {
		n = &remoteNode{users: map[int64]bool{}}
		h.remoteNodes[name] = n
	}
	n.lastHeard = now
	switch {
	case b.Parts > 0:
		if n.addPart(b) {
			h.replaceRemoteUsers(n, now)
			n.seq = b.Seq
		}
	case b.Seq == n.seq+1 && len(b.Online)+len(b.Offline) > 0:
		h.updateRemoteUsers(n, b.Online, b.Offline, now)
		n.seq = b.Seq
	case b.Seq != n.seq && now.Sub(n.lastRequested) > presenceRequestInterval:
		n.lastRequested = now
		return true
	}
	return false
}

func (h *Hub) markReadersDirty(users []int64) {
	if len(users) > 0 {
		h.markUnreadDirty(users...)
	}
}

// announceDelay keeps a part of all people of a node and tells whether it was the last. Parts come in order or not at all.
func (n *remoteNode) addPart(b presenceAnnouncement) bool {
	if b.Part == 0 {
		n.nextPart, n.partialUsers = 0, nil
	}
	if b.Part != n.nextPart {
		return false
	}
	n.nextPart++
	n.partialUsers = append(n.partialUsers, b.Online...)
	return n.nextPart == b.Parts
}

// replaceRemoteUsers makes the people of a node those whose parts were gathered. The caller holds Hub.mu.
func (h *Hub) replaceRemoteUsers(n *remoteNode, now time.Time) {
	left := maps.Clone(n.users)
	for _, p := range n.partialUsers {
		delete(left, p.ID)
	}
	h.updateRemoteUsers(n, n.partialUsers, slices.Collect(maps.Keys(left)), now)
	n.partialUsers = nil
}

// updateRemoteUsers counts who came to a node and who left it. The node has waited out their grace. The caller holds Hub.mu.
func (h *Hub) updateRemoteUsers(n *remoteNode, came []chat.UserSummary, left []int64, now time.Time) {
	for _, p := range came {
		if !n.users[p.ID] {
			n.users[p.ID] = true
			h.addOnlineUser(p).remoteNodes++
		}
	}
	for _, id := range left {
		if !n.users[id] {
			continue
		}
		delete(n.users, id)
		p := h.online[id]
		if p.remoteNodes--; p.remoteNodes == 0 && !p.local && p.graceStart.IsZero() {
			h.removeOnlineUser(p, now)
		}
	}
}

// removeNode forgets a node that stops. Its people come back elsewhere, so they have a grace.
func (h *Hub) removeNode(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := h.remoteNodes[name]
	if n == nil {
		return
	}
	for id := range n.users {
		p := h.online[id]
		if p.remoteNodes--; p.remoteNodes == 0 && !p.local {
			h.startGrace(p)
		}
	}
	delete(h.remoteNodes, name)
}

// remove drops the nodes that have been silent for too long, and their people.
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
