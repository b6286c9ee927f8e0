package views

import "charla/chat"

// Lobby is the rooms that one may join, and the form to make one.
type Lobby struct {
	Rooms []chat.Room
	Query string
	Next  string // where the following rooms are; empty at the end
	Form  Form
}

// Member is a person in a room.
type Member struct {
	chat.Member
	Online bool
}

// RoomInfo is a room with a window on its members, and the people whom one may invite.
type RoomInfo struct {
	chat.Room
	Members   []Member
	Query     string
	Next      string // where the following members are; empty at the end
	Wanted    string // whom one looks for, to invite them
	Outsiders []Found
}

// Account is a person as an admin sees them.
type Account struct {
	chat.User
	Online bool
}

// Directory is everybody, or those whom an admin looks for.
type Directory struct {
	Accounts []Account
	Query    string
	Next     string // where the following people are; empty at the end
}

// filter is a box that narrows a list to what contains a word, on the page and without JavaScript.
type filter struct{ Action, Name, Value, Label, Target string }

// accessWords say who may come into a room.
func accessWords(l Locale, a chat.Access) string {
	if a == chat.Open {
		return l.T("Everybody may join")
	}
	return l.T("By invitation")
}

// peopleWords count the people in a room.
func peopleWords(l Locale, n int) string {
	if n == 1 {
		return l.T("one person")
	}
	return l.T("%d people", n)
}

// back is where the page of a room leads back to: its conversation for a member, the other rooms for an outsider.
func (r RoomInfo) back() string {
	if r.IsMember() {
		return MessagesURL(r.Place())
	}
	return "/rooms"
}
