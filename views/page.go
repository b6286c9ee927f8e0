// Package views renders HTML. Its templ components get all values as parameters and never load anything. Pages and
// event streams use the same components.
package views

import "charla/chat"

// Page contains the values that every full page needs in addition to its own content.
type Page struct {
	Locale
	Nonce     string                   // nonce of the Content-Security-Policy header
	Me        chat.User                // signed-in user; zero if anonymous
	HTTP2     bool                     // whether the browser uses HTTP/2, so that a hidden tab may keep its stream
	Media     chat.Media               // enabled notification media
	AssetURL  func(name string) string // returns the hashed URL of a static file such as "charla.css"
	HasUnread bool                     // whether there are unread messages, which the icon shows
	Settings  chat.Community           // of the community
	Slot      chat.PageSlot            // where the page stores what it has not sent; the zero value in a fragment
}

// may reports whether the user of the page may do an action in the community.
func (p Page) may(a chat.Action) bool { return p.Settings.May(p.Me, a) }
