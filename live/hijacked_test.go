package live

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"charla/chat"
)

// hijackedClient is a detached stream over a real connection, seen from its reader's end.
type hijackedClient struct {
	net.Conn
	tokens chan string // words, as they come; closed at the end
}

// tcpPair is both ends of a connection over loopback.
func tcpPair(t *testing.T) (near, far net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if far, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	if near, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	return near, far
}

// connectHijacked detaches a stream of general on a connection over loopback.
func connectHijacked(t *testing.T, h *Hub, v Viewer) *hijackedClient {
	t.Helper()
	writer, reader := tcpPair(t)
	s, err := h.Subscribe(t.Context(), v, general, textEncoder{})
	if err != nil {
		t.Fatal(err)
	}
	s.StartHijacked(t.Context(), writer, Replay{Head: []byte("head|"), After: -1}, nil)
	return &hijackedClient{Conn: reader, tokens: make(chan string, 1<<12)}
}

// awaitDisconnect collects words until the stream ends.
func (w *hijackedClient) collect() {
	go func() {
		defer close(w.tokens)
		var rest []byte
		for b := make([]byte, 1<<10); ; {
			n, err := w.Read(b)
			rest = append(rest, b[:n]...)
			for i := bytes.IndexByte(rest, '|'); i >= 0; i = bytes.IndexByte(rest, '|') {
				w.tokens <- string(rest[:i])
				rest = rest[i+1:]
			}
			if err != nil {
				return
			}
		}
	}()
}

// waitFor reads words up to one that begins with prefix.
func (w *hijackedClient) waitFor(t *testing.T, prefix string) {
	t.Helper()
	for !strings.HasPrefix(w.nextToken(t, prefix), prefix) {
	}
}

// takeBatch expects the next word about a message.
func (w *hijackedClient) expectNext(t *testing.T, want string) {
	t.Helper()
	word := w.nextToken(t, want)
	for word[0] != '+' {
		word = w.nextToken(t, want)
	}
	if word != want {
		t.Fatalf("got %q, want %q", word, want)
	}
}

func (w *hijackedClient) nextToken(t *testing.T, want string) string {
	t.Helper()
	select {
	case word, more := <-w.tokens:
		if !more {
			t.Fatalf("ended before %q", want)
		}
		return word
	case <-time.After(20 * time.Second):
		t.Fatalf("no %q came", want)
	}
	return ""
}

