package live

import "charla/chat"

// own tells a person's own streams of a conversation, such as how far a file is. It is best effort like typing: whoever connects later
// hears the next word, or reads how things stand.
func (h *Hub) own(user int64, at chat.Topic, f *frame) {
	t := h.held(at)
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.streams {
		if s.viewer.Person.ID == user {
			s.offer(f)
		}
	}
}
