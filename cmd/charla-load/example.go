//go:build linux

package main

import "bytes"

// maxExample bounds how much content is kept in search of one message.
const maxExample = 256 << 10

// example is the first event of a stream that carries a message: the reference server sends its bytes.
type example struct {
	kept  []byte
	frame []byte
}

var eventEnd = []byte("\n\n")

// look goes through content until it has seen a whole event with a mark.
func (x *example) look(prefix, content []byte) {
	if x.frame != nil || len(x.kept) > maxExample {
		return
	}
	x.kept = append(x.kept, content...)
	for {
		event, rest, whole := bytes.Cut(x.kept, eventEnd)
		if !whole {
			return
		}
		if bytes.Contains(event, prefix) {
			x.frame = append(bytes.Clone(event), eventEnd...)
			return
		}
		x.kept = rest
	}
}

// marked returns the frame with another mark.
func marked(frame []byte, prefix, mark string) string {
	i := bytes.Index(frame, []byte(prefix))
	return string(frame[:i]) + mark + string(frame[i+markLength:])
}
