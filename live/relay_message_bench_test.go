package live

import (
	"strings"
	"testing"

	"charla/chat"
)

// typicalMessage returns a message of typical size.
func typicalMessage(db *fakeSource) chat.MessagePosted {
	e := db.post(general, 2, strings.Repeat("a line of chat ", 8))
	e.Message.AuthorName, e.Message.Key = "Somebody", "0123456789ABCDEF0123456789"
	e.Message.HTML = "<p>" + e.Message.Body + "</p>"
	return e
}

// BenchmarkNewRelayMessage measures what relaying a message costs the node on which it was posted, without the network.
func BenchmarkNewRelayMessage(b *testing.B) {
	e := typicalMessage(newFakeSource())
	b.ReportAllocs()
	for b.Loop() {
		m, _ := newRelayMessage(e)
		m.Version, m.Node = relayVersion, "0123456789ABCDEF0123456789"
		b.SetBytes(int64(len(MarshalJSON(m))))
	}
}

// BenchmarkHandleRelayMessage measures what a message costs a node without streams of its conversation.
func BenchmarkHandleRelayMessage(b *testing.B) {
	m, _ := newRelayMessage(typicalMessage(newFakeSource()))
	m.Version, m.Node = relayVersion, "0123456789ABCDEF0123456789"
	m.Key = &chat.StreamKey{Low: 1, High: 2}
	data := MarshalJSON(m)
	r := &Relay{hub: NewHub(newFakeSource()), nodeName: "me"}
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		r.handle(data)
	}
}
