package live

import "charla/chat"

// offerToUser queues a frame for the streams that one user has in a conversation, for instance upload progress. Such
// frames are best effort: a stream that is opened later receives the next one, and its page shows the current state.
func (h *Hub) offerToUser(user int64, key chat.StreamKey, f *frame) {
	c := h.lookup(key)
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.streams {
		if s.viewer.User.ID == user {
			s.offer(f)
		}
	}
}
