package live

import (
	"slices"
	"time"

	"charla/chat"
)

// Who types is shown at once, together with who begins at the same moment. Browsers say it again every second and a half
// while somebody goes on, so that a silence of three seconds means that they stopped.
const (
	typingTimeout   = 3 * time.Second
	typingDelay     = 50 * time.Millisecond
	typingInterval  = 250 * time.Millisecond // between two words about the same conversation
	maxTypingListed = 3
)

// Typing tells who else is writing: the first three in the order in which they began, and how many they are in all.
type Typing struct {
	Users []chat.UserSummary
	Count int
}

// typingState is who is writing in a topic. Hub.mu guards it.
type typingState struct {
	typists       []typist // in the order in which they began
	due, lastSent time.Time
}

type typist struct {
	chat.UserSummary
	expiresAt time.Time
}

// noteTyping notes that a person is writing, where anybody listens.
func (h *Hub) noteTyping(e chat.UserTyping) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.conversations[e.StreamKey]
	if t == nil {
		return
	}
	until := time.Now().Add(typingTimeout)
	if i := t.indexOf(e.User.ID); i >= 0 {
		t.typists[i].expiresAt = until
		return
	}
	t.typists = append(t.typists, typist{e.User, until})
	h.scheduleTyping(t)
}

// stopTyping notes that what a person was writing is there.
func (h *Hub) stopTyping(at chat.StreamKey, author int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.conversations[at]; t != nil {
		if i := t.indexOf(author); i >= 0 {
			t.typists = slices.Delete(t.typists, i, i+1)
			h.scheduleTyping(t)
		}
	}
}

// scheduleTyping asks for a word about a topic. The caller holds Hub.mu.
func (h *Hub) scheduleTyping(t *conversation) {
	h.typingConversations[t] = true
	if t.due.IsZero() {
		now := time.Now()
		t.due = now.Add(max(typingDelay, typingInterval-now.Sub(t.lastSent)))
		h.wakeScheduler()
	}
}

// sendTyping lets go of those who stopped, and says where somebody began or stopped; it returns when to look again.
func (h *Hub) sendTyping(now time.Time) (next time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for t := range h.typingConversations {
		if t.removeExpired(now) {
			h.scheduleTyping(t)
		}
		if !t.due.IsZero() && !now.Before(t.due) {
			t.sendTyping(now)
		}
		if t.due.IsZero() && len(t.typists) == 0 {
			delete(h.typingConversations, t)
		}
		next = earliest(next, t.due)
		for _, p := range t.typists {
			next = earliest(next, p.expiresAt)
		}
	}
	return next
}

func (t *typingState) indexOf(person int64) int {
	return slices.IndexFunc(t.typists, func(p typist) bool { return p.ID == person })
}

// removeExpired tells whether somebody stopped.
func (t *typingState) removeExpired(now time.Time) bool {
	before := len(t.typists)
	t.typists = slices.DeleteFunc(t.typists, func(p typist) bool { return !now.Before(p.expiresAt) })
	return len(t.typists) < before
}

// frameExcluding is the frame for a person, or for everybody who is not writing (0).
func (t *typingState) frameExcluding(person int64) *frame {
	w := &Typing{}
	for _, p := range t.typists {
		if p.ID == person {
			continue
		}
		if w.Count++; w.Count <= maxTypingListed {
			w.Users = append(w.Users, p.UserSummary)
		}
	}
	return &frame{typing: w}
}

// sendTyping tells the readers of a topic who is writing, each one about the others. The caller holds Hub.mu.
func (t *conversation) sendTyping(now time.Time) {
	t.due, t.lastSent = time.Time{}, now
	everybody := t.frameExcluding(0)
	own := map[int64]*frame{}
	for _, p := range t.typists {
		own[p.ID] = t.frameExcluding(p.ID)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.streams {
		if f := own[s.viewer.User.ID]; f != nil {
			s.offer(f)
		} else {
			s.offer(everybody)
		}
	}
}
