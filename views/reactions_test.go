package views

import (
	"fmt"
	"testing"

	"charla/chat"
)

func TestReactionNamesAreLimited(t *testing.T) {
	m := testMessage(18)
	for i := range 23 {
		user := chat.UserSummary{ID: int64(100 + i), Name: fmt.Sprint("P", i)}
		m.Reactions = append(m.Reactions, chat.Reaction{Emoji: "🎉", User: user})
	}
	m.Reactions = append(m.Reactions, chat.Reaction{Emoji: "👍", User: chat.UserSummary{ID: 7, Name: "<Eva>"}})
	html := renderHTML(t, Message(Locale{}, m))
	wantContains(t, html, `data-by="100 101 `, ` 122"`, "P19 and 3 more", `aria-label="🎉 23: P0, P1,`,
		`title="&lt;Eva&gt;"`, `id="reaction-18-1"`)
	wantLacks(t, html, "P20", "<Eva>")
	wantContains(t, renderHTML(t, messageActions(testPage(), m, MessageState{}, EditForm{})), "P21, P22")
}

// TestRightToLeftNamesAreIsolated checks that names in right-to-left scripts do not change the order of the names
// beside them.
func TestRightToLeftNamesAreIsolated(t *testing.T) {
	people := []chat.UserSummary{{ID: 1, Name: "Ana"}, {ID: 2, Name: "محمد"}, {ID: 3, Name: "דנה"}}
	if got, want := nameList(Locale{}, people, 5), "Ana, \u2068محمد\u2069, \u2068דנה\u2069"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
