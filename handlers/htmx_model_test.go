package handlers_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmxPage is a small model of a browser with htmx: a document into which it swaps the fragments of a stream, by the
// rules of hx-upsert and hx-partial as far as views uses them.
type htmxPage struct {
	t   testing.TB
	doc *html.Node
}

func parsePage(t testing.TB, text string) *htmxPage {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return &htmxPage{t, doc}
}

// applyAnswer swaps in a fragment.
func (p *htmxPage) applyAnswer(data string) {
	p.t.Helper()
	nodes, err := html.ParseFragment(strings.NewReader(data),
		&html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, n := range nodes {
		switch n.Data {
		case "hx-upsert":
			for _, target := range p.targets(n) {
				upsert(target, children(n))
			}
		case "hx-partial":
			for _, target := range p.targets(n) {
				p.swapPartial(target, n)
			}
		}
	}
}

// targets returns the elements that hx-target selects; there may be none on this page.
func (p *htmxPage) targets(n *html.Node) []*html.Node {
	p.t.Helper()
	return selectAll(p.t, p.doc, attr(n, "hx-target"))
}

// swapPartial replaces the target or its content.
func (p *htmxPage) swapPartial(target, n *html.Node) {
	fresh := children(clone(n))
	switch swap, _, _ := strings.Cut(attr(n, "hx-swap"), " "); swap {
	case "outerHTML", "outerMorph":
		for _, f := range fresh {
			f.Parent.RemoveChild(f)
			target.Parent.InsertBefore(f, target)
		}
		target.Parent.RemoveChild(target)
	case "", "innerHTML", "innerMorph":
		for _, old := range children(target) {
			target.RemoveChild(old)
		}
		for _, f := range fresh {
			f.Parent.RemoveChild(f)
			target.AppendChild(f)
		}
	default:
		p.t.Fatalf("the model does not implement hx-swap=%q", swap)
	}
}

// upsert replaces the element with the same id, or inserts it in the order of the numbers in the ids.
func upsert(list *html.Node, fresh []*html.Node) {
	for _, f := range fresh {
		if f.Type != html.ElementNode {
			continue
		}
		f.Parent.RemoveChild(f)
		if old := byID(list, attr(f, "id")); old != nil {
			list.InsertBefore(f, old)
			list.RemoveChild(old)
			continue
		}
		var after *html.Node
		for _, sibling := range children(list) {
			if id := attr(sibling, "id"); id != "" && trailingNumber(id) > trailingNumber(attr(f, "id")) {
				after = sibling
				break
			}
		}
		list.InsertBefore(f, after)
	}
}

// lines returns the messages of the live window as HTML, in order. The unread divider has no id and is left out.
func (p *htmxPage) lines() (lines []string) {
	list := byID(p.doc, "messages")
	if list == nil {
		p.t.Fatal("the page has no live window")
	}
	for _, n := range children(list) {
		if attr(n, "id") != "" {
			lines = append(lines, outer(n))
		}
	}
	return lines
}

// streamURL returns the URL that the page connects to.
func (p *htmxPage) streamURL() (url string) {
	for n := range p.doc.Descendants() {
		if u := attr(n, "hx-sse:connect"); u != "" {
			url = u
		}
	}
	return url
}

// seqOf returns the number in the id of a message's HTML.
func seqOf(line string) int {
	n, _ := strconv.Atoi(lineIDPattern.FindStringSubmatch(line)[1])
	return n
}

var lineIDPattern = regexp.MustCompile(`m-(\d+)`)

// handleEvent does what a browser does with an event.
func (p *htmxPage) handleEvent(e event) {
	if e.name == "" && e.hasData {
		p.applyAnswer(e.data)
	}
}

// lineAfter returns a message that shows a change later than seq, or nothing.
func (p *htmxPage) lineAfter(seq int) string {
	for n := range byID(p.doc, "messages").ChildNodes() {
		if id := attr(n, "id"); id != "" &&
			(trailingNumber(id) > seq || trailingNumber(attr(n, "data-version")) > seq) {
			return outer(n)
		}
	}
	return ""
}

func trailingNumber(id string) int {
	n, _ := strconv.Atoi(id[strings.LastIndexByte(id, '-')+1:])
	return n
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func byID(root *html.Node, id string) *html.Node {
	if attr(root, "id") == id {
		return root
	}
	for n := range root.Descendants() {
		if attr(n, "id") == id {
			return n
		}
	}
	return nil
}

func children(n *html.Node) []*html.Node {
	if n == nil {
		return nil
	}
	return slices.Collect(n.ChildNodes())
}

func outer(n *html.Node) string {
	var b strings.Builder
	html.Render(&b, n)
	return b.String()
}

// clone copies a tree, because one fragment may go to several targets.
func clone(n *html.Node) *html.Node {
	c := &html.Node{Type: n.Type, Data: n.Data, DataAtom: n.DataAtom, Namespace: n.Namespace, Attr: n.Attr}
	for child := range n.ChildNodes() {
		c.AppendChild(clone(child))
	}
	return c
}
