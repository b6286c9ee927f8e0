package views

import "charla/chat"

// rowHue colours a conversation like its person; a channel has no colour of its own.
func rowHue(r Row) string {
	if r.Kind == chat.Channel {
		return "row--channel"
	}
	return hue(r.Peer)
}

// rowInitials stands in the circle of a row.
func rowInitials(r Row) string {
	if r.Kind == chat.Channel {
		return "#"
	}
	return initials(r.Name)
}

// alone tells whether there is nobody to talk to yet: nobody else is here and no conversation has begun.
func (s Sidebar) alone() bool {
	for _, r := range s.Rows {
		if r.Kind == chat.Direct && r.Peer != r.Me || r.LastSeq > 1 {
			return false
		}
	}
	return s.Here.Count <= 1
}
