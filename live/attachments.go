package live

import "charla/chat"

// offerToUser sends a frame, for instance about upload progress, to all streams that one user has open in one
// conversation. A stream that is opened later does not get this frame. Its page shows the current state anyway, and it
// gets the next frame.
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
