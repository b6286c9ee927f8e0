package live

import (
	"strings"
	"testing"

	"charla/chat"
)

func typicalMessage(l *fakeSource) chat.MessagePosted {
	e := l.post(general, 2, strings.Repeat("a line of chat ", 8))
	e.Message.AuthorName, e.Message.Key, e.Message.HTML = "Somebody", "0123456789ABCDEF0123456789", "<p>"+e.Message.Body+"</p>"
	return e
}

// What a message costs the node where it was posted, before the network.
func BenchmarkNewRelayMessage(b *testing.B) {
	e := typicalMessage(newFakeSource())
	b.ReportAllocs()
	for b.Loop() {
		in, _ := newRelayMessage(e)
		in.Version, in.Node = relayVersion, "0123456789ABCDEF0123456789"
		b.SetBytes(int64(len(marshalJSON(in))))
	}
}

// What a message of a room that nobody watches there costs another node.
func BenchmarkHandleRelayMessage(b *testing.B) {
	in, _ := newRelayMessage(typicalMessage(newFakeSource()))
	in.Version, in.Node = relayVersion, "0123456789ABCDEF0123456789"
	in.Key = &chat.StreamKey{Low: 1, High: 2}
	data := marshalJSON(in)
	r := &Relay{hub: NewHub(newFakeSource()), nodeName: "me"}
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		r.handle(data)
	}
}
