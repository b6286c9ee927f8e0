package stream

import (
	"charla/handlers/web"
)

type emptyJSON struct{}

// Docs describes the events of a JSON stream by their names.
var Docs = map[string]web.EventDoc{
	"ready":    {Data: readyJSON{}, Description: "what was missed has been told, or without a conversation where all stand; from here on it is live"},
	"message":  {Data: web.MessageJSON{}, Description: "a new message; its id is the cursor, as everywhere"},
	"edited":   {Data: web.MessageJSON{}, Description: "a message has another text"},
	"deleted":  {Data: web.MessageJSON{}, Description: "a message has no text any more"},
	"reaction": {Data: web.MessageJSON{}, Description: "somebody reacted to a message, or took that back"},
	"presence": {Data: presenceJSON{}, Description: "who came and went, how many are here, and who is called otherwise"},
	"typing":   {Data: typingJSON{}, Description: "who else is writing; nobody in it: nobody any more"},
	"changed":  {Data: web.ConversationJSON{}, Description: "a conversation of one's own went on, began, also by joining, or has another name; all of them at the start"},
	"left":     {Data: leftJSON{}, Description: "one is no longer in this room, by oneself or by another"},
	"read":     {Data: web.ConversationJSON{}, Description: "one has read, perhaps elsewhere"},
	"resync":   {Data: emptyJSON{}, Description: "the cursor is of no use: fetch again with GET /messages"},
	"gone":     {Data: emptyJSON{}, Description: "one is no longer in this room"},
	"logout":   {Data: emptyJSON{}, Description: "the session is over"},
	"bye":      {Data: emptyJSON{}, Description: "the stream is over: do not come back by yourself"},
	"restart":  {Data: emptyJSON{}, Description: "the server restarts: come back after retry milliseconds, with the cursor"},
}
