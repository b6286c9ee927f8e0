package stream

import "charla/handlers/web"

// emptyJSON is the data of an event that says everything by its name.
type emptyJSON struct{}

// Docs documents the events that event streams send to programs.
var Docs = []web.EventDoc{
	{
		Name: "message", Data: web.MessageJSON{},
		Description: "A message is new, or was missed. It comes in its current state.",
	},
	{
		Name: "edited", Data: web.MessageJSON{},
		Description: "A message was edited. Replace the message with the same seq, if you have it.",
	},
	{
		Name: "deleted", Data: web.MessageJSON{},
		Description: "A message was deleted. Replace the message with the same seq, if you have it.",
	},
	{
		Name: "reaction", Data: web.MessageJSON{},
		Description: "The reactions of a message changed. Replace the message with the same seq, if you have it.",
	},
	{
		Name: "pinned", Data: web.MessageJSON{},
		Description: "A message was pinned, or unpinned: then it has no field pinned. Replace the message with the " +
			"same seq, if you have it.",
	},
	{
		Name: "ready", Data: readyJSON{},
		Description: "Everything that was missed has been sent. What follows is live. Without a conversation, " +
			"the state of all conversations has been sent.",
	},
	{
		Name: "presence", Data: presenceJSON{},
		Description: "How many people are online, and who came, left or changed their name or picture. " +
			"people lists the first hundred when they changed.",
	},
	{
		Name: "typing", Data: typingJSON{},
		Description: "Who else is typing, at most three. The list is empty when everybody has stopped.",
	},
	{
		Name: "changed", Data: web.ConversationJSON{},
		Description: "A conversation changed, is new for you, or has another name, level or mute. At the start there " +
			"is one for each conversation; conversations not among them when ready comes are no longer yours.",
	},
	{
		Name: "left", Data: leftJSON{},
		Description: "You left this room or were removed from it.",
	},
	{
		Name: "read", Data: web.ConversationJSON{},
		Description: "You have read a conversation, here or elsewhere.",
	},
	{
		Name: "inbox", Data: unseenJSON{},
		Description: "How many items of your inbox you have not seen. At the start, and when the number changes.",
	},
	{
		Name: "logout", Data: emptyJSON{}, Browsers: true,
		Description: "The session ended.",
	},
	{
		Name: "gone", Data: emptyJSON{}, Browsers: true,
		Description: "You are no longer in this room.",
	},
	{
		Name: "bye", Data: emptyJSON{}, Browsers: true,
		Description: "The stream ended. Do not reconnect automatically.",
	},
	{
		Name: "restart", Data: emptyJSON{}, Browsers: true,
		Description: "The server restarts. Reconnect after retry milliseconds, with your cursor.",
	},
	{
		Name: "resync", Data: emptyJSON{}, Browsers: true,
		Description: "Your cursor cannot be used: it is unknown, more than 500 messages behind, or older than an " +
			"account deletion in the room. Load the page again, or catch up with GET /messages.",
	},
}
