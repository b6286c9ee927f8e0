package markdown

import (
	"bytes"
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

// emphasisParser parses *bold*, **bold**, _italic_ and ~~struck~~. The closing delimiter must equal the opening one.
// Delimiters inside a word are plain text, as in snake_case and 2*3*4, and so are those of emoticons, as in <_<.
type emphasisParser struct{}

func (emphasisParser) Trigger() []byte { return []byte("*_~") }

func (emphasisParser) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, segment := block.PeekLine()
	n, before := runLength(line), block.PrecendingCharacter()
	after, _ := utf8.DecodeRune(line[n:])
	if !isDelimiter(string(line[:n])) || isWordRune(before) && isWordRune(after) || !withinLimit(pc) {
		return literal(block, n)
	}
	mark := parser.ScanDelimiter(line, before, n, delimiterProcessor(line[0]))
	mark.CanOpen = mark.CanOpen && beginsText(line[n:])
	mark.CanClose = mark.CanClose && endsText(parent, block.Source())
	if !mark.CanOpen && !mark.CanClose {
		return literal(block, n)
	}
	mark.Segment = segment.WithStop(segment.Start + n)
	block.Advance(n)
	pc.PushDelimiter(mark)
	return mark
}

// maxDelimiterBytes is how many bytes of delimiters may separate a delimiter from its text, as in *_~~text~~_*.
const maxDelimiterBytes = 8

// beginsText reports whether text that can be emphasized follows an opening delimiter: a letter, a digit or an emoji
// after other delimiters and opening punctuation, or code or a link.
func beginsText(rest []byte) bool {
	marks := min(len(rest)-len(bytes.TrimLeft(rest, "*_~")), maxDelimiterBytes)
	rest = rest[marks:]
	if len(rest) > 0 && (rest[0] == '`' || rest[0] == '[') {
		return true
	}
	first, size := utf8.DecodeRune(rest)
	if strings.ContainsRune("¡¿\"“„«", first) {
		first, _ = utf8.DecodeRune(rest[size:])
	}
	return isTextRune(first)
}

// endsText reports whether text that can be emphasized precedes a closing delimiter, which is about to become the last
// child of parent: a letter, a digit or an emoji before other delimiters and closing punctuation, or code or a link.
func endsText(parent ast.Node, source []byte) bool {
	last := parent.LastChild()
	for range maxDelimiterBytes {
		if _, ok := last.(*parser.Delimiter); !ok {
			break
		}
		last = last.PreviousSibling()
	}
	switch last := last.(type) {
	case *ast.Link, *ast.CodeSpan:
		return true
	case *ast.Text:
		written := bytes.TrimRight(last.Segment.Value(source), "*_~")
		r, size := utf8.DecodeLastRune(written)
		for range maxPunctuation {
			if !strings.ContainsRune(".,:!?…%\"“”»", r) {
				break
			}
			written = written[:len(written)-size]
			r, size = utf8.DecodeLastRune(written)
		}
		return isTextRune(r)
	}
	return false
}

// maxPunctuation is how many punctuation marks may separate text from its closing delimiter.
const maxPunctuation = 4

// isTextRune reports whether r is a letter, a digit, a mark of a script, or part of an emoji.
func isTextRune(r rune) bool {
	const firstEmoji = 0x1F000
	return r != utf8.RuneError && (isWordRune(r) || unicode.IsMark(r) || r >= firstEmoji)
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
