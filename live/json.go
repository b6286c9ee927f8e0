package live

import (
	"bytes"
	"encoding/json"
)

// MarshalJSON returns the JSON of a value for an event or a relay message. It does not escape the characters of HTML
// tags, because that would double the size of rendered messages. It panics if JSON cannot represent the value, which
// never happens for events.
func MarshalJSON(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
