package views

import "charla/chat"

// DirectoryUser is a person as an admin sees them.
type DirectoryUser struct {
	chat.User
	Online bool
}

// Directory is everybody, or those whom an admin looks for.
type Directory struct {
	Users   []DirectoryUser
	Query   string
	NextURL string // where the following people are; empty at the end
}
