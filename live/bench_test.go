package live

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"charla/chat"
)

// countingWriter is a BlockingWriter that counts the messages it receives.
type countingWriter struct{ messages *atomic.Int64 }

func (c countingWriter) ShortenDeadline(time.Duration) {}

func (c countingWriter) Write(p []byte) error {
	c.messages.Add(int64(strings.Count(string(p), "+")))
	return nil
}

// BenchmarkHub measures what the hub costs, without the network, to deliver a message of one room to 1,000 streams. An
// operation is one message to all streams.
func BenchmarkHub(b *testing.B) {
	const streams = 1000
	db := newFakeSource()
	h := NewHub(db)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go h.Run(ctx)
	var arrived, opened atomic.Int64
	for i := range int64(streams) {
		s, err := h.Subscribe(ctx, viewer(i), general, textEncoder{})
		if err != nil {
			b.Fatal(err)
		}
		go func() {
			defer s.Close()
			s.Run(ctx, countingWriter{&arrived}, Replay{After: -1}, func(context.Context) ([]byte, error) {
				opened.Add(1)
				return nil, nil
			})
		}()
	}
	for opened.Load() < streams {
		<-time.After(time.Millisecond)
	}
	text := strings.Repeat("a line of chat ", 8)
	b.ReportAllocs()
	sent := int64(0)
	for b.Loop() {
		h.Publish(db.post(general, 2, text))
		if sent++; sent%(maxQueue/2) == 0 { // waits before a queue becomes full
			for arrived.Load() < sent*streams {
				<-time.After(100 * time.Microsecond)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(sent*streams), "ns/delivery")
	h.Shutdown()
	h.Wait(ctx)
}

// BenchmarkServerSentEvent formats a rendered message of some 600 bytes as an event.
func BenchmarkServerSentEvent(b *testing.B) {
	e := ServerSentEvent{ID: "123", Data: []byte(strings.Repeat("<p>a line of markup, as it is rendered</p>\n", 14))}
	var buffer []byte
	b.ReportAllocs()
	b.SetBytes(int64(len(e.Data)))
	for b.Loop() {
		buffer = e.AppendTo(buffer[:0])
	}
}

// BenchmarkReplay renders the replay of a reader, one of many that reconnect with the same cursor.
func BenchmarkReplay(b *testing.B) {
	db := newFakeSource()
	h := NewHub(db)
	for range 10 {
		db.post(general, 2, strings.Repeat("a line of chat ", 8))
	}
	changes, err := db.Changes(b.Context(), 1, 0, chat.ReplayLimit)
	if err != nil {
		b.Fatal(err)
	}
	var s *Stream
	for i := range int64(minStreamsToCacheReplay) {
		if s, err = h.Subscribe(b.Context(), viewer(i), general, textEncoder{}); err != nil {
			b.Fatal(err)
		}
	}
	var buffer []byte
	b.ReportAllocs()
	for b.Loop() {
		buffer = s.appendInitial(b.Context(), buffer[:0], Replay{Changes: changes}, nil)
	}
	b.SetBytes(int64(len(buffer)))
}
