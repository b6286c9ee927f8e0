package views

import "charla/chat"

// Member is a person in a room.
type Member struct {
	chat.Member
	Online bool
}

// RoomDetails is a room with a window on its members, and the people whom one may invite.
type RoomDetails struct {
	chat.Room
	Members       []Member
	Query         string
	NextURL       string // where the following members are; empty at the end
	InviteQuery   string // whom one looks for, to invite them
	InviteResults []FoundUser
}

// memberCount count the people in a room.
func memberCount(l Locale, n int) string {
	if n == 1 {
		return l.T("one person")
	}
	return l.T("%d people", n)
}
