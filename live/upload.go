package live

import "charla/chat"

// uploading tells a person's own streams of a conversation how far a file is. It is best effort like typing: whoever connects
// later hears the next word.
func (h *Hub) uploading(e chat.Uploading) {
	t := h.held(e.Topic)
	if t == nil {
		return
	}
	f := &frame{upload: &e}
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.streams {
		if s.viewer.Person.ID == e.User {
			s.offer(f)
		}
	}
}
