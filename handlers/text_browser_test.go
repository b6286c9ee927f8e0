package handlers_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// shownTexts returns the texts that a browser without CSS and JavaScript shows: all but those in elements that are
// hidden or whose content is not part of the page. The parser treats the content of noscript as elements.
func shownTexts(root *html.Node) (texts []string) {
	for n := range root.ChildNodes() {
		hidden := slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "hidden" })
		switch {
		case n.Type == html.TextNode && strings.TrimSpace(n.Data) != "":
			texts = append(texts, strings.TrimSpace(n.Data))
		case !hidden && !slices.Contains([]atom.Atom{atom.Template, atom.Script, atom.Style, atom.Head}, n.DataAtom):
			texts = append(texts, shownTexts(n)...)
		}
	}
	return texts
}

// TestPagesShowOnlyWhatIsTrue reads pages as a text browser shows them. What scripts or styles show later, because the
// connection is lost or a message is the reader's own, must not be there.
func TestPagesShowOnlyWhatIsTrue(t *testing.T) {
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	berta.sendMessage("room=1", "hello")
	sent := ana.sendMessage(berta.peerQuery(), "a message of my own")
	for path, want := range map[string]string{
		"/chat": "Conversations", "/messages?room=1": "hello", "/messages?room=1&before=9": "hello",
		"/messages?" + berta.peerQuery(): "a message of my own", sent.path(): "a message of my own", "/rooms": "Rooms",
		"/settings": "Settings", "/settings/delete": "Your password", "/people": "People", "/bots": "Bots",
		"/sessions": "Sessions", "/emoji?room=1": "Recently used", "/conversations": "General",
	} {
		texts := shownTexts(parseHTML(t, ana.get(path, "Accept: text/html").is(200).body))
		if !slices.Contains(texts, want) {
			t.Errorf("%s does not show %q, only %q", path, want, texts)
		}
		for _, text := range texts {
			for _, untrue := range []string{"offline.", "Can't connect", "Connected again", "went wrong", "Will be sent",
				"Uploading", "Upload failed", "Drop files", "Waiting to send", "Draft from"} {
				if strings.Contains(text, untrue) {
					t.Errorf("%s shows %q", path, text)
				}
			}
			if text == "you" {
				t.Errorf("%s says that a message is the reader's own", path)
			}
		}
	}
}
