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
	People      []chat.Person
	Count       int
	ListChanged bool
	Came, Left  []int64
	Renamed     []chat.Person
}

// MaxHere bounds the list of people who are here.
const MaxHere = 100

// grace is how long a person without a stream stays: long enough for the next page to load.
const grace = 5 * time.Second

// person is somebody with an open stream, or who had one within the grace, on this node or on another.
type person struct {
	chat.Person
	streams int
	here    bool      // on this node: has a stream, or had one within the grace
	left    time.Time // when the grace began; zero while there is none
	nodes   int       // how many other nodes have them
	gone    bool      // is nowhere any more
}

// departure is a person whose last stream closed at some time. It is void when the person came back since.
type departure struct {
	person *person
	at     time.Time
}

// arrive counts a stream of p. The caller holds Hub.mu.
func (h *Hub) arrive(p chat.Person) {
	here := h.enter(p)
	h.setHere(here, true)
	here.streams++
	here.left = time.Time{}
}

// enter returns the person p, who comes if they were not here. The caller holds Hub.mu.
func (h *Hub) enter(p chat.Person) *person {
	here := h.people[p.ID]
	if here == nil {
		here = &person{Person: p}
		h.people[p.ID] = here
		h.arrivals = append(h.arrivals, here)
		h.toggle(p.ID, time.Now())
		h.nudge()
	}
	h.call(here, p)
	return here
}

// call gives somebody who is here their present name. The caller holds Hub.mu.
func (h *Hub) call(here *person, p chat.Person) {
	if here.Person != p {
		here.Person = p
		h.note(p)
	}
}

// note asks for a person's present name to be told soon. The caller holds Hub.mu.
func (h *Hub) note(p chat.Person) {
	h.renamed[p.ID] = p
	h.presence.ask(time.Now())
	h.nudge()
}

// rename tells everybody how a person is called now.
func (h *Hub) rename(p chat.Person) {
	h.mu.Lock()
	if here := h.people[p.ID]; here != nil {
		here.Person = p
	}
	h.note(p)
	h.mu.Unlock()
	h.countAgain()
}

// vanish lets go of a person who is on no node. The caller holds Hub.mu.
func (h *Hub) vanish(p *person, now time.Time) {
	delete(h.people, p.ID)
	p.gone, h.thinned = true, true
	h.toggle(p.ID, now)
	h.nudge()
}

// linger begins the grace of a person. The caller holds Hub.mu.
func (h *Hub) linger(p *person) {
	p.left = time.Now()
	h.leaving = append(h.leaving, departure{p, p.left})
	h.nudge()
}

// leave uncounts a stream of a person. The caller holds Hub.mu.
func (h *Hub) leave(id int64) {
	here := h.people[id]
	if here.streams--; here.streams == 0 {
		h.linger(here)
	}
}

// Online tells which of the people are here.
func (h *Hub) Online(ids ...int64) map[int64]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	here := make(map[int64]bool, len(ids))
	for _, id := range ids {
		here[id] = h.people[id] != nil
	}
	return here
}

// IsHere is Online for one person.
func (h *Hub) IsHere(id int64) bool { return h.Online(id)[id] }

// Here returns the first MaxHere people who are here, in the order they came, and how many there are in all.
func (h *Hub) Here() ([]chat.Person, int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.first(), len(h.people)
}

// first lists those who came first. The caller holds Hub.mu.
func (h *Hub) first() []chat.Person {
	if h.thinned {
		h.arrivals = slices.DeleteFunc(h.arrivals, func(p *person) bool { return p.gone })
		h.thinned = false
	}
	list := make([]chat.Person, min(len(h.arrivals), MaxHere))
	for i := range list {
		list[i] = h.arrivals[i].Person
	}
	return list
}

func (h *Hub) everybody() *frame {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.whole
}

// expire lets go of those whose grace is over and returns when the next one's will be, or zero. People leave in the
// order in which their grace ends, so only the front of the queue is looked at. The caller holds Hub.mu.
func (h *Hub) expire(now time.Time) (next time.Time) {
	for ; len(h.leaving) > 0; h.leaving = h.leaving[1:] {
		d := h.leaving[0]
		if d.person.left != d.at {
			continue // came back since
		}
		if end := d.at.Add(grace); end.After(now) {
			return end
		}
		d.person.left = time.Time{}
		h.setHere(d.person, false)
		if d.person.nodes == 0 {
			h.vanish(d.person, now)
		}
	}
	return time.Time{}
}

// toggle notes that a person came or went; both before the next word cancel each other. The caller holds Hub.mu.
func (h *Hub) toggle(id int64, now time.Time) {
	if h.moved[id] {
		delete(h.moved, id)
		return
	}
	h.moved[id] = true
	h.presence.ask(now)
}

// presenceNews says what changed since the last word, and keeps what a new stream is told. The caller holds Hub.mu.
func (h *Hub) presenceNews() Presence {
	p := Presence{People: h.first(), Count: len(h.people)}
	for id := range h.moved {
		if h.people[id] != nil {
			p.Came = append(p.Came, id)
		} else {
			p.Left = append(p.Left, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(h.renamed)) {
		p.Renamed = append(p.Renamed, h.renamed[id])
	}
	clear(h.moved)
	clear(h.renamed)
	slices.Sort(p.Came)
	slices.Sort(p.Left)
	p.ListChanged = !slices.Equal(p.People, h.whole.presence.People)
	h.whole = &frame{presence: &Presence{People: p.People, Count: p.Count, ListChanged: true}}
	return p
}
