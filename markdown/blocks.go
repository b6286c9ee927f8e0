package markdown

import (
	"bytes"
	"math"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// maxNesting is how many levels deep quotes and lists may be nested. Quotes and lists on deeper levels show as they
// were typed.
const maxNesting = 4

// canNest reports whether n may contain another quote or list. If so, it counts one more element towards maxElements.
func canNest(n ast.Node, pc parser.Context) bool {
	depth := 0
	for ; n != nil; n = n.Parent() {
		if n.Kind() == ast.KindBlockquote || n.Kind() == ast.KindList {
			depth++
		}
	}
	return depth < maxNesting && withinLimit(pc)
}

// listParser parses lists. A list starts only if its first item has text; a numbered list starts only with "1.". Any
// other dash or number at the start of a line is plain text.
type listParser struct{ parser.BlockParser }

func (p listParser) Open(parent ast.Node, block text.Reader, pc parser.Context) (ast.Node, parser.State) {
	node, state := p.BlockParser.Open(parent, block, pc) // call it in any case: it keeps track of items
	line, _ := block.PeekLine()
	if node == nil || !startsList.Match(line) || !canNest(parent, pc) {
		return nil, parser.NoChildren
	}
	return node, state
}

// Continue decides whether a line belongs to the list or starts a nested one. A list whose marker is indented by at
// least two spaces more than the marker of the item above it is nested. Standard Markdown requires more for "1. text",
// where the text of the item begins further right. A number with a leading zero ends the list.
func (p listParser) Continue(node ast.Node, block text.Reader, pc parser.Context) parser.State {
	line, _ := block.PeekLine()
	item := node.LastChild().(*ast.ListItem)
	indent, _ := util.IndentWidth(line, block.LineOffset())
	if indent < item.Offset {
		if zeroNumber.Match(line) {
			return parser.Close
		}
		if above, ok := item.AttributeString(markerIndent); ok && indent >= above.(int)+2 && startsList.Match(line) {
			item.Offset = indent
		}
	}
	return p.BlockParser.Continue(node, block, pc)
}

var (
	startsList = regexp.MustCompile(`^[ \t]*(?:[-*+]|1\.)[ \t]+[ \t*+-]*[^\s*+-]`)
	zeroNumber = regexp.MustCompile(`^[ \t]*0\d+[.)](?:\s|$)`)
)

// listItemParser parses the items of lists and records how far the marker of each is indented.
type listItemParser struct{ parser.BlockParser }

// markerIndent is the name of the node attribute with the indentation of a list item's marker, in columns.
const markerIndent = "indent"

func (p listItemParser) Open(parent ast.Node, block text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, _ := block.PeekLine()
	indent, _ := util.IndentWidth(line, block.LineOffset())
	node, state := p.BlockParser.Open(parent, block, pc)
	if node != nil {
		node.SetAttributeString(markerIndent, indent)
	}
	return node, state
}

// quoteParser parses quotes. A quote starts only if a space and some text follow the ">", so that the emoticon ">_<" is
// plain text.
type quoteParser struct{ parser.BlockParser }

func (p quoteParser) Open(parent ast.Node, block text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, _ := block.PeekLine()
	quoted := bytes.TrimLeft(bytes.TrimLeft(line, " "), ">")
	if util.IsBlank(quoted) || quoted[0] != ' ' || !canNest(parent, pc) {
		return nil, parser.NoChildren
	}
	return p.BlockParser.Open(parent, block, pc)
}

// paragraphParser parses all lines that no other parser accepts, and keeps the space at their start. A line after a
// quote or list that has no marker of its own starts a new paragraph: it is the reply to the quote. In Markdown it
// would continue the quote.
type paragraphParser struct{ parser.BlockParser }

func (paragraphParser) CanInterruptParagraph() bool { return true }
func (paragraphParser) CanAcceptIndentedLine() bool { return true }

func (p paragraphParser) Open(parent ast.Node, block text.Reader, pc parser.Context) (ast.Node, parser.State) {
	if last := pc.LastOpenedBlock().Node; last != nil && ast.IsParagraph(last) && last.Parent() == parent {
		return nil, parser.NoChildren // the line continues the open paragraph
	}
	return p.BlockParser.Open(parent, block, pc)
}

func (paragraphParser) Close(n ast.Node, block text.Reader, _ parser.Context) {
	last := n.Lines().Len() - 1
	line := n.Lines().At(last)
	n.Lines().Set(last, line.TrimRightSpace(block.Source()))
}

// fencedCodeParser parses code between two fences of three backticks. A language or the first line of the code may
// follow the opening fence on the same line, and the last line of the code may stand before the closing fence. Without
// a closing fence, the opening fence is plain text. Code that has fences itself stands between longer fences.
type fencedCodeParser struct{}

// The least and the most backticks that make a fence, the line before and after a block of code.
const (
	minFence = 3
	maxFence = 8
)

var (
	infoString   = regexp.MustCompile(`^[ \t]*[\w.#+-]*\s*$`)
	nextFenceKey = parser.NewContextKey()
)

// closingFences match a closing fence of each length.
var closingFences = func() (all [maxFence + 1]*regexp.Regexp) {
	for n := minFence; n <= maxFence; n++ {
		all[n] = regexp.MustCompile("(?m)" + fence(n) + "[ \t]*$")
	}
	return all
}()

// fence returns n backticks.
func fence(n int) string { return strings.Repeat("`", n) }

// fenceLength is the name of the node attribute with the number of backticks of a block's opening fence.
const fenceLength = "fence"

func (fencedCodeParser) Trigger() []byte             { return []byte("`") }
func (fencedCodeParser) CanInterruptParagraph() bool { return true }
func (fencedCodeParser) CanAcceptIndentedLine() bool { return false }

func (fencedCodeParser) Open(_ ast.Node, block text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, segment := block.PeekLine()
	line = bytes.TrimLeft(line, " ")
	n := runLength(line)
	first := line[n:]
	if n < minFence || n > maxFence || bytes.IndexByte(first, '`') >= 0 ||
		!hasClosingFence(block.Source(), segment.Stop, n, pc) {
		return nil, parser.NoChildren
	}
	code := ast.NewCodeBlock()
	code.SetAttributeString(fenceLength, n)
	if !infoString.Match(first) {
		code.Lines().Append(segment.WithStart(segment.Stop - len(first)))
	}
	return code, parser.NoChildren
}

func (fencedCodeParser) Continue(code ast.Node, block text.Reader, _ parser.Context) parser.State {
	line, segment := block.PeekLine()
	block.AdvanceToEOL()
	n, _ := code.AttributeString(fenceLength)
	last, closed := bytes.CutSuffix(bytes.TrimRight(line, " \t\n"), []byte(fence(n.(int))))
	if !closed {
		code.Lines().Append(segment)
		return parser.Continue | parser.NoChildren
	}
	if !util.IsBlank(bytes.TrimRight(last, "`")) {
		code.Lines().Append(segment.WithStop(segment.Start - segment.Padding + len(last)))
	}
	return parser.Close
}

func (fencedCodeParser) Close(ast.Node, text.Reader, parser.Context) {}

// hasClosingFence reports whether a closing fence of n backticks follows after pos. It remembers the position of the
// next fence of each length in pc, so that repeated calls do not search the same text again.
func hasClosingFence(source []byte, pos, n int, pc parser.Context) bool {
	next, _ := pc.Get(nextFenceKey).([maxFence + 1]int)
	if next[n] < pos {
		next[n] = math.MaxInt
		if at := closingFences[n].FindIndex(source[pos:]); at != nil {
			next[n] = pos + at[0]
		}
		pc.Set(nextFenceKey, next)
	}
	return next[n] < math.MaxInt
}
