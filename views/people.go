package views

import "charla/chat"

// DirectoryUser is a user in the list that admins see.
type DirectoryUser struct {
	chat.User
	Online bool
}

// Directory is one page of the users, all or those that a search found.
type Directory struct {
	Users   []DirectoryUser
	Query   string
	NextURL string // next page; empty on the last one
}
