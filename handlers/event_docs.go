package handlers

// EventDoc describes an event of a JSON stream in openapi.json.
type EventDoc struct {
	Data        any    // a value of the type that the event carries as JSON
	Description string // one sentence
}

type emptyJSON struct{}

// Docs describes the events of a JSON stream by their names.
var Docs = map[string]EventDoc{
	"ready":    {readyJSON{}, "what was missed has been told, or without a conversation where all stand; from here on it is live"},
	"message":  {MessageJSON{}, "a new message; its id is the cursor, as everywhere"},
	"edited":   {MessageJSON{}, "a message has another text"},
	"deleted":  {MessageJSON{}, "a message has no text any more"},
	"reaction": {MessageJSON{}, "somebody reacted to a message, or took that back"},
	"presence": {presenceJSON{}, "who came and went, how many are here, and who is called otherwise"},
	"typing":   {typingJSON{}, "who else is writing; nobody in it: nobody any more"},
	"changed":  {ConversationJSON{}, "a conversation of one's own went on, began, also by joining, or has another name; all of them at the start"},
	"left":     {leftJSON{}, "one is no longer in this room, by oneself or by another"},
	"read":     {ConversationJSON{}, "one has read, perhaps elsewhere"},
	"resync":   {emptyJSON{}, "the cursor is of no use: fetch again with GET /messages"},
	"gone":     {emptyJSON{}, "one is no longer in this room"},
	"logout":   {emptyJSON{}, "the session is over"},
	"bye":      {emptyJSON{}, "the stream is over: do not come back by yourself"},
	"restart":  {emptyJSON{}, "the server restarts: come back after retry milliseconds, with the cursor"},
}