// startHub is a hub without a bubble: real connections know real time only.
func startHub(t *testing.T) (*Hub, *fakeSource) {
	l := newFakeSource()
	h := NewHub(l)
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { defer close(stopped); h.Run(ctx) }()
	t.Cleanup(func() {
		h.Shutdown()
		stop()
		<-stopped
		if err := h.Wait(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return h, l
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
		<-time.After(time.Millisecond)
	}
}

func TestHijackedStreamDeliversInOrder(t *testing.T) {
	h, l := startHub(t)
	var wires []*hijackedClient
	for n := range int64(20) {
		w := connectHijacked(t, h, viewer(n+1))
		w.collect()
		w.waitFor(t, "head")
		wires = append(wires, w)
	}
	for i := range 300 {
		h.Publish(l.post(general, 99, fmt.Sprint("m", i)))
		if i%50 < 49 {
			continue
		}
		for _, w := range wires { // more than a queue holds must not wait
			for j := i - 49; j <= i; j++ {
				w.expectNext(t, fmt.Sprintf("+%d=m%d", j+1, j))
			}
		}
	}
}

func TestDisconnectIsNoticedAtOnce(t *testing.T) {
	h, _ := startHub(t)
	w := connectHijacked(t, h, viewer(1))
	if h.StreamCount() != 1 {
		t.Fatal("not open")
	}
	w.Close()
	eventually(t, "the stream closed", func() bool { return h.StreamCount() == 0 })
}

// TestIdleHijackedStreamHasNoGoroutine: what a stream costs while nothing happens is what a machine can hold of them.
func TestIdleHijackedStreamHasNoGoroutine(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux watches readers without a goroutine for each")
	}
	h, _ := startHub(t)
	connectHijacked(t, h, viewer(1)).collect()
	before, wires := runtime.NumGoroutine(), []*hijackedClient{}
	for range 50 {
		wires = append(wires, connectHijacked(t, h, Viewer{User: chat.UserSummary{ID: 2}, Session: 2, MaxStreams: 50}))
	}
	eventually(t, "the goroutines that opened them end", func() bool { return runtime.NumGoroutine() <= before+10 })
	if h.StreamCount() != 51 {
		t.Fatalf("%d streams are open", h.StreamCount())
	}
	for _, w := range wires {
		w.Close()
	}
	eventually(t, "all are missed", func() bool { return h.StreamCount() == 1 })
}

func TestStuckReaderIsDroppedAlone(t *testing.T) {
	h, l := startHub(t)
	stuck, quick := connectHijacked(t, h, viewer(1)), connectHijacked(t, h, viewer(2))
	stuck.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	quick.collect()
	long := strings.Repeat("x", 16<<10)
	for i := range 4 * maxQueue {
		h.Publish(l.post(general, 99, long))
		quick.waitFor(t, fmt.Sprintf("+%d=", i+1))
	}
	eventually(t, "the stuck reader was given up", func() bool { return h.StreamCount() == 1 })
	quick.waitFor(t, ".")
}

func TestHijackedStreamReceivesEndOnce(t *testing.T) {
	h, _ := startHub(t)
	out, stays := connectHijacked(t, h, viewer(1)), connectHijacked(t, h, viewer(2))
	h.Publish(chat.SessionEnded{Session: 1})
	expectEnd(t, out, EndLogout)
	h.Shutdown()
	expectEnd(t, stays, EndRestart)
	expectEnd(t, connectHijacked(t, h, viewer(3)), EndRestart)
}

func expectEnd(t *testing.T, w *hijackedClient, why EndReason) {
	t.Helper()
	all, err := io.ReadAll(w)
	if end := fmt.Sprintf("!%d|", why); err != nil || !strings.HasSuffix(string(all), end) || strings.Count(string(all), "!") != 1 {
		t.Errorf("heard %.200q, %v", all, err)
	}
}

// A reader whose buffers are full must be gone soon after it may see no more.
func TestStuckReaderEndsOnLogout(t *testing.T) {
	testStuckReaderEnds(t, func(h *Hub, _ *fakeSource) { h.Publish(chat.SessionEnded{Session: 1}) })
}

func TestStuckReaderEndsOnMemberLeft(t *testing.T) {
	testStuckReaderEnds(t, func(h *Hub, l *fakeSource) { h.Publish(l.removeMember(general, 1)) })
}

func testStuckReaderEnds(t *testing.T, end func(*Hub, *fakeSource)) {
	h, l := startHub(t)
	stuck := connectHijacked(t, h, viewer(1))
	stuck.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	long := strings.Repeat("x", 64<<10)
	for range maxQueue / 2 {
		h.Publish(l.post(general, 99, long))
	}
	start := time.Now()
	end(h, l)
	eventually(t, "the stuck reader was given up", func() bool { return h.StreamCount() == 0 })
	if took := time.Since(start); took > 2*finalWriteTimeout {
		t.Errorf("took %v", took)
	}
}

// panicEncoder is an encoder that steps on a mine.
type panicEncoder struct{ textEncoder }

func (panicEncoder) Change(chat.RoomChange, int64) []byte { panic("a mine") }

func TestPanicEndsOneStream(t *testing.T) {
	h, l := startHub(t)
	other := connectHijacked(t, h, viewer(1))
	other.collect()
	s, err := h.Subscribe(t.Context(), viewer(2), general, panicEncoder{})
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	defer far.Close()
	go io.Copy(io.Discard, far)
	s.StartHijacked(t.Context(), near, Replay{After: -1}, nil)
	h.Publish(l.post(general, 99, "boom"))
	other.waitFor(t, "+1=boom")
	eventually(t, "the stream that panicked closed", func() bool { return h.StreamCount() == 1 })
	h.Publish(l.post(general, 99, "on"))
	other.waitFor(t, "+2=on")
}
