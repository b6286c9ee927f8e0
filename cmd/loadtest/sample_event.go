//go:build linux

package main

import "bytes"

// maxSampleBuffer limits how many bytes of a stream are searched for a message event.
const maxSampleBuffer = 256 << 10

// sampleEvent keeps the first event of a stream that contains a message of this run. The reference server then sends
// the same bytes for each message, so that both servers do the same work.
type sampleEvent struct {
	buffer []byte
	frame  []byte
}

var eventEnd = []byte("\n\n")

// scan searches the next bytes of a stream for an event with a message of this run, which is recognized by the given
// prefix of its mark. It keeps the first such event once it is complete; later calls do nothing.
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

// replaceMark returns a copy of a recorded event as if its message had been posted with another mark (string that
// identifies a message). It replaces the mark that begins with prefix.
func replaceMark(frame []byte, prefix, mark string) string {
	i := bytes.Index(frame, []byte(prefix))
	return string(frame[:i]) + mark + string(frame[i+markLength:])
}
