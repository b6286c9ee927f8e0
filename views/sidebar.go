package views

import "charla/chat"

// conversationHue returns the CSS class with the colour of the other user. Rooms have no colour of their own.
func conversationHue(r ConversationRow) string {
	if r.Kind == chat.Channel {
		return "list-row--channel"
	}
	return hueClass(r.Peer)
}

// conversationInitials returns the text in the circle of a conversation.
func conversationInitials(r ConversationRow) string {
	if r.Kind == chat.Channel {
		return "#"
	}
	return initials(r.Name)
}

// isAlone reports whether there is nobody to talk to yet: nobody else is online and no conversation has begun.
func (s Sidebar) isAlone() bool {
	for _, r := range s.Rows {
		if r.Kind == chat.Direct && r.Peer != r.Viewer || r.LastSeq > 1 {
			return false
		}
	}
	return s.Online.Count <= 1
}

// ConversationRow is a conversation in the sidebar.
type ConversationRow struct {
	chat.Conversation
	Online  bool // whether the other user is online; false for rooms
	Current bool // whether it is the open conversation
}

// FoundUser is a user that a search found.
type FoundUser struct {
	chat.UserSummary
	Online bool
}

// Sidebar is the column with conversations and people.
type Sidebar struct {
	Rows     []ConversationRow
	Online   OnlineUsers
	Query    string
	Results  []FoundUser // users that the search for Query found, if Searched
	Searched bool        // whether the user searched
	NextURL  string      // next page of results; empty on the last one
}

// Unread returns the number of unread messages in all rows, each counted up to chat.UnreadCap.
func (s Sidebar) Unread() int {
	n := 0
	for _, r := range s.Rows {
		n += r.Unread
	}
	return n
}
