//go:build linux

package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
)

// A mark is a string in the text of a message by which this program recognizes the message. It consists of a random
// prefix, which is the same for the whole run and occurs in no other text, and the number of the message.
const (
	prefixLength = 9
	numberLength = 7
	markLength   = prefixLength + numberLength
)

func newPrefix() string { return "q" + strings.ToLower(rand.Text()[:prefixLength-1]) }

func mark(prefix string, n int) string { return fmt.Sprintf("%s%0*d", prefix, numberLength, n) }

// markScanner finds marks in the content of one stream, which arrives in pieces. A mark is a string in the text of a
// message that identifies the message.
type markScanner struct {
	tail       [markLength - 1]byte // the end of the previous content, where a mark may begin
	tailLength int                  // how many bytes of tail are used
}

// scan takes the next piece p of the content. It calls found with the message number of every mark that ends in p, even
// if the mark begins in an earlier piece.
func (s *markScanner) scan(prefix, p []byte, found func(n int)) {
	if s.tailLength > 0 {
		var seam [2 * (markLength - 1)]byte
		n := copy(seam[:], s.tail[:s.tailLength])
		n += copy(seam[n:], p[:min(len(p), markLength-1)])
		findMarks(prefix, seam[:n], found)
	}
	findMarks(prefix, p, found)
	s.keepTail(p)
}

// findMarks calls found with the message number of every complete mark in p. To find marks that lie across two pieces,
// scan also calls it with the end of one piece joined to the start of the next. Each of the two parts is shorter than a
// mark, so that no mark is found twice.
func findMarks(prefix, p []byte, found func(n int)) {
	for {
		i := bytes.Index(p, prefix)
		if i < 0 || i+markLength > len(p) {
			return
		}
		if n, err := strconv.Atoi(string(p[i+prefixLength : i+markLength])); err == nil {
			found(n)
		}
		p = p[i+markLength:]
	}
}

func (s *markScanner) keepTail(p []byte) {
	if len(p) >= len(s.tail) {
		s.tailLength = copy(s.tail[:], p[len(p)-len(s.tail):])
		return
	}
	drop := max(0, s.tailLength+len(p)-len(s.tail))
	n := copy(s.tail[:], s.tail[drop:s.tailLength])
	s.tailLength = n + copy(s.tail[n:], p)
}

// bitset is a set of numbers from 0. It grows as numbers are added.
type bitset []uint64

// add adds n and reports whether the set did not contain it before.
func (s *bitset) add(n int) bool {
	for n/64 >= len(*s) {
		*s = append(*s, 0)
	}
	word, bit := &(*s)[n/64], uint64(1)<<(n%64)
	fresh := *word&bit == 0
	*word |= bit
	return fresh
}

func (s bitset) has(n int) bool { return n/64 < len(s) && s[n/64]&(1<<(n%64)) != 0 }
