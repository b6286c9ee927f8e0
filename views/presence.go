package views

import "charla/chat"

// OnlineUsers is who has a stream open now: the first of them in a stable order, and how many there are in all.
type OnlineUsers struct {
	Users []chat.UserSummary
	Count int
}
