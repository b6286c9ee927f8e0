package views

import (
	"charla/chat"
)

// messageClass returns the CSS classes of a message. They say who the author is, and whether the message is the first
// of a group of messages by one author.
func messageClass(m chat.Message) string {
	class := "message by-" + formatInt(m.AuthorID)
	if m.StartsGroup {
		class += " message--group-start"
	}
	if m.Notified {
		class += " message--notifies-all"
	}
	return class
}

// authorOf returns the author of a message.
func authorOf(m chat.Message) chat.UserSummary {
	return chat.UserSummary{ID: m.AuthorID, Name: m.AuthorName, Avatar: m.AuthorAvatar}
}
