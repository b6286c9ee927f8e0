package live

import "charla/chat"

// offerToUser sends a frame, for instance about upload progress, to the streams that one user has open in a
// conversation. A stream that is opened later does not get the frame, but its page shows the current state and it gets
// the next frame.
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
