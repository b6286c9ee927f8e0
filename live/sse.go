package live

import (
	"bytes"
	"strconv"
)

// ServerSentEvent is one event of a text/event-stream (HTML standard, section 9.2). AppendTo omits ID, Name and
// RetryMillis if they are empty or zero. It omits Data if it is nil and writes an empty data line if it is empty.
type ServerSentEvent struct {
	ID          string
	Name        string
	RetryMillis int // how long a reader that lost the connection waits before it reconnects
	Data        []byte
}

// AppendTo appends the event, with the empty line that ends it, to b. It removes line breaks from ID and Name, and
// writes each line of Data as a data line.
func (e ServerSentEvent) AppendTo(b []byte) []byte {
	b = appendField(b, "event: ", e.Name)
	b = appendField(b, "id: ", e.ID)
	if e.RetryMillis > 0 {
		b = appendField(b, "retry: ", strconv.Itoa(e.RetryMillis))
	}
	for rest, more := e.Data, e.Data != nil; more; {
		var line []byte
		line, rest, more = cutLine(rest)
		b = append(append(append(b, "data: "...), line...), '\n')
	}
	return append(b, '\n')
}

// KeepAliveComment is a comment in a text/event-stream. Readers ignore it, but proxies see that the connection is in
// use and do not close it.
var KeepAliveComment = []byte(":\n\n")

// appendField appends a field line, unless value is empty. It removes line breaks and NUL from value.
func appendField(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, name...)
	for i := range len(value) {
		if c := value[i]; c != '\n' && c != '\r' && c != 0 {
			b = append(b, c)
		}
	}
	return append(b, '\n')
}

// cutLine splits b at its first line break. That may be CRLF, LF or CR, because readers accept all three as line
// breaks. More is false if there is no line break.
func cutLine(b []byte) (line, rest []byte, more bool) {
	i := bytes.IndexAny(b, "\r\n")
	if i < 0 {
		return b, nil, false
	}
	width := 1
	if b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n' {
		width = 2
	}
	return b[:i], b[i+width:], true
}
