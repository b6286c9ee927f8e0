package markdown

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// autolinkParser turns addresses in the text into links. goldmark calls it at a colon. It then moves the scheme, which
// it finds before the colon, from the text into the link.
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
	start, n := tail.Start+at[0], urlLength(line, endsAddress)
	if dash := bytes.Index(line[:n], []byte("——")); dash >= 0 { // a dash in Chinese
		n = dash
	}
	address := trimAddress(block.Source()[start:segment.Start+n], block.Source()[:start], pc)
	href, ok := safeURL(address)
	if !ok || !withinLimit(pc) {
		return literal(block, n)
	}
	before.Segment = before.Segment.WithStop(start)
	block.Advance(start + len(address) - segment.Start)
	link := newLink(href, text.NewSegment(start, start+len(address)))
	link.SetAttributeString(isAddress, true)
	return link
}

// isAddress is the name of the node attribute that marks links whose text is their address.
const isAddress = "address"

// trimAddress returns an address without what follows it in the text: the punctuation of the sentence around it, and
// delimiters such as * that were opened before it. A delimiter that was not opened before the address belongs to the
// address.
func trimAddress(address, before []byte, pc parser.Context) string {
	var open map[delimiter]int
	for {
		address = bytes.TrimRight(address, ".,;:!?—'׳״")
		if len(address) == 0 || !bytes.ContainsAny(address[len(address)-1:], "*_~") {
			return string(address)
		}
		if open == nil {
			open = openDelimiters(pc)
		}
		text := bytes.TrimRight(address, string(address[len(address)-1:]))
		run := address[len(text):]
		last := delimiter{run[0], len(run)}
		if open[last] == 0 && (isDelimiter(string(run)) || !bytes.HasSuffix(before, run)) {
			return string(address)
		}
		open[last]--
		address, before = text, bytes.TrimSuffix(before, run)
	}
}

// delimiter is a kind of emphasis delimiter: a character and how often it is repeated.
type delimiter struct {
	char   byte
	length int
}

// openDelimiters returns, for each kind of delimiter, how many were opened before the current position and are not
// closed yet.
func openDelimiters(pc parser.Context) map[delimiter]int {
	open := map[delimiter]int{}
	for d := pc.FirstDelimiter(); d != nil; d = d.NextDelimiter {
		kind := delimiter{d.Char, d.OriginalLength}
		switch {
		case d.CanClose && open[kind] > 0:
			open[kind]--
		case d.CanOpen:
			open[kind]++
		}
	}
	return open
}

// urlLength returns how many bytes at the start of a line can belong to a URL. The URL ends before a space, an ASCII
// quotation mark, an invisible character, a closing bracket that was not opened in the URL, or a character for which
// isEnd returns true.
func urlLength(line []byte, isEnd func(rune) bool) int {
	round, square, curly := 0, 0, 0
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
		case '{':
			curly++
		case '}':
			curly--
		}
		return round < 0 || square < 0 || curly < 0 || strings.ContainsRune("<>\"`", r) ||
			unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf) || isEnd(r)
	})
	if end < 0 {
		return len(line)
	}
	return end
}

// endsAddress reports whether an address in the text ends before r, because r is a quotation mark, bracket or sentence
// mark of any script, or other punctuation that never belongs to an address. It returns false for all ASCII characters.
func endsAddress(r rune) bool {
	if r < utf8.RuneSelf {
		return false
	}
	return unicode.In(r, unicode.Quotation_Mark, unicode.Terminal_Punctuation, unicode.Ps, unicode.Pe,
		unicode.Pi, unicode.Pf) || unicode.In(r, unicode.P, unicode.S) && unicode.Is(textPunctuation, r)
}

// endsWrittenLink always returns false: the address of [label](address) ends only at its bracket.
func endsWrittenLink(rune) bool { return false }

// textPunctuation covers the ranges of Unicode whose punctuation and symbols never belong to an address.
var textPunctuation = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x055A, Hi: 0x055F, Stride: 1}, // Armenian
	{Lo: 0x0600, Hi: 0x06FF, Stride: 1}, // Arabic
	{Lo: 0x2025, Hi: 0x2026, Stride: 1}, // dot leader and ellipsis
	{Lo: 0x275B, Hi: 0x2760, Stride: 1}, // ornamental quotation marks
	{Lo: 0x3000, Hi: 0x303F, Stride: 1}, // CJK symbols and punctuation
	{Lo: 0x30A0, Hi: 0x30A0, Stride: 1}, // the double hyphen of Katakana
	{Lo: 0x30FB, Hi: 0x30FB, Stride: 1}, // the middle dot of Katakana
	{Lo: 0xFE10, Hi: 0xFE1F, Stride: 1}, // vertical forms
	{Lo: 0xFE30, Hi: 0xFE6F, Stride: 1}, // CJK compatibility forms and small forms
	{Lo: 0xFF00, Hi: 0xFFEF, Stride: 1}, // half-width and full-width forms
}, R32: []unicode.Range32{
	{Lo: 0x1F676, Hi: 0x1F678, Stride: 1}, // ornamental quotation marks
}}

// maxURLBytes is the longest URL that becomes a link. Many browsers and servers do not accept longer ones.
const maxURLBytes = 2048

// safeURL returns the normalized form of an http, https or mailto URL, and whether address is one. It rejects web URLs
// with user information, because https://bank.example@evil.example looks like the address of another site. It encodes a
// percent sign that no two hexadecimal digits follow.
func safeURL(address string) (string, bool) {
	u, err := url.Parse(encodePercents(address))
	if err != nil || len(address) > maxURLBytes {
		return "", false
	}
	switch u.Scheme {
	case "http", "https":
		return u.String(), u.Hostname() != "" && !strings.Contains(u.Host, "%") && u.User == nil
	case "mailto":
		return u.String(), strings.Contains(u.Opaque, "@")
	}
	return "", false
}

// encodePercents encodes each percent sign that is not followed by two hexadecimal digits, because it does not begin an
// encoded byte.
func encodePercents(address string) string {
	first, rest, found := strings.Cut(address, "%")
	var b strings.Builder
	for b.WriteString(first); found; {
		if len(rest) < 2 || !isHexDigit(rest[0]) || !isHexDigit(rest[1]) {
			b.WriteString("%25")
		} else {
			b.WriteByte('%')
		}
		first, rest, found = strings.Cut(rest, "%")
		b.WriteString(first)
	}
	return b.String()
}

func isHexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
