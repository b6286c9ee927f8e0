package live

import (
	"bytes"
	"encoding/json"
)

// MarshalJSON returns the JSON of a value for an event or a relay message. It does not escape HTML, because that
// doubles the size of rendered messages. It panics for values that JSON cannot represent, which events do not
// contain.
func MarshalJSON(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
