package views

import "charla/chat"

// FaviconName returns the name of the favicon's file. There is one for unread messages and one for none.
func FaviconName(unread bool) string {
	if unread {
		return "icon-unread.svg"
	}
	return "icon.svg"
}

// soundURL returns the URL that answers with a sound for the message with the number seq, unless the user has read the
// message by then.
func soundURL(p chat.ConversationRef, seq int64) string {
	return "/sound?" + conversationQuery(p) + "&seq=" + formatInt(seq)
}
