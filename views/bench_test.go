package views

import (
	"io"
	"testing"

	"charla/chat"
)

// BenchmarkMessages renders the page of a conversation with 40 messages.
func BenchmarkMessages(b *testing.B) {
	t := Timeline{Conversation: directConversation}
	for seq := range int64(40) {
		m := testMessage(seq + 1)
		m.StartsGroup = seq%2 == 0
		t.Messages = append(t.Messages, m)
	}
	s := Sidebar{Rows: []ConversationRow{{Conversation: directConversation}},
		Online: OnlineUsers{Users: []chat.UserSummary{{ID: 2, Name: "Ana"}}, Count: 1}}
	p := testPage()
	p.Lang = "es"
	b.ReportAllocs()
	for b.Loop() {
		if err := MessagesPage(p, s, t).Render(b.Context(), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
