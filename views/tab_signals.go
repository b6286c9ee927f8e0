package views

import "charla/chat"

// FaviconName returns the file name of the favicon. There are two files: the one for unread messages has a dot.
func FaviconName(unread bool) string {
	if unread {
		return "icon-unread.svg"
	}
	return "icon.svg"
}

// soundURL returns the URL of a request for the sound of a new message. seq is the number of the message in its room.
// The answer contains no sound if the user has already read the message.
func soundURL(p chat.ConversationRef, seq int64) string {
	return "/sound?" + conversationQuery(p) + "&seq=" + formatInt(seq)
}
