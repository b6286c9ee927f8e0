package views

import "charla/chat"

// DirectoryUser is what the list of users for admins shows about a user.
type DirectoryUser struct {
	chat.User
	Online bool
}

// Directory is one page of the list of users for admins. With a query, the list contains only the users that a search
// found.
type Directory struct {
	Users   []DirectoryUser
	Query   string
	NextURL string // next page; empty on the last one
}
