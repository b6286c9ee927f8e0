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

// The kinds of emphasis, as the Level of a goldmark emphasis node.
const (
	italic = 1
	bold   = 2
)

// emphasisParser parses *bold*, **bold**, _italic_ and ~~struck~~. The closing delimiter must equal the opening one.
// Delimiters inside a word are plain text, as in snake_case and 2*3*4. Delimiters in an emoticon are plain text too, as
// in <_<.
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

// maxDelimiterBytes is how many bytes of delimiters may stand between a delimiter and the text that it emphasizes, as
// in *_~~text~~_*.
const maxDelimiterBytes = 8

// beginsText reports whether rest, the text after an opening delimiter, begins with something that can be emphasized:
// code, a link, or a letter, digit or emoji. Other delimiters and opening punctuation may stand before it.
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
	return isTextRune(first) && !isFaceRune(first)
}

// isFaceRune reports whether r can follow a letter, but begins no word. Such characters draw the eyes and cheeks of
// faces, as in (*ﾟ∀ﾟ*). The exceptions are two letters of Hawaiian and other languages that look like apostrophes.
func isFaceRune(r rune) bool {
	return unicode.In(r, unicode.Lm, unicode.M) && r != 'ʻ' && r != 'ʼ'
}

// endsText reports whether something that can be emphasized precedes a closing delimiter: code, a link, or a letter,
// digit or emoji. Other delimiters and closing punctuation may stand in between. The delimiter is about to become the
// last child of parent.
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

// maxPunctuation is how many punctuation marks may stand between text and its closing delimiter.
const maxPunctuation = 4

// isTextRune reports whether r is a letter, a digit, a combining mark, or part of an emoji.
func isTextRune(r rune) bool {
	const firstEmoji = 0x1F000
	return r != utf8.RuneError && (isWordRune(r) || unicode.IsMark(r) || r >= firstEmoji)
}

func isDelimiter(s string) bool { return s == "*" || s == "**" || s == "_" || s == "~~" }
func isWordRune(r rune) bool    { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// delimiterProcessor decides which delimiters form a pair, and makes the bold, italic or struck-out node between them.
// Its value is the character of the delimiters.
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
