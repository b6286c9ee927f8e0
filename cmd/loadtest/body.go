//go:build linux

package main

import "bytes"

// bodyDecoder takes the frames of chunked encoding off an answer, which arrives in any pieces. The zero body is chunked.
type bodyDecoder struct {
	identity  bool // not chunked: everything is content
	remaining int  // what is still to come of a chunk
	size      int  // the size of the next chunk, as far as it is read
	hasDigit  bool // there was some of it
	done      bool
}

// next cuts the first piece of content off p. Empty content means that p held no more.
func (b *bodyDecoder) next(p []byte) (content, rest []byte) {
	if b.identity {
		return p, nil
	}
	for b.remaining == 0 && len(p) > 0 {
		b.readSizeByte(p[0])
		p = p[1:]
	}
	n := min(b.remaining, len(p))
	b.remaining -= n
	return p[:n], p[n:]
}

// readSizeByte reads a byte between chunks: the line end of the last one, then a hexadecimal size and a line end.
func (b *bodyDecoder) readSizeByte(c byte) {
	switch {
	case c >= '0' && c <= '9':
		b.size, b.hasDigit = b.size<<4+int(c-'0'), true
	case c >= 'a' && c <= 'f':
		b.size, b.hasDigit = b.size<<4+int(c-'a'+10), true
	case c == '\n' && b.hasDigit:
		b.done = b.done || b.size == 0
		b.remaining, b.size, b.hasDigit = b.size, 0, false
	}
}

var headersEnd = []byte("\r\n\r\n")

// splitHeaders cuts the headers of an answer off; ok is false while they are not complete.
func splitHeaders(p []byte) (head, rest []byte, ok bool) {
	i := bytes.Index(p, headersEnd)
	if i < 0 {
		return nil, nil, false
	}
	return p[:i+2], p[i+len(headersEnd):], true
}

// isStream tells whether an answer is a stream, and whether it is chunked.
func isStream(head []byte) (ok, chunked bool) {
	head = bytes.ToLower(head)
	return bytes.HasPrefix(head, []byte("http/1.1 200 ")) && bytes.Contains(head, []byte("\r\ncontent-type: text/event-stream")),
		bytes.Contains(head, []byte("\r\ntransfer-encoding: chunked\r\n"))
}
