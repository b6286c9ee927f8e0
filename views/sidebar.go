package views

import "charla/chat"

// conversationHue colours a conversation like its person; a channel has no colour of its own.
func conversationHue(r ConversationRow) string {
	if r.Kind == chat.Channel {
		return "list-row--channel"
	}
	return hueClass(r.Peer)
}

// conversationInitials stands in the circle of a row.
func conversationInitials(r ConversationRow) string {
	if r.Kind == chat.Channel {
		return "#"
	}
	return initials(r.Name)
}

// isAlone tells whether there is nobody to talk to yet: nobody else is here and no conversation has begun.
func (s Sidebar) isAlone() bool {
	for _, r := range s.Rows {
		if r.Kind == chat.Direct && r.Peer != r.Viewer || r.LastSeq > 1 {
			return false
		}
	}
	return s.Online.Count <= 1
}

// ConversationRow is one conversation in the side bar.
type ConversationRow struct {
	chat.Conversation
	Online  bool // the other person is here now; false for a channel
	Current bool // it is the one that is open
}

// Shown is one person that a search brought.
type FoundUser struct {
	chat.UserSummary
	Online bool
}

// Sidebar is the column of conversations and people.
type Sidebar struct {
	Rows     []ConversationRow
	Online   OnlineUsers
	Query    string
	Results  []FoundUser // for a Query, or when Search is set
	Searched bool        // a search was asked for
	NextURL  string      // where the following people are; empty at the end
}

// HasUnread counts the unread messages of all rows, each up to chat.UnreadCap.
func (s Sidebar) Unread() int {
	n := 0
	for _, r := range s.Rows {
		n += r.Unread
	}
	return n
}
