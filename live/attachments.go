package live

import "charla/chat"

// offerToUser tells a person's own streams of a conversation, such as how far a file is. It is best effort like typing: whoever connects later
// hears the next word, or reads how things stand.
func (h *Hub) offerToUser(user int64, at chat.StreamKey, f *frame) {
	t := h.lookup(at)
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.streams {
		if s.viewer.User.ID == user {
			s.offer(f)
		}
	}
}
