package live

import (
	"slices"
	"time"

	"charla/chat"
)

// Who types is shown at once, together with who begins at the same moment. Browsers say it again every second and a half
// while somebody goes on, so that a silence of three seconds means that they stopped.
const (
	typistStays = 3 * time.Second
	typingDelay = 50 * time.Millisecond
	typingEvery = 250 * time.Millisecond // between two words about the same conversation
	maxTypists  = 3
)

// Typing tells who else is writing: the first three in the order in which they began, and how many they are in all.
type Typing struct {
	People []chat.Person
	Count  int
}

// typing is who is writing in a topic. Hub.mu guards it.
type typing struct {
	typists   []typist // in the order in which they began
	due, told time.Time
}

type typist struct {
	chat.Person
	until time.Time
}

// typed notes that a person is writing, where anybody listens.
func (h *Hub) typed(e chat.Typed) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[e.Topic]
	if t == nil {
		return
	}
	until := time.Now().Add(typistStays)
	if i := t.find(e.Person.ID); i >= 0 {
		t.typists[i].until = until
		return
	}
	t.typists = append(t.typists, typist{e.Person, until})
	h.tellTypingSoon(t)
}

// wrote notes that what a person was writing is there.
func (h *Hub) wrote(at chat.Topic, author int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.topics[at]; t != nil {
		if i := t.find(author); i >= 0 {
			t.typists = slices.Delete(t.typists, i, i+1)
			h.tellTypingSoon(t)
		}
	}
}

// tellTypingSoon asks for a word about a topic. The caller holds Hub.mu.
func (h *Hub) tellTypingSoon(t *topic) {
	h.writing[t] = true
	if t.due.IsZero() {
		now := time.Now()
		t.due = now.Add(max(typingDelay, typingEvery-now.Sub(t.told)))
		h.nudge()
	}
}

// tellWriting lets go of those who stopped, and says where somebody began or stopped; it returns when to look again.
func (h *Hub) tellWriting(now time.Time) (next time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for t := range h.writing {
		if t.expire(now) {
			h.tellTypingSoon(t)
		}
		if !t.due.IsZero() && !now.Before(t.due) {
			t.tellTyping(now)
		}
		if t.due.IsZero() && len(t.typists) == 0 {
			delete(h.writing, t)
		}
		next = earliest(next, t.due)
		for _, p := range t.typists {
			next = earliest(next, p.until)
		}
	}
	return next
}

func (t *typing) find(person int64) int {
	return slices.IndexFunc(t.typists, func(p typist) bool { return p.ID == person })
}

// expire tells whether somebody stopped.
func (t *typing) expire(now time.Time) bool {
	before := len(t.typists)
	t.typists = slices.DeleteFunc(t.typists, func(p typist) bool { return !now.Before(p.until) })
	return len(t.typists) < before
}

// besides is the frame for a person, or for everybody who is not writing (0).
func (t *typing) besides(person int64) *frame {
	w := &Typing{}
	for _, p := range t.typists {
		if p.ID == person {
			continue
		}
		if w.Count++; w.Count <= maxTypists {
			w.People = append(w.People, p.Person)
		}
	}
	return &frame{typing: w}
}

// tellTyping tells the readers of a topic who is writing, each one about the others. The caller holds Hub.mu.
func (t *topic) tellTyping(now time.Time) {
	t.due, t.told = time.Time{}, now
	everybody := t.besides(0)
	own := map[int64]*frame{}
	for _, p := range t.typists {
		own[p.ID] = t.besides(p.ID)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.streams {
		if f := own[s.viewer.Person.ID]; f != nil {
			s.offer(f)
		} else {
			s.offer(everybody)
		}
	}
}
