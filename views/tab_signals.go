package views

import "charla/chat"

// FaviconName returns the name of the icon file, which shows whether there are unread messages.
func FaviconName(unread bool) string {
	if unread {
		return "icon-unread.svg"
	}
	return "icon.svg"
}

// soundURL returns the URL that answers with a sound for the message seq, unless that has been read meanwhile.
func soundURL(p chat.ConversationRef, seq int64) string {
	return "/sound?" + conversationQuery(p) + "&seq=" + formatInt(seq)
}
