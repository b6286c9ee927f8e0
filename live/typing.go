package live

import (
	"slices"
	"time"

	"charla/chat"
)

const (
	// typingTimeout is how long a user counts as typing after a typing event. Browsers repeat the event every 1.5
	// seconds while the user types.
	typingTimeout = 3 * time.Second
	// typingDelay is how long the hub waits after a user began to type, so that one frame covers several users.
	typingDelay = 50 * time.Millisecond
	// typingInterval is the minimum time between two frames about typing in the same conversation.
	typingInterval = 250 * time.Millisecond
	// maxTypingListed is the largest number of typing users whom a frame names.
	maxTypingListed = 3
)

// Typing says which other users are typing in a conversation. Users contains at most three, in the order in which they
// began to type. Count is the number of all who are typing.
type Typing struct {
	Users []chat.UserSummary
	Count int
}

// typingState lists who is typing in a conversation. Hub.mu guards it.
type typingState struct {
	typists       []typist  // in the order in which they began
	due, lastSent time.Time // when the next frame is due, or zero, and when the last one was sent
}

// typist is a user who is typing, and when that ends unless the browser reports it again.
type typist struct {
	chat.UserSummary
	expiresAt time.Time
}

// noteTyping records that a user is typing in a conversation, if the conversation has streams.
func (h *Hub) noteTyping(e chat.UserTyping) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.conversations[e.StreamKey]
	if c == nil {
		return
	}
	expiresAt := time.Now().Add(typingTimeout)
	if i := c.indexOf(e.User.ID); i >= 0 {
		c.typists[i].expiresAt = expiresAt
		return
	}
	c.typists = append(c.typists, typist{e.User, expiresAt})
	h.scheduleTyping(c)
}

// stopTyping records that a user stopped typing, because their message was posted.
func (h *Hub) stopTyping(key chat.StreamKey, author int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.conversations[key]
	if c == nil {
		return
	}
	if i := c.indexOf(author); i >= 0 {
		c.typists = slices.Delete(c.typists, i, i+1)
		h.scheduleTyping(c)
	}
}

// scheduleTyping has the hub send soon who is typing in a conversation. The caller holds Hub.mu.
func (h *Hub) scheduleTyping(c *conversation) {
	h.typingConversations[c] = true
	if !c.due.IsZero() {
		return
	}
	now := time.Now()
	c.due = now.Add(max(typingDelay, typingInterval-now.Sub(c.lastSent)))
	h.wakeScheduler()
}

// sendTyping sends who is typing in each conversation in which that has changed. Before that, it removes the users
// whose typing has timed out. It returns when it must be called again, or the zero time.
func (h *Hub) sendTyping(now time.Time) (next time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.typingConversations {
		if c.removeExpired(now) {
			h.scheduleTyping(c)
		}
		if !c.due.IsZero() && !now.Before(c.due) {
			c.sendTyping(now)
		}
		if c.due.IsZero() && len(c.typists) == 0 {
			delete(h.typingConversations, c)
		}
		next = earliest(next, c.due)
		for _, u := range c.typists {
			next = earliest(next, u.expiresAt)
		}
	}
	return next
}

// indexOf returns the index of a user among the typists, or -1.
func (t *typingState) indexOf(user int64) int {
	return slices.IndexFunc(t.typists, func(u typist) bool { return u.ID == user })
}

// removeExpired removes the users whose typing has timed out, and reports whether there were any.
func (t *typingState) removeExpired(now time.Time) bool {
	before := len(t.typists)
	t.typists = slices.DeleteFunc(t.typists, func(u typist) bool { return !now.Before(u.expiresAt) })
	return len(t.typists) < before
}

// frameExcluding returns a frame that lists all typing users except the given one, who reads it. If user is 0, it lists
// all of them.
func (t *typingState) frameExcluding(user int64) *frame {
	typing := &Typing{}
	for _, u := range t.typists {
		if u.ID == user {
			continue
		}
		typing.Count++
		if typing.Count <= maxTypingListed {
			typing.Users = append(typing.Users, u.UserSummary)
		}
	}
	return &frame{typing: typing}
}

// sendTyping sends to each reader of a conversation who else is typing. The caller holds Hub.mu.
func (c *conversation) sendTyping(now time.Time) {
	c.due, c.lastSent = time.Time{}, now
	everybody := c.frameExcluding(0)
	own := map[int64]*frame{}
	for _, u := range c.typists {
		own[u.ID] = c.frameExcluding(u.ID)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.streams {
		if f := own[s.viewer.User.ID]; f != nil {
			s.offer(f)
		} else {
			s.offer(everybody)
		}
	}
}
