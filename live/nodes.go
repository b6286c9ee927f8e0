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
	nodeBeat  = 3 * time.Second
	nodeLost  = 11 * time.Second
	askEvery  = time.Second
	peopleCut = 2000
)

// bulletin is what a node tells of itself. Number counts its words about people, so that who missed one knows it. With
// Parts, Came is a part of all its people.
type bulletin struct {
	Number int64
	Came   []chat.Person `json:",omitempty"`
	Left   []int64       `json:",omitempty"`
	Part   int           `json:",omitempty"`
	Parts  int           `json:",omitempty"`
	Read   []int64       `json:",omitempty"` // who has read something, for their streams elsewhere
}

// node is another node as it told us of itself.
type node struct {
	people       map[int64]bool
	number       int64         // of the last word that we followed
	parts        []chat.Person // of all its people, while they come
	part         int
	heard, asked time.Time
}

// Nodes counts the other nodes that this one hears.
func (h *Hub) Nodes() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.nodes)
}

// setHere notes whether a person is on this node, for the others to be told. The caller holds Hub.mu.
func (h *Hub) setHere(p *person, here bool) {
	if p.here == here {
		return
	}
	p.here = here
	if h.relay == nil {
		return
	}
	if h.untold[p.ID] {
		delete(h.untold, p.ID)
		return
	}
	h.untold[p.ID] = true
	h.relay.soon()
}

// report says what changed among the people of this node since the last report, or who they all are.
func (h *Hub) report(whole bool) []bulletin {
	h.mu.Lock()
	defer h.mu.Unlock()
	var b bulletin
	for id := range h.untold {
		if p := h.people[id]; p != nil && p.here {
			b.Came = append(b.Came, p.Person)
		} else {
			b.Left = append(b.Left, id)
		}
	}
	clear(h.untold)
	if len(b.Came)+len(b.Left) > 0 {
		h.told++
	}
	if b.Number = h.told; !whole && len(b.Came)+len(b.Left) <= peopleCut {
		return []bulletin{b}
	}
	return h.census()
}

// census tells all people of this node, in parts. The caller holds Hub.mu.
func (h *Hub) census() []bulletin {
	var here []chat.Person
	for _, p := range h.arrivals {
		if p.here {
			here = append(here, p.Person)
		}
	}
	parts := slices.Collect(slices.Chunk(here, peopleCut))
	if len(parts) == 0 {
		parts = [][]chat.Person{nil}
	}
	list := make([]bulletin, len(parts))
	for i, part := range parts {
		list[i] = bulletin{Number: h.told, Came: part, Part: i, Parts: len(parts)}
	}
	return list
}

// hear takes what another node tells of itself. True means that something was missed: ask for all its people.
func (h *Hub) hear(name string, b bulletin) (ask bool) {
	h.countRead(b.Read)
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	n := h.nodes[name]
	if n == nil {
		n = &node{people: map[int64]bool{}}
		h.nodes[name] = n
	}
	n.heard = now
	switch {
	case b.Parts > 0:
		if n.gather(b) {
			h.replace(n, now)
			n.number = b.Number
		}
	case b.Number == n.number+1 && len(b.Came)+len(b.Left) > 0:
		h.follow(n, b.Came, b.Left, now)
		n.number = b.Number
	case b.Number != n.number && now.Sub(n.asked) > askEvery:
		n.asked = now
		return true
	}
	return false
}

func (h *Hub) countRead(users []int64) {
	if len(users) > 0 {
		h.countAgain(users...)
	}
}

// gather keeps a part of all people of a node and tells whether it was the last. Parts come in order or not at all.
func (n *node) gather(b bulletin) bool {
	if b.Part == 0 {
		n.part, n.parts = 0, nil
	}
	if b.Part != n.part {
		return false
	}
	n.part++
	n.parts = append(n.parts, b.Came...)
	return n.part == b.Parts
}

// replace makes the people of a node those whose parts were gathered. The caller holds Hub.mu.
func (h *Hub) replace(n *node, now time.Time) {
	left := maps.Clone(n.people)
	for _, p := range n.parts {
		delete(left, p.ID)
	}
	h.follow(n, n.parts, slices.Collect(maps.Keys(left)), now)
	n.parts = nil
}

// follow counts who came to a node and who left it. The node has waited out their grace. The caller holds Hub.mu.
func (h *Hub) follow(n *node, came []chat.Person, left []int64, now time.Time) {
	for _, p := range came {
		if !n.people[p.ID] {
			n.people[p.ID] = true
			h.enter(p).nodes++
		}
	}
	for _, id := range left {
		if !n.people[id] {
			continue
		}
		delete(n.people, id)
		p := h.people[id]
		if p.nodes--; p.nodes == 0 && !p.here && p.left.IsZero() {
			h.vanish(p, now)
		}
	}
}

// farewell forgets a node that stops. Its people come back elsewhere, so they have a grace.
func (h *Hub) farewell(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := h.nodes[name]
	if n == nil {
		return
	}
	for id := range n.people {
		p := h.people[id]
		if p.nodes--; p.nodes == 0 && !p.here {
			h.linger(p)
		}
	}
	delete(h.nodes, name)
}

// forget drops the nodes that have been silent for too long, and their people.
func (h *Hub) forget(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, n := range h.nodes {
		if now.Sub(n.heard) > nodeLost {
			h.follow(n, nil, slices.Collect(maps.Keys(n.people)), now)
			delete(h.nodes, name)
		}
	}
}
