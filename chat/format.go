package chat

import (
	"html"
	"strconv"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdownParser knows the formatting that people type in a chat, and nothing else of Markdown. Every parser looks at a piece of
// text a bounded number of times; only pairing the marks is quadratic, in their number, which is bounded.
var markdownParser = parser.NewParser(
	parser.WithBlockParsers(
		util.Prioritized(listParser{parser.NewListParser()}, 1),
		util.Prioritized(parser.NewListItemParser(), 2),
		util.Prioritized(fencedCodeParser{}, 3),
		util.Prioritized(quoteParser{parser.NewBlockquoteParser()}, 4),
		util.Prioritized(paragraphParser{parser.NewParagraphParser()}, 5),
	),
	parser.WithInlineParsers(
		util.Prioritized(codeSpanParser{}, 1),
		util.Prioritized(autolinkParser{}, 2),
		util.Prioritized(linkParser{}, 3),
		util.Prioritized(emphasisParser{}, 4),
	),
)

// maxElements is how many marks, links, quotes and lists one message has; those beyond show as typed. A closing mark is
// compared with all the open ones before it, and a link costs a hundred times its letters.
const maxElements = 1000

var elementCount = parser.NewContextKey()

// withinLimit tells whether there may be one more of them, and counts it.
func withinLimit(pc parser.Context) bool {
	count, _ := pc.Get(elementCount).(int)
	pc.Set(elementCount, count+1)
	return count < maxElements
}

// sanitizer is the second wall: whatever the first lets through, only this reaches a page.
var sanitizer = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li")
	p.AllowAttrs("value").Matching(bluemonday.Integer).OnElements("li")
	p.AllowAttrs("tabindex").Matching(bluemonday.Integer).OnElements("pre")
	p.AllowAttrs("href", "rel", "target").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.RequireParseableURLs(true)
	return p
}()

// renderHTML turns the text of a message into HTML. All but the marks shows as it was typed, markup of any other kind too.
// At most 16 bytes come of one.
func renderHTML(body string) string {
	w := htmlWriter{source: []byte(body), openElements: map[string]int{}}
	_ = ast.Walk(markdownParser.Parse(text.NewReader(w.source)), w.visit) // w.node does not fail
	return sanitizer.Sanitize(w.String())
}

// htmlWriter writes the nodes of one message.
type htmlWriter struct {
	strings.Builder
	source       []byte
	openElements map[string]int // how many marks of a name are open
}

func (w *htmlWriter) visit(n ast.Node, entering bool) (ast.WalkStatus, error) {
	switch n := n.(type) {
	case *ast.Text:
		if entering {
			w.writeText(n)
		}
	case *ast.CodeBlock:
		if entering {
			w.writeCodeBlock(n)
		}
	default:
		w.writeTag(n, entering)
	}
	return ast.WalkContinue, nil
}

// writeTag opens or closes the element of a node.
func (w *htmlWriter) writeTag(n ast.Node, entering bool) {
	name, attributes := w.element(n)
	switch {
	case name == "" || w.isNestedInSame(n, name, entering):
	case entering:
		w.WriteString("<" + name + attributes + ">")
	default:
		w.WriteString("</" + name + ">")
	}
}

// isNestedInSame tells whether n is a mark within the same mark, which changes nothing: so marks nest three deep at most.
func (w *htmlWriter) isNestedInSame(n ast.Node, name string, entering bool) bool {
	if n.Kind() != ast.KindEmphasis && n.Kind() != extast.KindStrikethrough {
		return false
	}
	if entering {
		w.openElements[name]++
		return w.openElements[name] > 1
	}
	w.openElements[name]--
	return w.openElements[name] > 0
}

// element is the element that a node becomes, if any.
func (w *htmlWriter) element(n ast.Node) (name, attributes string) {
	switch n := n.(type) {
	case *ast.Paragraph:
		if n.PreviousSibling() == nil && n.NextSibling() == nil && n.Parent().Kind() == ast.KindDocument {
			return "", "" // most messages: the line's own element is enough
		}
		return "p", ""
	case *ast.Blockquote:
		return "blockquote", ""
	case *ast.List:
		if n.IsOrdered() {
			return "ol", ""
		}
		return "ul", ""
	case *ast.ListItem:
		return "li", w.valueAttribute(n)
	case *ast.CodeSpan:
		return "code", ""
	case *ast.Emphasis:
		if n.Level == bold {
			return "strong", ""
		}
		return "em", ""
	case *extast.Strikethrough:
		return "del", ""
	case *ast.Link:
		return "a", ` href="` + html.EscapeString(string(n.Destination)) + `" rel="nofollow noopener noreferrer" target="_blank"`
	}
	return "", ""
}

// valueAttribute is the number of an item, where it is not the one that follows: numbers show as typed.
func (w *htmlWriter) valueAttribute(n *ast.ListItem) string {
	if list, ok := n.Parent().(*ast.List); !ok || !list.IsOrdered() {
		return ""
	}
	number := w.itemNumber(n)
	if number == w.itemNumber(n.PreviousSibling())+1 {
		return ""
	}
	return ` value="` + strconv.Itoa(number) + `"`
}

// itemNumber is what was typed before an item; before the first one stood 0.
func (w *htmlWriter) itemNumber(n ast.Node) (number int) {
	if n == nil {
		return 0
	}
	for i := n.Pos(); w.source[i] >= '0' && w.source[i] <= '9'; i++ {
		number = 10*number + int(w.source[i]-'0')
	}
	return number
}

// writeCodeBlock writes code, which may scroll and so must be reached by keyboard.
func (w *htmlWriter) writeCodeBlock(n *ast.CodeBlock) {
	code := strings.TrimSuffix(string(n.Lines().Value(w.source)), "\n")
	w.WriteString(`<pre tabindex="0"><code>` + html.EscapeString(code) + "</code></pre>")
}

// writeText writes a piece of a line. The parser takes a backslash at the end of a line for the wish to break it, and leaves
// it out.
func (w *htmlWriter) writeText(n *ast.Text) {
	w.WriteString(html.EscapeString(string(n.Value(w.source))))
	if end := n.Segment.Stop; n.HardLineBreak() && w.source[end] == '\\' {
		w.WriteByte('\\')
	}
	if n.SoftLineBreak() || n.HardLineBreak() {
		w.WriteString("<br>")
	}
}
