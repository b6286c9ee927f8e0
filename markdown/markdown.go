// Package markdown turns the text of a message into safe HTML. It knows the formatting that people type in a chat:
// bold, italic, struck-out text, code, links, quotes and lists. Everything else, including HTML, shows as it was typed.
package markdown

import (
	"html"
	"regexp"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Document is the parsed text of a message.
type Document struct {
	source []byte
	root   ast.Node
}

// Parse parses the text of a message. Every text is valid: anything that is not formatting is plain text.
func Parse(source string) *Document {
	d := &Document{source: []byte(source)}
	d.root = messageParser.Parse(text.NewReader(d.source))
	return d
}

// Render returns the text of a message as HTML that is safe to put into a page. The HTML has at most 16 times as many
// bytes as the text.
func Render(source string) string {
	if isPlain(source) {
		return html.EscapeString(source)
	}
	return Parse(source).HTML(nil)
}

// HTML returns d as safe HTML, in which mention chooses what each mention shows. Without mention there are none. The
// renderer escapes all text and writes only allowed elements; sanitizing the result is a second line of defence.
func (d *Document) HTML(mention func(written string) Mention) string {
	return sanitizer.Sanitize(renderDocument(d, mention))
}

// messageParser parses the text of messages. It is safe for concurrent use. Each of its parsers reads a piece of text a
// limited number of times. Only pairing emphasis delimiters takes time that is quadratic in their number, and
// maxElements limits that number.
var messageParser = parser.NewParser(
	parser.WithBlockParsers(
		util.Prioritized(listParser{parser.NewListParser()}, 1),
		util.Prioritized(listItemParser{parser.NewListItemParser()}, 2),
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

// maxElements is the most delimiters, links, quotes and lists that one text may have. Further ones show as they were
// typed. The limit bounds the time of parsing, because a closing delimiter is compared with all open ones. It also
// bounds the size of the HTML, because a link takes about a hundred bytes more than its text.
const maxElements = 1000

var elementCountKey = parser.NewContextKey()

// withinLimit counts one more element of the text and reports whether there are at most maxElements.
func withinLimit(pc parser.Context) bool {
	count, _ := pc.Get(elementCountKey).(int)
	pc.Set(elementCountKey, count+1)
	return count < maxElements
}

// sanitizer removes all elements and attributes except those that the renderer writes.
var sanitizer = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li")
	p.AllowAttrs("value").Matching(bluemonday.Integer).OnElements("li")
	p.AllowAttrs("tabindex").Matching(bluemonday.Integer).OnElements("pre")
	p.AllowAttrs("dir").Matching(regexp.MustCompile("^(auto|ltr)$")).OnElements("p", "blockquote", "li", "a")
	p.AllowAttrs("class").Matching(regexp.MustCompile("^mention mention-(all|[0-9]+)$")).OnElements("bdi")
	p.AllowAttrs("href", "rel", "target").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.RequireParseableURLs(true)
	return p
}()
