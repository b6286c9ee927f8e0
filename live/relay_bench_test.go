package live

import (
	"strings"
	"testing"

	"charla/chat"
)

func typical(l *library) chat.MessagePosted {
	e := l.post(general, 2, strings.Repeat("a line of chat ", 8))
	e.Message.AuthorName, e.Message.Key, e.Message.HTML = "Somebody", "0123456789ABCDEF0123456789", "<p>"+e.Message.Body+"</p>"
	return e
}

// What a message costs the node where it was posted, before the network.
func BenchmarkHintMade(b *testing.B) {
	e := typical(newLibrary())
	b.ReportAllocs()
	for b.Loop() {
		in, _ := hintOf(e)
		in.Version, in.Node = hintVersion, "0123456789ABCDEF0123456789"
		b.SetBytes(int64(len(marshal(in))))
	}
}

// What a message of a room that nobody watches there costs another node.
func BenchmarkHintTaken(b *testing.B) {
	in, _ := hintOf(typical(newLibrary()))
	in.Version, in.Node = hintVersion, "0123456789ABCDEF0123456789"
	in.At = &chat.Topic{Low: 1, High: 2}
	data := marshal(in)
	r := &Relay{hub: NewHub(newLibrary()), name: "me"}
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		r.take(data)
	}
}
