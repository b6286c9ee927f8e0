package markdown

import (
	"html"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// renderDocument returns the HTML of a document. The HTML is not sanitized yet.
func renderDocument(d *Document, mention func(string) Mention) string {
	w := htmlWriter{source: d.source, mention: mention, openElements: map[string]int{}}
	_ = ast.Walk(d.root, w.visit) // visit returns no errors
	return w.String()
}

// htmlWriter writes the HTML of one document.
type htmlWriter struct {
	strings.Builder
	source       []byte
	mention      func(written string) Mention // may be nil
	openElements map[string]int               // how many elements with a name are open; only emphasis is counted
}

// visit writes what a node adds to the HTML. It is called twice for each node, before and after its children.
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

// writeTag writes the opening tag of a node if entering is true, and the closing tag otherwise.
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

// isNestedInSame reports whether n is emphasis inside emphasis of the same kind. Such emphasis changes nothing and gets
// no HTML element, so that emphasis elements nest at most three levels deep.
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

// element returns the name and the attributes of a node's HTML element. The name is empty if the node gets no element.
func (w *htmlWriter) element(n ast.Node) (name, attributes string) {
	switch n := n.(type) {
	case *ast.Paragraph:
		if n.PreviousSibling() == nil && n.NextSibling() == nil && n.Parent().Kind() == ast.KindDocument {
			return "", "" // a text of one paragraph needs no <p>
		}
		return "p", directionAttribute(n)
	case *ast.Blockquote:
		return "blockquote", directionAttribute(n)
	case *ast.List:
		if n.IsOrdered() {
			return "ol", ""
		}
		return "ul", ""
	case *ast.ListItem:
		return "li", w.valueAttribute(n) + directionAttribute(n)
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
		href := html.EscapeString(string(n.Destination))
		return "a", ` href="` + href + `"` + linkDirection(n) + ` rel="nofollow noopener noreferrer" target="_blank"`
	}
	return "", ""
}

// directionAttribute returns the dir attribute of a block, which makes the block follow the direction of its own text.
// It returns nothing for the first block in a quote or list item: there the quote or item takes the direction of that
// text, for its border or marker.
func directionAttribute(n ast.Node) string {
	for ; n.PreviousSibling() == nil; n = n.Parent() {
		switch n.Parent().Kind() {
		case ast.KindBlockquote, ast.KindListItem:
			return ""
		case ast.KindDocument:
			return ` dir="auto"`
		}
	}
	return ` dir="auto"`
}

// linkDirection returns the dir attribute of a link, which also isolates the link from the text around it. An address
// is written from left to right in every language. A label has the direction of its own text.
func linkDirection(n *ast.Link) string {
	if _, ok := n.AttributeString(isAddress); ok {
		return ` dir="ltr"`
	}
	return ` dir="auto"`
}

// valueAttribute returns the value attribute of a list item if its number is not one more than that of the previous
// item, so that numbers show as they were typed.
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

// itemNumber returns the number that was typed before a list item. It returns zero for nil and for an item without a
// number.
func (w *htmlWriter) itemNumber(n ast.Node) (number int) {
	if n == nil {
		return 0
	}
	for i := n.Pos(); w.source[i] >= '0' && w.source[i] <= '9'; i++ {
		number = 10*number + int(w.source[i]-'0')
	}
	return number
}

// writeCodeBlock writes a code block. The block gets a tabindex, because keyboard users must be able to reach and
// scroll it.
func (w *htmlWriter) writeCodeBlock(n *ast.CodeBlock) {
	code := strings.TrimSuffix(string(n.Lines().Value(w.source)), "\n")
	w.WriteString(`<pre tabindex="0"><code>` + html.EscapeString(code) + "</code></pre>")
}

// writeText writes a piece of a line with its mentions. In Markdown a backslash at the end of a line means a line
// break, so the parser drops it. Here it is just a backslash, so writeText adds it again.
func (w *htmlWriter) writeText(n *ast.Text) {
	if continuesText(n) {
		return // the first node of the piece has written it
	}
	piece, last := textPiece(n, w.source)
	if kind := n.Parent().Kind(); w.mention == nil || kind == ast.KindCodeSpan || kind == ast.KindLink {
		w.WriteString(html.EscapeString(piece))
	} else {
		w.writeMentions(piece)
	}
	if end := last.Segment.Stop; last.HardLineBreak() && w.source[end] == '\\' {
		w.WriteByte('\\')
	}
	if last.SoftLineBreak() || last.HardLineBreak() {
		w.WriteString("<br>")
	}
}

// writeMentions writes a piece of text, with an element for each mention in it.
func (w *htmlWriter) writeMentions(piece string) {
	rest := 0
	for at, written := range mentionsIn(piece) {
		m := w.mention(written)
		if m.Length == 0 {
			continue
		}
		w.WriteString(html.EscapeString(piece[rest:at.sign]))
		w.WriteString(`<bdi class="mention mention-` + m.Class + `">` + html.EscapeString(m.Text) + "</bdi>")
		rest = at.handle + m.Length
	}
	w.WriteString(html.EscapeString(piece[rest:]))
}
