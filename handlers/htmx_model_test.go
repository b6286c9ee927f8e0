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

// Page is a small model of a browser with htmx: a document into which frames of a stream are swapped, by the rules of
// hx-upsert and hx-partial as views uses them.
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

// applyAnswer swaps in what a frame brings.
func (p *htmxPage) applyAnswer(data string) {
	p.t.Helper()
	nodes, err := html.ParseFragment(strings.NewReader(data), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
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

// targets are the elements that a frame names; those that are not on the page are none.
func (p *htmxPage) targets(n *html.Node) (found []*html.Node) {
	for selector := range strings.SplitSeq(attr(n, "hx-target"), ",") {
		m := selectorPattern.FindStringSubmatch(selector)
		if m == nil {
			p.t.Fatalf("the model knows no selector %q", selector)
		}
		target := byID(p.doc, m[1])
		if strings.HasPrefix(m[2], ":has") {
			continue
		}
		if m[4] != "" && byID(p.doc, m[4]) != nil {
			continue
		}
		if target != nil && (m[2] == "" || m[4] != "" || attr(target, "data-version") == m[3]) {
			found = append(found, target)
		}
	}
	return found
}

// selectorPattern are by id, of a line also by the change that it shows: none, or one with a number;
// of the menu by what stands in it, which in this model is nothing; of the live window by a line that is not in it.
var selectorPattern = regexp.MustCompile(`^#([a-z]+[a-z0-9-]*)(:not\(\[data-version\]\)|\[data-version='(\d+)'\]|:has\(\[action='[^']+'\]\)|:not\(:has\(#(m-\d+)\)\))?$`)

// swapPartial replaces the target, or what is in it.
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
		p.t.Fatalf("the model knows no swap %q", swap)
	}
}

// upsert replaces by id, or inserts in the order of the numbers in the ids.
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

// routeLabels are the messages in the live window: id and HTML, in order. The unread line has no id and is left aside.
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

// streamURL is the URL that the page connects to.
func (p *htmxPage) streamURL() (url string) {
	for n := range p.doc.Descendants() {
		if u := attr(n, "hx-sse:connect"); u != "" {
			url = u
		}
	}
	return url
}

// seqOf is the number in the id of a line.
func seqOf(line string) int {
	n, _ := strconv.Atoi(lineIDPattern.FindStringSubmatch(line)[1])
	return n
}

var lineIDPattern = regexp.MustCompile(`m-(\d+)`)

// Allow is what a browser does with an event.
func (p *htmxPage) handleEvent(e event) {
	if e.name == "" && e.hasData {
		p.applyAnswer(e.data)
	}
}

// lineAfter returns a line that shows something with a higher number.
func (p *htmxPage) lineAfter(seq int) string {
	for n := range byID(p.doc, "messages").ChildNodes() {
		if id := attr(n, "id"); id != "" && (trailingNumber(id) > seq || trailingNumber(attr(n, "data-version")) > seq) {
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

// clone copies a tree, because one fragment may go to two targets.
func clone(n *html.Node) *html.Node {
	c := &html.Node{Type: n.Type, Data: n.Data, DataAtom: n.DataAtom, Namespace: n.Namespace, Attr: n.Attr}
	for child := range n.ChildNodes() {
		c.AppendChild(clone(child))
	}
	return c
}
