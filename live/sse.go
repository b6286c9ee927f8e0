package live

import (
	"bytes"
	"strconv"
)

// ServerSentEvent is one event of a text/event-stream as the HTML standard frames it (section 9.2). ID, Name and Retry are left
// out where empty or zero; Data nil leaves the data out, empty Data sends an empty line of data.
type ServerSentEvent struct {
	ID          string
	Name        string
	RetryMillis int // milliseconds before a reader that lost the stream comes back
	Data        []byte
}

// AppendTo adds the event to b, closed by its empty line. Line breaks in ID and Name are dropped; every line of Data,
// however it ends, becomes a line of its own.
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

// KeepAliveComment is an event that readers ignore: it keeps what stands between from closing an idle connection.
var KeepAliveComment = []byte(":\n\n")

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

// cutLine splits at the first line end that a reader would see: CRLF, LF or CR.
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
