package views

import (
	"io"
	"testing"

	"charla/chat"
)

// BenchmarkMessages renders the page of a conversation with 40 messages.
func BenchmarkMessages(b *testing.B) {
	t := Thread{Conversation: direct}
	for seq := range int64(40) {
		m := line(seq + 1)
		m.Leads = seq%2 == 0
		t.Messages = append(t.Messages, m)
	}
	s := Sidebar{Rows: []Row{{Conversation: direct}}, Here: Here{People: []chat.Person{{ID: 2, Name: "Ana"}}, Count: 1}}
	p := testPage()
	p.Lang = "es"
	b.ReportAllocs()
	for b.Loop() {
		if err := Messages(p, s, t).Render(b.Context(), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
