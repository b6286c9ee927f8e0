// Package views writes HTML: values in, markup out. A page and a stream use the same components, and no component asks
// for anything: what it shows was finished before.
package views

import "charla/chat"

// Page is what every full page needs besides its content.
type Page struct {
	Locale
	Nonce     string                   // of this answer's Content-Security-Policy
	Me        chat.User                // zero for a guest
	HTTP2     bool                     // a hidden tab may keep its stream: the browser reaches us over HTTP/2
	Media     chat.Media               // how people are reached who are away
	AssetURL  func(name string) string // the hashed URL of a static file such as "charla.css"
	HasUnread bool                     // something is unread, which the icon shows
}
