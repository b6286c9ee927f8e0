package views

import "charla/chat"

// conversationHue returns the CSS class with the avatar colour of the other user. Rooms have no colour, but a class of
// their own.
func conversationHue(r ConversationRow) string {
	if r.Kind == chat.Channel {
		return "list-row--channel"
	}
	return hueClass(r.Peer)
}

// conversationInitials returns the text in the circle that a conversation has in place of a picture.
func conversationInitials(r ConversationRow) string {
	if r.Kind == chat.Channel {
		return "#"
	}
	return initials(r.Name)
}

// isAlone reports whether the user has nobody to talk to yet: no conversation has begun and nobody else is online.
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

// Sidebar is the content of the column with conversations and people.
type Sidebar struct {
	Rows     []ConversationRow
	Online   OnlineUsers
	Query    string
	Results  []FoundUser // users that the search for Query found, if Searched
	Searched bool        // whether the user searched
	NextURL  string      // next page of results; empty on the last one
}

// Unread returns the number of unread messages in all conversations. At most chat.UnreadCap are counted for each.
func (s Sidebar) Unread() int {
	n := 0
	for _, r := range s.Rows {
		n += r.Unread
	}
	return n
}
