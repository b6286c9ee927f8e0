package stream

import (
	"testing"

	"charla/chat"
	"charla/views"
)

// BenchmarkEncoder renders a message as the frame of a stream: once per language and kind of reader, however many
// read it.
func BenchmarkEncoder(b *testing.B) {
	const text = "How about a coffee at the corner, say at five?"
	posted := chat.MessagePosted{Message: chat.Message{
		ID: 123, Room: 1, Seq: 45, ChangedSeq: 45, AuthorID: 2, AuthorName: "Ana María",
		Body: text, HTML: text, PostedAt: 1_770_000_000_000_000, StartsGroup: true,
	}}
	enc := HTMLEvents{Locale: views.Locale{Lang: "es"}}
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(enc.Change(posted, 45))))
	}
}
