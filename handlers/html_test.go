package handlers_test

import (
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// parseHTML parses a whole page or a fragment of one.
func parseHTML(t testing.TB, text string) *html.Node {
	t.Helper()
	if strings.Contains(text, "<html") {
		doc, err := html.Parse(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(text), body)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		body.AppendChild(n)
	}
	return body
}

// selectAll returns the elements below root that match a CSS selector, in document order.
func selectAll(t testing.TB, root *html.Node, selector string) []*html.Node {
	t.Helper()
	parsed, err := cascadia.ParseGroup(selector)
	if err != nil {
		t.Fatalf("selector %q: %v", selector, err)
	}
	return cascadia.QueryAll(root, parsed)
}

// textOf returns the text in an element, with a line end for every <br>.
func textOf(root *html.Node) string {
	var b strings.Builder
	for n := range root.Descendants() {
		switch {
		case n.Type == html.TextNode:
			b.WriteString(n.Data)
		case n.DataAtom == atom.Br:
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// matches reports whether an element that matches the selector contains the text.
func matches(t testing.TB, root *html.Node, selector, text string) bool {
	t.Helper()
	for _, n := range selectAll(t, root, selector) {
		if strings.Contains(textOf(n), text) {
			return true
		}
	}
	return false
}

// shows fails the test unless the HTML has an element that matches the selector. With texts, each of them must be in
// such an element.
func shows(t testing.TB, body, selector string, texts ...string) {
	t.Helper()
	root := parseHTML(t, body)
	if len(selectAll(t, root, selector)) == 0 {
		t.Fatalf("no element matches %s in:\n%s", selector, body)
	}
	for _, text := range texts {
		if !matches(t, root, selector, text) {
			t.Fatalf("no element that matches %s contains %q in:\n%s", selector, text, body)
		}
	}
}

// hides fails the test if the HTML has an element that matches the selector; with texts, only if such an element
// contains one of them.
func hides(t testing.TB, body, selector string, texts ...string) {
	t.Helper()
	root := parseHTML(t, body)
	if found := selectAll(t, root, selector); len(texts) == 0 && len(found) > 0 {
		t.Fatalf("%d elements match %s, want none, in:\n%s", len(found), selector, body)
	}
	for _, text := range texts {
		if matches(t, root, selector, text) {
			t.Fatalf("an element that matches %s contains %q, want none, in:\n%s", selector, text, body)
		}
	}
}

// shows fails the test unless the page or fragment has an element that matches the selector. With texts, each of them
// must be in such an element.
func (a *answer) shows(selector string, texts ...string) *answer {
	a.t.Helper()
	shows(a.t, a.body, selector, texts...)
	return a
}

// hides fails the test if the page or fragment has an element that matches the selector; with texts, only if such an
// element contains one of them.
func (a *answer) hides(selector string, texts ...string) *answer {
	a.t.Helper()
	hides(a.t, a.body, selector, texts...)
	return a
}

// isPage fails the test unless the answer is a whole page.
func (a *answer) isPage() *answer {
	a.t.Helper()
	contains(a.t, a.body, "<!DOCTYPE html>", "</html>")
	return a
}

// isFragment fails the test if the answer is a whole page.
func (a *answer) isFragment() *answer {
	a.t.Helper()
	lacks(a.t, a.body, "<!DOCTYPE", "<html")
	return a
}

// elements returns how many elements match the selector.
func (a *answer) elements(selector string) int {
	a.t.Helper()
	return len(selectAll(a.t, parseHTML(a.t, a.body), selector))
}

// attr returns an attribute of the first element that matches the selector.
func (a *answer) attr(selector, name string) string {
	a.t.Helper()
	found := selectAll(a.t, parseHTML(a.t, a.body), selector)
	if len(found) == 0 {
		a.t.Fatalf("no element matches %s in:\n%s", selector, a.body)
	}
	return attr(found[0], name)
}

// waitForElement waits for an event whose HTML has an element that matches the selector and contains all texts.
func (s *eventStream) waitForElement(selector string, texts ...string) event {
	s.t.Helper()
	e, _ := s.readUntil(selector+" with "+strings.Join(texts, ", "), func(e event) bool {
		if e.name != "" {
			return false
		}
		root := parseHTML(s.t, e.data)
		if len(selectAll(s.t, root, selector)) == 0 {
			return false
		}
		for _, text := range texts {
			if !matches(s.t, root, selector, text) {
				return false
			}
		}
		return true
	})
	return e
}

// waitForPresence waits for an event that says how many people are online. It comes after the replay.
func (s *eventStream) waitForPresence() event {
	s.t.Helper()
	return s.waitForElement("[hx-target='#online-count']")
}
