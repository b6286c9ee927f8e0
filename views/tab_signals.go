package views

import "charla/chat"

// FaviconName is the file that shows whether something is unread.
func FaviconName(unread bool) string {
	if unread {
		return "icon-unread.svg"
	}
	return "icon.svg"
}

// soundURL asks for a sound for what came up to a seq, unless it was read meanwhile.
func soundURL(p chat.ConversationRef, seq int64) string {
	return "/sound?" + conversationQuery(p) + "&seq=" + formatInt(seq)
}
