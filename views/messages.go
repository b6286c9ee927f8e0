package views

import (
	"charla/chat"
)

// messageClass names how a line stands to its neighbours, and its author.
func messageClass(m chat.Message) string {
	class := "message by-" + formatInt(m.AuthorID)
	if m.StartsGroup {
		class += " message--group-start"
	}
	return class
}

// authorOf is who wrote a message, as a person.
func authorOf(m chat.Message) chat.UserSummary {
	return chat.UserSummary{ID: m.AuthorID, Name: m.AuthorName, Avatar: m.AuthorAvatar}
}
