package views

import (
	"strconv"

	"charla/chat"
)

// messageClass names how a line stands to its neighbours, and its author.
func messageClass(m chat.Message) string {
	class := "message by-" + strconv.FormatInt(m.AuthorID, 10)
	if m.Leads {
		class += " message--leads"
	}
	return class
}
