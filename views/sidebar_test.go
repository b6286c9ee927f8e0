package views

import (
	"testing"

	"charla/chat"
)

func TestSearchSaysWhatItFound(t *testing.T) {
	s := Sidebar{Query: `<b>`, Searched: true}
	html := renderHTML(t, ChatPage(testPage(), s))
	wantContains(t, html, "Nobody here has “&lt;b&gt;” in their name.", `name="q" value="&lt;b&gt;"`)
	s.Results = []FoundUser{{UserSummary: chat.UserSummary{ID: 5, Name: "Bo"}, Online: true}}
	wantContains(t, renderHTML(t, ChatPage(testPage(), s)), "People found", `href="/messages?with=5"`)
}
