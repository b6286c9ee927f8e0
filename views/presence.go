package views

import "charla/chat"

// OnlineUsers are the users with an open stream: the first ones, always in the same order, and the number of all.
type OnlineUsers struct {
	Users []chat.UserSummary
	Count int
}
