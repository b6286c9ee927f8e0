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

// markdown knows the formatting that people type in a chat, and nothing else of Markdown. Every parser looks at a piece of
// text a bounded number of times; only pairing the marks is quadratic, in their number, which is bounded.
var markdown = parser.NewParser(
	parser.WithBlockParsers(
		util.Prioritized(listParser{parser.NewListParser()}, 1),
		util.Prioritized(parser.NewListItemParser(), 2),
		util.Prioritized(fenceParser{}, 3),
		util.Prioritized(quoteParser{parser.NewBlockquoteParser()}, 4),
		util.Prioritized(paragraphParser{parser.NewParagraphParser()}, 5),
	),
	parser.WithInlineParsers(
		util.Prioritized(codeParser{}, 1),
		util.Prioritized(addressParser{}, 2),
		util.Prioritized(linkParser{}, 3),
		util.Prioritized(markParser{}, 4),
	),
)

// maxFormats is how many marks, links, quotes and lists one message has; those beyond show as typed. A closing mark is
// compared with all the open ones before it, and a link costs a hundred times its letters.
const maxFormats = 1000

var formatCount = parser.NewContextKey()

// another tells whether there may be one more of them, and counts it.
func another(pc parser.Context) bool {
	count, _ := pc.Get(formatCount).(int)
	pc.Set(formatCount, count+1)
	return count < maxFormats
}

// formatted is the second wall: whatever the first lets through, only this reaches a page.
var formatted = func() *bluemonday.Policy {
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
	w := htmlWriter{source: []byte(body), open: map[string]int{}}
	_ = ast.Walk(markdown.Parse(text.NewReader(w.source)), w.node) // w.node does not fail
	return formatted.Sanitize(w.String())
}

// htmlWriter writes the nodes of one message.
type htmlWriter struct {
	strings.Builder
	source []byte
	open   map[string]int // how many marks of a name are open
}

func (w *htmlWriter) node(n ast.Node, entering bool) (ast.WalkStatus, error) {
	switch n := n.(type) {
	case *ast.Text:
		if entering {
			w.text(n)
		}
	case *ast.CodeBlock:
		if entering {
			w.codeBlock(n)
		}
	default:
		w.tag(n, entering)
	}
	return ast.WalkContinue, nil
}

// tag opens or closes the element of a node.
func (w *htmlWriter) tag(n ast.Node, entering bool) {
	name, attributes := w.element(n)
	switch {
	case name == "" || w.repeats(n, name, entering):
	case entering:
		w.WriteString("<" + name + attributes + ">")
	default:
		w.WriteString("</" + name + ">")
	}
}

// repeats tells whether n is a mark within the same mark, which changes nothing: so marks nest three deep at most.
func (w *htmlWriter) repeats(n ast.Node, name string, entering bool) bool {
	if n.Kind() != ast.KindEmphasis && n.Kind() != extast.KindStrikethrough {
		return false
	}
	if entering {
		w.open[name]++
		return w.open[name] > 1
	}
	w.open[name]--
	return w.open[name] > 0
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
		return "li", w.value(n)
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

// value is the number of an item, where it is not the one that follows: numbers show as typed.
func (w *htmlWriter) value(n *ast.ListItem) string {
	if list, ok := n.Parent().(*ast.List); !ok || !list.IsOrdered() {
		return ""
	}
	number := w.number(n)
	if number == w.number(n.PreviousSibling())+1 {
		return ""
	}
	return ` value="` + strconv.Itoa(number) + `"`
}

// number is what was typed before an item; before the first one stood 0.
func (w *htmlWriter) number(n ast.Node) (number int) {
	if n == nil {
		return 0
	}
	for i := n.Pos(); w.source[i] >= '0' && w.source[i] <= '9'; i++ {
		number = 10*number + int(w.source[i]-'0')
	}
	return number
}

// codeBlock writes code, which may scroll and so must be reached by keyboard.
func (w *htmlWriter) codeBlock(n *ast.CodeBlock) {
	code := strings.TrimSuffix(string(n.Lines().Value(w.source)), "\n")
	w.WriteString(`<pre tabindex="0"><code>` + html.EscapeString(code) + "</code></pre>")
}

// text writes a piece of a line. The parser takes a backslash at the end of a line for the wish to break it, and leaves
// it out.
func (w *htmlWriter) text(n *ast.Text) {
	w.WriteString(html.EscapeString(string(n.Value(w.source))))
	if end := n.Segment.Stop; n.HardLineBreak() && w.source[end] == '\\' {
		w.WriteByte('\\')
	}
	if n.SoftLineBreak() || n.HardLineBreak() {
		w.WriteString("<br>")
	}
}
