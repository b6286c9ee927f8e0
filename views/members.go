package views

import "charla/chat"

// Member is what the page of a room shows about a member.
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

// memberCount returns a text with the number of members, such as "3 members".
func memberCount(l Locale, n int) string { return l.T("%d members", n) }
