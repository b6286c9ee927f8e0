package markdown

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// literal reads the next n bytes of the line and returns them as plain text.
func literal(block text.Reader, n int) ast.Node {
	_, segment := block.PeekLine()
	block.Advance(n)
	return ast.NewTextSegment(segment.WithStop(segment.Start + n))
}

// runLength returns how often the first byte of a line is repeated at the start of the line. For "**a" it returns 2.
func runLength(line []byte) int { return len(line) - len(bytes.TrimLeft(line, string(line[:1]))) }

// codeSpanParser parses code between two runs of equally many backticks on the same line. For a run without a closing
// run of the same length it searches to the end of the line. Parsing stays fast nevertheless, because a line has room
// for few runs of different lengths.
type codeSpanParser struct{}

func (codeSpanParser) Trigger() []byte { return []byte("`") }

func (codeSpanParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, segment := block.PeekLine()
	n := runLength(line)
	end := findRun(line, n)
	if end < 0 {
		return literal(block, n)
	}
	code := line[n:end]
	if inner := bytes.TrimSpace(code); len(inner) > 0 && (inner[0] == '`' || inner[len(inner)-1] == '`') {
		code = inner // without the spaces that separate backticks in the code from the delimiters
	}
	start := segment.Start + n + bytes.Index(line[n:end], code)
	span := ast.NewCodeSpan()
	span.AppendChild(span, ast.NewTextSegment(text.NewSegment(start, start+len(code))))
	block.Advance(end + n)
	return span
}

// findRun returns the position of a closing run of exactly n backticks in line, or -1. It skips the first n bytes,
// which are the opening run.
func findRun(line []byte, n int) int {
	for pos := n; ; {
		next := bytes.IndexByte(line[pos:], '`')
		if next < 0 {
			return -1
		}
		pos += next
		length := runLength(line[pos:])
		if length == n {
			return pos
		}
		pos += length
	}
}

// linkParser parses [label](address). If the label looks like another address, the link would deceive readers, so it
// shows as it was typed.
type linkParser struct{}

func (linkParser) Trigger() []byte { return []byte("[") }

func (linkParser) Parse(_ ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, segment := block.PeekLine()
	end := 1 + bytes.IndexAny(line[1:], "[]")
	if end == 0 || !bytes.HasPrefix(line[end:], []byte("](")) {
		return nil
	}
	label, rest := line[1:end], line[end+2:]
	rest, _, _ = bytes.Cut(rest, []byte("[")) // so that parsing reads each part of the line once
	n := urlLength(rest, endsWrittenLink)
	href, ok := safeURL(string(rest[:n]))
	if !ok || n == len(rest) || rest[n] != ')' || len(bytes.TrimSpace(label)) == 0 ||
		isDeceptiveLink(string(label), string(rest[:n])) || !withinLimit(pc) {
		return nil
	}
	block.Advance(end + 2 + n + 1)
	return newLink(href, text.NewSegment(segment.Start+1, segment.Start+end))
}

// looksLikeDomain matches text that people would take for a domain name.
var looksLikeDomain = regexp.MustCompile(`[\pL\pN]\.\pL{2,}`)

// isDeceptiveLink reports whether the label of a link looks like a different address, or contains invisible characters
// that may hide one.
func isDeceptiveLink(label, address string) bool {
	_, bare, _ := strings.Cut(address, ":")
	for _, whole := range []string{address, strings.TrimPrefix(bare, "//")} {
		rest, ok := strings.CutPrefix(whole, label)
		if ok && (rest == "" || strings.ContainsRune("/?#", rune(rest[0]))) {
			return false // the label is the address up to a path, query or fragment
		}
	}
	isInvisible := func(r rune) bool { return unicode.Is(unicode.Cf, r) }
	return strings.Contains(label, "://") || looksLikeDomain.MatchString(label) ||
		strings.ContainsFunc(label, isInvisible)
}

func newLink(href string, label text.Segment) ast.Node {
	link := ast.NewLink()
	link.Destination = []byte(href)
	link.AppendChild(link, ast.NewTextSegment(label))
	return link
}
