package live

import (
	"slices"
	"time"

	"charla/chat"
)

// Presence tells who is here. People is the bounded list, complete, where ListChanged; Came and Left are those whose
// state changed since the last word, empty in the word at connect.
type Presence struct {
	People      []chat.Person
	Count       int
	ListChanged bool
	Came, Left  []int64
}

// MaxHere bounds the list of people who are here.
const MaxHere = 100

// grace is how long a person without a stream stays: long enough for the next page to load.
const grace = 5 * time.Second

// person is somebody with an open stream, or who had one within the grace.
type person struct {
	chat.Person
	streams int
	left    time.Time // when the last stream closed; zero while one is open
}

// departure is a person whose last stream closed at some time. It is void when the person came back since.
type departure struct {
	person *person
	at     time.Time
}

// arrive counts a stream of p. The caller holds Hub.mu.
func (h *Hub) arrive(p chat.Person) {
	here := h.people[p.ID]
	if here == nil {
		here = &person{Person: p}
		h.people[p.ID] = here
		h.arrivals = append(h.arrivals, here)
		h.toggle(p.ID, time.Now())
		h.nudge()
	}
	here.streams++
	here.left = time.Time{}
}

// leave uncounts a stream of a person. The caller holds Hub.mu.
func (h *Hub) leave(id int64) {
	here := h.people[id]
	if here.streams--; here.streams == 0 {
		here.left = time.Now()
		h.leaving = append(h.leaving, departure{here, here.left})
		h.nudge()
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

// Here returns the first MaxHere people who are here, in the order they came, and how many there are in all.
func (h *Hub) Here() ([]chat.Person, int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.first(), len(h.arrivals)
}

func (h *Hub) first() []chat.Person {
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
	gone := false
	for ; len(h.leaving) > 0; h.leaving = h.leaving[1:] {
		d := h.leaving[0]
		if d.person.left != d.at {
			continue // came back since
		}
		if end := d.at.Add(grace); end.After(now) {
			next = end
			break
		}
		delete(h.people, d.person.ID)
		h.toggle(d.person.ID, now)
		gone = true
	}
	if gone {
		h.arrivals = slices.DeleteFunc(h.arrivals, func(p *person) bool { return h.people[p.ID] != p })
	}
	return next
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
	p := Presence{People: h.first(), Count: len(h.arrivals)}
	for id := range h.moved {
		if h.people[id] != nil {
			p.Came = append(p.Came, id)
		} else {
			p.Left = append(p.Left, id)
		}
	}
	clear(h.moved)
	slices.Sort(p.Came)
	slices.Sort(p.Left)
	p.ListChanged = !slices.Equal(p.People, h.whole.presence.People)
	h.whole = &frame{presence: &Presence{People: p.People, Count: p.Count, ListChanged: true}}
	return p
}
