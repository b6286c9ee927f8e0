package chat

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

// literal takes the next n bytes of the line as text.
func literal(block text.Reader, n int) ast.Node {
	_, segment := block.PeekLine()
	block.Advance(n)
	return ast.NewTextSegment(segment.WithStop(segment.Start + n))
}

// runLength counts how often a line begins with its first byte.
func runLength(line []byte) int { return len(line) - len(bytes.TrimLeft(line, string(line[:1]))) }

// emphasisParser finds *bold*, **bold**, _italic_ and ~~struck~~. A mark is closed by the same mark, and stands at the edge of a
// word: not in snake_case, not in 2*3*4.
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

// delimiterProcessor tells which marks of a character belong together, and what is between them.
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

// codeSpanParser finds code within a line, between as many backticks on either side. Only runs of different lengths are searched
// for in vain, and few of them fit into a line.
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
		code = inner // a space that keeps backticks apart
	}
	start := segment.Start + n + bytes.Index(line[n:end], code)
	span := ast.NewCodeSpan()
	span.AppendChild(span, ast.NewTextSegment(text.NewSegment(start, start+len(code))))
	block.Advance(end + n)
	return span
}

// findRun finds the next run of exactly n backticks after the first n bytes, or -1.
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

// linkParser finds [text](address). A text that looks like another address would deceive.
type linkParser struct{}

func (linkParser) Trigger() []byte { return []byte("[") }

func (linkParser) Parse(_ ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, segment := block.PeekLine()
	end := 1 + bytes.IndexAny(line[1:], "[]")
	if end == 0 || !bytes.HasPrefix(line[end:], []byte("](")) {
		return nil
	}
	label, rest := line[1:end], line[end+2:]
	rest, _, _ = bytes.Cut(rest, []byte("[")) // each piece of the line is looked at once
	n := urlLength(rest)
	href, ok := safeURL(string(rest[:n]))
	if !ok || n == len(rest) || rest[n] != ')' || len(bytes.TrimSpace(label)) == 0 ||
		isDeceptiveLink(string(label), string(rest[:n])) || !withinLimit(pc) {
		return nil
	}
	block.Advance(end + 2 + n + 1)
	return newLink(href, text.NewSegment(segment.Start+1, segment.Start+end))
}

// looksLikeDomain matches what people take for the name of a site.
var looksLikeDomain = regexp.MustCompile(`[\pL\pN]\.\pL{2,}`)

// isDeceptiveLink tells whether a label looks like another address than the one it leads to, or hides what it looks like.
func isDeceptiveLink(label, address string) bool {
	_, bare, _ := strings.Cut(address, ":")
	for _, whole := range []string{address, strings.TrimPrefix(bare, "//")} {
		if rest, ok := strings.CutPrefix(whole, label); ok && (rest == "" || strings.ContainsRune("/?#", rune(rest[0]))) {
			return false // what is left begins after the name of the site
		}
	}
	return strings.Contains(label, "://") || looksLikeDomain.MatchString(label) || strings.ContainsFunc(label, func(r rune) bool { return unicode.Is(unicode.Cf, r) })
}

func newLink(href string, label text.Segment) ast.Node {
	link := ast.NewLink()
	link.Destination = []byte(href)
	link.AppendChild(link, ast.NewTextSegment(label))
	return link
}

// autolinkParser finds addresses that stand in the text. It is called at their colon, and takes the scheme back from the
// text before it.
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

// urlLength is how much of a line can belong to an address: up to a space, a quote, what cannot be seen, or a closing
// bracket that it did not open.
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
		return round < 0 || square < 0 || strings.ContainsRune("<>\"'`", r) || unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf)
	})
	if end < 0 {
		return len(line)
	}
	return end
}

// maxURLBytes is in bytes. Browsers and servers take no more either.
const maxURLBytes = 2048

// safeURL is what an address of the web or of mail is in HTML. One with a user in it looks like another site's.
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
