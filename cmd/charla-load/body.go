//go:build linux

package main

import "bytes"

// body takes the frames of chunked encoding off an answer, which arrives in any pieces. The zero body is chunked.
type body struct {
	whole bool // not chunked: everything is content
	left  int  // what is still to come of a chunk
	size  int  // the size of the next chunk, as far as it is read
	digit bool // there was some of it
	ended bool
}

// next cuts the first piece of content off p. Empty content means that p held no more.
func (b *body) next(p []byte) (content, rest []byte) {
	if b.whole {
		return p, nil
	}
	for b.left == 0 && len(p) > 0 {
		b.sizeLine(p[0])
		p = p[1:]
	}
	n := min(b.left, len(p))
	b.left -= n
	return p[:n], p[n:]
}

// sizeLine reads a byte between chunks: the line end of the last one, then a hexadecimal size and a line end.
func (b *body) sizeLine(c byte) {
	switch {
	case c >= '0' && c <= '9':
		b.size, b.digit = b.size<<4+int(c-'0'), true
	case c >= 'a' && c <= 'f':
		b.size, b.digit = b.size<<4+int(c-'a'+10), true
	case c == '\n' && b.digit:
		b.ended = b.ended || b.size == 0
		b.left, b.size, b.digit = b.size, 0, false
	}
}

var headerEnd = []byte("\r\n\r\n")

// splitHead cuts the headers of an answer off; ok is false while they are not complete.
func splitHead(p []byte) (head, rest []byte, ok bool) {
	i := bytes.Index(p, headerEnd)
	if i < 0 {
		return nil, nil, false
	}
	return p[:i+2], p[i+len(headerEnd):], true
}

// isStream tells whether an answer is a stream, and whether it is chunked.
func isStream(head []byte) (ok, chunked bool) {
	head = bytes.ToLower(head)
	return bytes.HasPrefix(head, []byte("http/1.1 200 ")) && bytes.Contains(head, []byte("\r\ncontent-type: text/event-stream")),
		bytes.Contains(head, []byte("\r\ntransfer-encoding: chunked\r\n"))
}
