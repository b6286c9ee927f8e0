package web

// EventDoc describes an event of a JSON stream in openapi.json.
type EventDoc struct {
	Data        any    // a value of the type that the event carries as JSON
	Description string // one sentence
}
