package views

import (
	"fmt"

	"charla/chat"

	"github.com/a-h/templ"
)

// conversationHue returns the CSS class of a conversation's circle. For direct messages it gives the avatar colour of
// the other user. Rooms have a class of their own without a colour.
func conversationHue(r ConversationRow) string {
	if r.Kind == chat.Channel {
		return "list-row--channel"
	}
	return hueClass(r.Peer)
}

// conversationInitials returns the text in the circle of a conversation: "#" for a room, and the other user's initials
// for direct messages.
func conversationInitials(r ConversationRow) string {
	if r.Kind == chat.Channel {
		return "#"
	}
	return initials(r.Name)
}

// isAlone reports whether the user has nobody to talk to yet: no conversation has begun, and nobody else is online.
func (s Sidebar) isAlone() bool {
	for _, r := range s.Rows {
		if r.Kind == chat.Direct && r.Peer != r.Viewer || r.LastSeq > 1 {
			return false
		}
	}
	return s.Online.Count <= 1
}

// ConversationRow is what the sidebar shows about a conversation.
type ConversationRow struct {
	chat.Conversation
	Online  bool // whether the other user is online; false for rooms
	Current bool // whether it is the open conversation
}

// FoundUser is a user whom a search in the sidebar found.
type FoundUser struct {
	chat.UserSummary
	Online bool
}

// Sidebar is the content of the column with conversations and people beside the main content.
type Sidebar struct {
	Rows     []ConversationRow
	Online   OnlineUsers
	Query    string
	Results  []FoundUser // users that the search for Query found, if Searched
	Searched bool        // whether the user searched
	NextURL  string      // next page of results; empty on the last one
}

// Notifying returns the number of unread messages that the title and the icon of the page show, in all conversations
// together. Of each conversation it counts at most chat.UnreadCap.
func (s Sidebar) Notifying() int {
	n := 0
	for _, r := range s.Rows {
		n += r.Notifying(chat.MediumTitle)
	}
	return n
}

// peopleSearchSwap returns the htmx attributes of a request that updates the results of the people search.
func peopleSearchSwap() templ.Attributes {
	return templ.Attributes{
		"hx-target": byID(idSearchResults), "hx-select": byID(idSearchResults), "hx-swap": "outerHTML ignoreTitle:true",
		"hx-status:4xx": openErrorSwap, "hx-status:5xx": openErrorSwap,
	}
}

// OpenConversationHeader returns the value of the header HX-Location that makes htmx open a conversation in the page.
func OpenConversationHeader(p chat.ConversationRef) string { return locationHeader(MessagesURL(p)) }

// OpenListHeader returns the value of the header HX-Location that makes htmx close the conversation in the page.
func OpenListHeader() string { return locationHeader("/chat") }

// locationHeader returns the value of the header HX-Location that makes htmx replace the conversation by that of
// another page.
func locationHeader(address string) string {
	return fmt.Sprintf(`{"path":%q,"target":%q,"select":%q,"swap":"outerHTML show:none"}`,
		address, byID(idConversation), byID(idConversation))
}
