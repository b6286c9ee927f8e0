package views

import "charla/chat"

// OnlineUsers is the content of the list of online users. Users contains only the first ones, always in the same order.
// Count is the number of all online users.
type OnlineUsers struct {
	Users []chat.UserSummary
	Count int
}
