package markdown

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
)

// Mention is what the HTML shows in place of a mention.
type Mention struct {
	Length int    // how many bytes after the sign @ belong to the mention; 0 if it is no mention
	Class  string // "all", or a number: the class of the element is mention-Class
	Text   string
}

// Mentions returns what stands after each sign @ that may begin a mention: all characters that can be part of a handle.
// The handle itself may be shorter, as in "@ana." In code, links and addresses there are no mentions.
func (d *Document) Mentions() (written []string) {
	_ = ast.Walk(d.root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.CodeBlock, *ast.CodeSpan, *ast.Link:
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			if !entering || continuesText(n) {
				break
			}
			piece, _ := textPiece(n, d.source)
			for _, w := range mentionsIn(piece) {
				written = append(written, w)
			}
		}
		return ast.WalkContinue, nil
	})
	return written
}

// continuesText reports whether a text node stands right after another one on the same line. The parser splits text at
// each sign that could have been formatting.
func continuesText(n *ast.Text) bool {
	before, ok := n.PreviousSibling().(*ast.Text)
	return ok && before.Segment.Stop == n.Segment.Start && !before.SoftLineBreak() && !before.HardLineBreak()
}

// textPiece returns the text of a node and of those that continue it, and the last of these nodes.
func textPiece(n *ast.Text, source []byte) (piece string, last *ast.Text) {
	piece = string(n.Value(source))
	for {
		next, ok := n.NextSibling().(*ast.Text)
		if !ok || !continuesText(next) {
			return piece, n
		}
		piece += string(next.Value(source))
		n = next
	}
}

// mentionPosition says where a mention stands in a piece of text: the positions of the sign @ and of the handle.
type mentionPosition struct{ sign, handle int }

// mentionsIn iterates over what stands after each sign @, also a full-width one, that may begin a mention.
func mentionsIn(piece string) iter.Seq2[mentionPosition, string] {
	return func(yield func(mentionPosition, string) bool) {
		for end := 0; ; {
			sign := strings.IndexAny(piece[end:], "@＠")
			if sign < 0 {
				return
			}
			sign += end
			_, size := utf8.DecodeRuneInString(piece[sign:])
			start := sign + size
			end = len(piece)
			if n := strings.IndexFunc(piece[start:], func(r rune) bool { return !IsHandleRune(r) }); n >= 0 {
				end = start + n
			}
			begins := beginsMention(piece[:sign]) && end > start && !strings.ContainsAny(firstRune(piece[end:]), "@＠")
			if begins && !yield(mentionPosition{sign, start}, piece[start:end]) {
				return
			}
		}
	}
}

func firstRune(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return s[:size]
}

// beginsMention reports whether a sign @ after this text can begin a mention. After a letter or digit it is part of an
// e-mail address, and after a slash and the like part of a URL.
func beginsMention(before string) bool {
	before = strings.TrimRight(before, "_-+")
	r, _ := utf8.DecodeLastRuneInString(before)
	return before == "" || !isHandleLetter(r) && !strings.ContainsRune("/@＠=&?#%", r)
}

// IsHandleRune reports whether r can be part of a handle: a letter, a mark or joiner of a script, a digit, or one of
// the signs . _ -
func IsHandleRune(r rune) bool { return isHandleLetter(r) || strings.ContainsRune("._-", r) }

func isHandleLetter(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.Nd) || r == '\u200C' || r == '\u200D'
}
