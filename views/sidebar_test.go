package views

import (
	"testing"

	"charla/chat"
)

func TestPeopleSearchResults(t *testing.T) {
	s := Sidebar{Query: `<b>`, Searched: true}
	html := renderHTML(t, ChatPage(testPage(), s, nil))
	wantContains(t, html, "No one found for “&lt;b&gt;”.", `name="q" value="&lt;b&gt;"`)
	s.Results = []FoundUser{{UserSummary: chat.UserSummary{ID: 5, Name: "Bo"}, Online: true}}
	wantContains(t, renderHTML(t, ChatPage(testPage(), s, nil)), "Search results", `href="/messages?with=5"`)
}
