package views

import "charla/chat"

// RoomList is the rooms that one may join, and the form to make one.
type RoomList struct {
	Rooms   []chat.Room
	Query   string
	NextURL string // where the following rooms are; empty at the end
	Form    Form
}

// accessLabel say who may come into a room.
func accessLabel(l Locale, a chat.Access) string {
	if a == chat.AccessOpen {
		return l.T("Anyone can join")
	}
	return l.T("Invitation only")
}

// backURL is where the page of a room leads back to: its conversation for a member, the other rooms for an outsider.
func (r RoomDetails) backURL() string {
	if r.IsMember() {
		return MessagesURL(r.Ref())
	}
	return "/rooms"
}
