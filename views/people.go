package views

import "charla/chat"

// DirectoryUser is a user as admins see them.
type DirectoryUser struct {
	chat.User
	Online bool
}

// Directory is one page of the users, or of those that a search found.
type Directory struct {
	Users   []DirectoryUser
	Query   string
	NextURL string // next page; empty on the last one
}
