// Package views writes HTML: values in, markup out. A page and a stream use the same components, and no component asks
// for anything: what it shows was finished before.
package views

import (
	"charla/chat"
	"charla/emoji"
)

// Page is what every full page needs besides its content.
type Page struct {
	Locale
	Nonce      string                   // of this answer's Content-Security-Policy
	Me         chat.User                // zero for a guest
	Background bool                     // a hidden tab may keep its stream: the browser reaches us over HTTP/2
	Reach      chat.Reach               // how people are reached who are away
	Asset      func(name string) string // the hashed URL of a static file such as "charla.css"
	Unread     bool                     // something is unread, which the icon shows
}

// Form is a form as it is shown again after a refusal: what was typed, and what is wrong with it. Errors with the empty
// field belong to the whole form.
type Form struct {
	Values map[string]string
	Errors map[string]*chat.Error
	Note   string // what went well, or what happens next
}

// Here is who has a stream open now: the first of them in a stable order, and how many there are in all.
type Here struct {
	People []chat.Person
	Count  int
}

// Row is one conversation in the side bar.
type Row struct {
	chat.Conversation
	Online  bool // the other person is here now; false for a channel
	Current bool // it is the one that is open
}

// Found is one person that a search brought.
type Found struct {
	chat.Person
	Online bool
}

// Sidebar is the column of conversations and people.
type Sidebar struct {
	Rows   []Row
	Here   Here
	Query  string
	Found  []Found // for a Query, or when Search is set
	Search bool    // a search was asked for
	Next   string  // where the following people are; empty at the end
}

// Unread counts the unread messages of all rows, each up to chat.UnreadCap.
func (s Sidebar) Unread() int {
	n := 0
	for _, r := range s.Rows {
		n += r.Unread
	}
	return n
}

// Thread is one window on an open conversation.
type Thread struct {
	Conversation chat.Conversation
	Online       bool // the other person is here now
	Messages     []chat.Message
	Older        bool  // there are messages before the first one
	Before       int64 // the window ends before this seq; 0 for the newest, which is live
	Cursor       int64 // the room's last seq before Messages were read: where the stream goes on
	UnreadFrom   int64 // seq of the first message not read yet; 0 for none
	Composer     Composer
}

// Composer is the box for writing. Body is a draft, or comes back with Error after a refusal.
type Composer struct {
	Me     int64 // whose it is
	Place  chat.Place
	Name   string // whom it goes to
	Key    string // names the next message
	Fresh  string // makes the keys of those after it
	Body   string
	Base   string      // the draft that the server has
	KeptAt chat.Micros // when that was kept
	Now    chat.Micros // the time of the server
	Set    bool        // Body replaces what the browser holds of its own
	Error  *chat.Error

	Files   []chat.File // that wait to go with the next message
	Refused []Refused   // that do not, after they were sent
	Limits  chat.FileLimits

	Typo    string        // a mistyped shortcode in the message sent last, which stayed as it was typed
	Guesses []emoji.Guess // what it may have meant
}
