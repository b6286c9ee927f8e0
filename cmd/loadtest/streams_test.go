//go:build linux

package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// encodeChunked encodes content in chunks of a given size.
func encodeChunked(content string, size int) string {
	var b strings.Builder
	for len(content) > 0 {
		n := min(size, len(content))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, content[:n])
		content = content[n:]
	}
	return b.String()
}

// TestMarksAcrossReads checks that every mark is found once, however the content is split into chunks and reads.
func TestMarksAcrossReads(t *testing.T) {
	prefix := newPrefix()
	text := "data: <li>" + mark(prefix, 1) + "</li>\n\n" + mark(prefix, 2) + mark(prefix, 3) +
		"x" + prefix + "123" + prefix + "\n"
	for chunk := 1; chunk < len(text)+1; chunk++ {
		wire := encodeChunked(text, chunk)
		for piece := 1; piece < len(wire)+1; piece += 1 + piece/8 {
			var b bodyDecoder
			var s markScanner
			var found []int
			for rest := wire; rest != ""; rest = rest[min(piece, len(rest)):] {
				p := []byte(rest[:min(piece, len(rest))])
				for len(p) > 0 {
					var content []byte
					content, p = b.next(p)
					s.scan([]byte(prefix), content, func(n int) { found = append(found, n) })
				}
			}
			if fmt.Sprint(found) != "[1 2 3]" {
				t.Fatalf("chunks of %d in pieces of %d: found %v", chunk, piece, found)
			}
		}
	}
}

// TestTallyCountsFaults checks that tally finds a missing and a duplicate delivery.
func TestTallyCountsFaults(t *testing.T) {
	p := plan{streams: 3, burst: 3}
	c, err := newStreamGroup(p, target{}, newPrefix())
	if err != nil {
		t.Fatal(err)
	}
	c.close()
	for i := range c.streams {
		for n := range 3 {
			if i != 1 || n != 2 {
				c.recordDelivery(&c.streams[i], n, time.Now().UnixNano())
			}
		}
	}
	c.recordDelivery(&c.streams[2], 0, time.Now().UnixNano())
	r := result{posts: postResults{acknowledged: []bool{true, true, true}, count: 3}}
	r.tally(p, c)
	if r.deliveries != 8 || r.missing != 1 || r.duplicates != 1 {
		t.Errorf("tally counts %d deliveries, %d missing, %d duplicates", r.deliveries, r.missing, r.duplicates)
	}
	if err := r.verdict(); err == nil {
		t.Error("verdict returned no error")
	}
	r.posts.acknowledged[2] = false
	r.missing = 0
	if r.tally(p, c); r.missing != 0 {
		t.Error("tally counts a message as missing that was not acknowledged")
	}
}

func TestSampleEvent(t *testing.T) {
	prefix := newPrefix()
	stream := "id: 1\n\n:\n\nid: 2\ndata: <li>" + mark(prefix, 0) + "</li>\ndata: x\n\nid: 3\n\n"
	var x sampleEvent
	for i := range stream {
		x.scan([]byte(prefix), []byte(stream[i:i+1]))
	}
	want := "id: 2\ndata: <li>" + mark(prefix, 42) + "</li>\ndata: x\n\n"
	if got := replaceMark(x.frame, prefix, mark(prefix, 42)); got != want {
		t.Errorf("the frame is %q, want %q", got, want)
	}
}
