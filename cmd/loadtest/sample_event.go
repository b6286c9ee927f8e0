//go:build linux

package main

import "bytes"

// maxSampleBuffer limits how many bytes of a stream are searched for a message event.
const maxSampleBuffer = 256 << 10

// sampleEvent keeps the first event of a stream that contains a message, so that the reference server can send the same
// bytes.
type sampleEvent struct {
	buffer []byte
	frame  []byte
}

var eventEnd = []byte("\n\n")

// scan searches the next bytes of the stream. It keeps the first complete event that contains prefix, with which the
// marks of this run begin. Later calls do nothing.
func (x *sampleEvent) scan(prefix, content []byte) {
	if x.frame != nil || len(x.buffer) > maxSampleBuffer {
		return
	}
	x.buffer = append(x.buffer, content...)
	for {
		event, rest, whole := bytes.Cut(x.buffer, eventEnd)
		if !whole {
			return
		}
		if bytes.Contains(event, prefix) {
			x.frame = append(bytes.Clone(event), eventEnd...)
			return
		}
		x.buffer = rest
	}
}

// replaceMark returns a copy of a recorded event as if its message had been posted with the given mark. Prefix is the
// beginning of the mark that it replaces.
func replaceMark(frame []byte, prefix, mark string) string {
	i := bytes.Index(frame, []byte(prefix))
	return string(frame[:i]) + mark + string(frame[i+markLength:])
}
