package views

import "charla/chat"

// Member is a member of a room.
type Member struct {
	chat.Member
	Online bool
}

// RoomDetails is the content of a room's page: one page of its members, and the people who can be invited.
type RoomDetails struct {
	chat.Room
	Members       []Member
	Query         string
	NextURL       string // next page of members; empty on the last one
	InviteQuery   string // name to search for among the people who can be invited
	InviteResults []FoundUser
}

// memberCount returns the number of members as text.
func memberCount(l Locale, n int) string { return l.T("%d members", n) }
