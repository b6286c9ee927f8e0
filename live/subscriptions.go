package live

import (
	"context"

	"charla/chat"
)

// Viewer is the user who opens a stream, with the settings of that stream.
type Viewer struct {
	User    chat.UserSummary
	Role    chat.Role // in the community; when it changes, the stream ends
	Session int64
	// MaxStreams is how many streams the session may have open. Opening one more ends the oldest.
	MaxStreams int
	// MetricRoute is the label under which Stats counts the stream. Use only a few different labels in total.
	MetricRoute string
	// Page is the browser page that shows the stream, or zero if it has no slot.
	Page chat.PageSlot
	// AllConversations says that the stream shows all conversations of the user and not the events of one. The hub
	// reads the state of such a stream again every few seconds, even if nothing announced a change.
	AllConversations bool
}

// Subscribe opens a stream of a conversation. If key is zero, the stream belongs to no conversation. After Subscribe,
// the caller must read the changes that the reader missed, and at the end call Close. Subscribe returns an error if it
// cannot read the database.
func (h *Hub) Subscribe(ctx context.Context, v Viewer, key chat.StreamKey, enc Encoder) (*Stream, error) {
	s := newStream(h, v, enc)
	if key != (chat.StreamKey{}) {
		s.conversation = h.acquire(key)
		if err := h.loadLastSeq(ctx, s.conversation); err != nil {
			h.release(s.conversation)
			return nil, err
		}
		s.conversation.add(s)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		s.end(EndRestart)
	}
	open := append(h.streamsBySession[v.Session], s)
	h.streamsBySession[v.Session] = open
	for i := 0; i < len(open)-v.MaxStreams; i++ {
		open[i].end(EndReplaced)
	}
	h.streamCounts[v.MetricRoute]++
	h.userConnected(v.User)
	if s.conversation != nil && len(s.conversation.typists) > 0 {
		h.scheduleTyping(s.conversation)
	}
	return s, nil
}

// removeStream makes the hub forget a stream. It runs once for each stream.
func (h *Hub) removeStream(s *Stream) {
	h.counters.streamsEnded[s.reason()].Add(1)
	if s.conversation != nil {
		s.conversation.remove(s)
		h.release(s.conversation)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	open := h.streamsBySession[s.viewer.Session]
	for i := range open {
		if open[i] == s {
			open = append(open[:i:i], open[i+1:]...)
			break
		}
	}
	h.streamsBySession[s.viewer.Session] = open
	if len(open) == 0 {
		delete(h.streamsBySession, s.viewer.Session)
	}
	h.streamCounts[s.viewer.MetricRoute]--
	h.userDisconnected(s.viewer.User.ID)
}

// OpenPages returns the pages whose streams are open on this node.
func (h *Hub) OpenPages() (pages []chat.PageSlot) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.openStreams() {
		if s.viewer.Page.Page != "" {
			pages = append(pages, s.viewer.Page)
		}
	}
	return pages
}

// lookup returns a conversation, or nil if it has no streams.
func (h *Hub) lookup(key chat.StreamKey) *conversation {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.conversations[key]
}

// acquire returns the conversation with the given key, and creates it if necessary. The hub keeps the conversation
// until the caller calls release.
func (h *Hub) acquire(key chat.StreamKey) *conversation {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.conversations[key]
	if c == nil {
		c = newConversation(key)
		h.conversations[key] = c
	}
	c.refs++
	return c
}

// release undoes one call of acquire. When all calls are undone, the hub drops the conversation.
func (h *Hub) release(c *conversation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.refs--
	if c.refs == 0 {
		delete(h.conversations, c.key)
		delete(h.typingConversations, c)
	}
}

// endSessions ends the streams of sessions that ended.
func (h *Hub) endSessions(ids []int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		for _, s := range h.streamsBySession[id] {
			s.end(EndLogout)
		}
	}
}

// openStreams iterates over all open streams. The caller holds Hub.mu.
func (h *Hub) openStreams() func(yield func(*Stream) bool) {
	return func(yield func(*Stream) bool) {
		for _, open := range h.streamsBySession {
			for _, s := range open {
				if !yield(s) {
					return
				}
			}
		}
	}
}

// StreamCount returns the number of open streams.
func (h *Hub) StreamCount() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, open := range h.streamsBySession {
		n += len(open)
	}
	return n
}

// StreamCountOf returns the number of open streams of a user.
func (h *Hub) StreamCountOf(user int64) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if u := h.online[user]; u != nil {
		return u.streams
	}
	return 0
}
