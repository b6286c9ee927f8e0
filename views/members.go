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

// memberCount returns how many members a room has, in words.
func memberCount(l Locale, n int) string { return l.T("%d members", n) }
