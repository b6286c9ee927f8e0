//go:build linux

package main

import "bytes"

// bodyDecoder decodes the body of a response, which may arrive in pieces of any size. The zero value decodes chunked
// transfer encoding.
type bodyDecoder struct {
	identity  bool // the body is not chunked
	remaining int  // bytes left of the current chunk
	size      int  // the size of the next chunk, as far as it has been read
	hasDigit  bool // at least one digit of the size has been read
	done      bool
}

// next returns the first run of body bytes in p, without the chunk sizes between them, and the rest of p. The content
// is empty if p contains no more body bytes.
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

// readSizeByte reads one byte of the text that stands before a chunk: the line end of the previous chunk, then the size
// of the next chunk in hexadecimal and a line end.
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

// splitHeaders splits a response into its status line with headers and the part of the body that has arrived. It
// returns false while the headers are incomplete.
func splitHeaders(p []byte) (head, rest []byte, ok bool) {
	i := bytes.Index(p, headersEnd)
	if i < 0 {
		return nil, nil, false
	}
	return p[:i+2], p[i+len(headersEnd):], true
}

// isStream reports whether a status line with headers belongs to an event stream, and whether the body of that stream
// uses chunked transfer encoding.
func isStream(head []byte) (ok, chunked bool) {
	head = bytes.ToLower(head)
	return bytes.HasPrefix(head, []byte("http/1.1 200 ")) &&
			bytes.Contains(head, []byte("\r\ncontent-type: text/event-stream")),
		bytes.Contains(head, []byte("\r\ntransfer-encoding: chunked\r\n"))
}
