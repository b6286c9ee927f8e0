package markdown

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// The levels of emphasis.
const (
	italic = 1
	bold   = 2
)

// literal consumes the next n bytes of the line as plain text.
func literal(block text.Reader, n int) ast.Node {
	_, segment := block.PeekLine()
	block.Advance(n)
	return ast.NewTextSegment(segment.WithStop(segment.Start + n))
}

// runLength returns how many times the first byte of a line repeats at its start.
func runLength(line []byte) int { return len(line) - len(bytes.TrimLeft(line, string(line[:1]))) }

// emphasisParser parses *bold*, **bold**, _italic_ and ~~struck~~. The closing delimiter must equal the opening one.
// Delimiters inside a word are plain text, as in snake_case and 2*3*4.
type emphasisParser struct{}

func (emphasisParser) Trigger() []byte { return []byte("*_~") }

func (emphasisParser) Parse(_ ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, segment := block.PeekLine()
	n, before := runLength(line), block.PrecendingCharacter()
	after, _ := utf8.DecodeRune(line[n:])
	if !isDelimiter(string(line[:n])) || isWordRune(before) && isWordRune(after) || !withinLimit(pc) {
		return literal(block, n)
	}
	mark := parser.ScanDelimiter(line, before, n, delimiterProcessor(line[0]))
	mark.Segment = segment.WithStop(segment.Start + n)
	block.Advance(n)
	pc.PushDelimiter(mark)
	return mark
}

func isDelimiter(s string) bool { return s == "*" || s == "**" || s == "_" || s == "~~" }
func isWordRune(r rune) bool    { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// delimiterProcessor pairs the delimiters that consist of one character, and makes the node between a pair.
type delimiterProcessor byte

func (p delimiterProcessor) IsDelimiter(b byte) bool { return b == byte(p) }

func (p delimiterProcessor) CanOpenCloser(opener, closer *parser.Delimiter) bool {
	return opener.Char == closer.Char && opener.OriginalLength == closer.OriginalLength
}

func (p delimiterProcessor) OnMatch(int) ast.Node {
	switch p {
	case '~':
		return extast.NewStrikethrough()
	case '_':
		return ast.NewEmphasis(italic)
	}
	return ast.NewEmphasis(bold)
}

// codeSpanParser parses code within a line, between two runs of equally many backticks. A search for the closing run
// fails only for runs of different lengths, and few of these fit into a line, so parsing stays fast.
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

// findRun returns the position of the next run of exactly n backticks after the first n bytes of line, or -1.
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

// linkParser parses [label](address). A link whose label looks like another address is left as typed: it would deceive.
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
	n := urlLength(rest)
	href, ok := safeURL(string(rest[:n]))
	if !ok || n == len(rest) || rest[n] != ')' || len(bytes.TrimSpace(label)) == 0 ||
		isDeceptiveLink(string(label), string(rest[:n])) || !withinLimit(pc) {
		return nil
	}
	block.Advance(end + 2 + n + 1)
	return newLink(href, text.NewSegment(segment.Start+1, segment.Start+end))
}

// looksLikeDomain matches text that people take for a domain name.
var looksLikeDomain = regexp.MustCompile(`[\pL\pN]\.\pL{2,}`)

// isDeceptiveLink reports whether the label of a link looks like an address other than its own, or contains invisible
// characters that may hide one.
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

// autolinkParser turns addresses in the text into links. The parser calls it at a colon; it then moves the scheme from
// the text before the colon into the link.
type autolinkParser struct{}

var schemeSuffix = regexp.MustCompile(`(?i)(?:https?|mailto)$`)

func (autolinkParser) Trigger() []byte { return []byte(":") }

func (autolinkParser) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, segment := block.PeekLine()
	before, ok := parent.LastChild().(*ast.Text)
	if !ok || before.Segment.Stop != segment.Start {
		return nil
	}
	tail := before.Segment.WithStart(max(before.Segment.Start, segment.Start-len("mailto")))
	at := schemeSuffix.FindIndex(tail.Value(block.Source()))
	if at == nil {
		return nil
	}
	start, n := tail.Start+at[0], urlLength(line)
	address := strings.TrimRight(string(block.Source()[start:segment.Start+n]), ".,;:!?…»”*_~")
	href, ok := safeURL(address)
	if !ok || !withinLimit(pc) {
		return literal(block, n)
	}
	before.Segment = before.Segment.WithStop(start)
	block.Advance(start + len(address) - segment.Start)
	return newLink(href, text.NewSegment(start, start+len(address)))
}

// urlLength returns how many bytes at the start of a line can belong to a URL. The URL ends before a space, a quotation
// mark, an invisible character, or a closing bracket without its opening one.
func urlLength(line []byte) int {
	round, square := 0, 0
	end := bytes.IndexFunc(line, func(r rune) bool {
		switch r {
		case '(':
			round++
		case ')':
			round--
		case '[':
			square++
		case ']':
			square--
		}
		return round < 0 || square < 0 || strings.ContainsRune("<>\"'`", r) ||
			unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf)
	})
	if end < 0 {
		return len(line)
	}
	return end
}

// maxURLBytes is the longest URL that becomes a link. Many browsers and servers do not accept longer ones.
const maxURLBytes = 2048

// safeURL returns an http, https or mailto URL in its normalized form, and false for anything else. It rejects web URLs
// with user information, because https://bank.example@evil.example looks like the address of another site.
func safeURL(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxURLBytes {
		return "", false
	}
	switch u.Scheme {
	case "http", "https":
		return u.String(), u.Hostname() != "" && u.User == nil
	case "mailto":
		return u.String(), strings.Contains(u.Opaque, "@")
	}
	return "", false
}
