package views

import "charla/chat"

// OnlineUsers are the users with an open stream: the first of them in a stable order, and how many there are in all.
type OnlineUsers struct {
	Users []chat.UserSummary
	Count int
}
