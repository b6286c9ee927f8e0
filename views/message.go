package views

import (
	"charla/chat"
)

// messageClass names how a line stands to its neighbours, and its author.
func messageClass(m chat.Message) string {
	class := "message by-" + number(m.AuthorID)
	if m.Leads {
		class += " message--leads"
	}
	return class
}

// author is who wrote a message, as a person.
func author(m chat.Message) chat.Person {
	return chat.Person{ID: m.AuthorID, Name: m.AuthorName, Avatar: m.AuthorAvatar}
}
