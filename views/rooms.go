package views

import "charla/chat"

// RoomList is the content of the page of rooms: some of the rooms that the user can join, and, if the
// user may create rooms, the form for that.
type RoomList struct {
	Rooms   []chat.Room
	Query   string
	NextURL string // next page; empty on the last one
	MayMake bool   // whether the user may create rooms
	Form    Form
}

// accessLabel returns a text that says who can join a room.
func accessLabel(l Locale, a chat.Access) string {
	if a == chat.AccessOpen {
		return l.T("Anyone can join")
	}
	return l.T("Invitation only")
}

// backURL returns the URL of the back link on a room's page. For members the link leads to the room's conversation, for
// others to the list of rooms.
func (r RoomDetails) backURL() string {
	if r.IsMember() {
		return MessagesURL(r.Ref())
	}
	return "/rooms"
}
