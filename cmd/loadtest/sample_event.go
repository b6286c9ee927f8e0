//go:build linux

package main

import "bytes"

// maxSampleBuffer limits how many bytes are searched for a message event.
const maxSampleBuffer = 256 << 10

// sampleEvent finds the first event with a message in a stream. The reference server sends the same bytes.
type sampleEvent struct {
	buffer []byte
	frame  []byte
}

var eventEnd = []byte("\n\n")

// scan reads content until it has found a complete event with a mark.
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

// replaceMark returns the frame with another mark.
func replaceMark(frame []byte, prefix, mark string) string {
	i := bytes.Index(frame, []byte(prefix))
	return string(frame[:i]) + mark + string(frame[i+markLength:])
}
