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

// hijackedClient is the reader's end of a real connection on which a stream is written.
type hijackedClient struct {
	net.Conn
	tokens chan string // the tokens in the order in which they arrive; closed at the end of the stream
}

// tcpPair returns both ends of a TCP connection over loopback.
func tcpPair(t *testing.T) (server, client net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if client, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	if server, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	return server, client
}

// connectHijacked opens a stream of general on a hijacked connection over loopback.
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

// collect sends the tokens to w.tokens until the stream ends.
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

// waitFor reads tokens up to one that begins with prefix.
func (w *hijackedClient) waitFor(t *testing.T, prefix string) {
	t.Helper()
	for !strings.HasPrefix(w.nextToken(t, prefix), prefix) {
	}
}

// expectNext reads tokens up to the next new message and checks it.
func (w *hijackedClient) expectNext(t *testing.T, want string) {
	t.Helper()
	token := w.nextToken(t, want)
	for token[0] != '+' {
		token = w.nextToken(t, want)
	}
	if token != want {
		t.Fatalf("got %q, want %q", token, want)
	}
}

// nextToken returns the next token. It fails the test if none arrives; want is what the caller waits for.
func (w *hijackedClient) nextToken(t *testing.T, want string) string {
	t.Helper()
	select {
	case token, more := <-w.tokens:
		if !more {
			t.Fatalf("the stream ended before %q", want)
		}
		return token
	case <-time.After(20 * time.Second):
		t.Fatalf("%q did not arrive", want)
	}
	return ""
}

// startHub returns a running hub in real time, which real connections need.
func startHub(t *testing.T) (*Hub, *fakeSource) {
	db := newFakeSource()
	h := NewHub(db)
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
	return h, db
}

// eventually waits until a condition holds.
func eventually(t *testing.T, condition string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("condition not met: %s", condition)
		}
		<-time.After(time.Millisecond)
	}
}

func TestHijackedStreamDeliversInOrder(t *testing.T) {
	h, db := startHub(t)
	var clients []*hijackedClient
	for n := range int64(20) {
		w := connectHijacked(t, h, viewer(n+1))
		w.collect()
		w.waitFor(t, "head")
		clients = append(clients, w)
	}
	for i := range 300 {
		h.Publish(db.post(general, 99, fmt.Sprint("m", i)))
		if i%50 < 49 {
			continue
		}
		for _, w := range clients { // so that no queue becomes full
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
		t.Fatal("the stream is not open")
	}
	w.Close()
	eventually(t, "the stream closed", func() bool { return h.StreamCount() == 0 })
}

// TestIdleHijackedStreamHasNoGoroutine: the memory of an idle stream decides how many streams a machine can have.
func TestIdleHijackedStreamHasNoGoroutine(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux notices disconnects without a goroutine for each connection")
	}
	h, _ := startHub(t)
	connectHijacked(t, h, viewer(1)).collect()
	before, clients := runtime.NumGoroutine(), []*hijackedClient{}
	for range 50 {
		clients = append(clients, connectHijacked(t, h, Viewer{User: chat.UserSummary{ID: 2}, Session: 2, MaxStreams: 50}))
	}
	eventually(t, "the goroutines that opened the streams have ended", func() bool {
		return runtime.NumGoroutine() <= before+10
	})
	if h.StreamCount() != 51 {
		t.Fatalf("%d streams are open", h.StreamCount())
	}
	for _, w := range clients {
		w.Close()
	}
	eventually(t, "all closed streams are removed", func() bool { return h.StreamCount() == 1 })
}

func TestStuckReaderIsDroppedAlone(t *testing.T) {
	h, db := startHub(t)
	stuck, quick := connectHijacked(t, h, viewer(1)), connectHijacked(t, h, viewer(2))
	stuck.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	quick.collect()
	long := strings.Repeat("x", 16<<10)
	for i := range 4 * maxQueue {
		h.Publish(db.post(general, 99, long))
		quick.waitFor(t, fmt.Sprintf("+%d=", i+1))
	}
	eventually(t, "the stream of the stuck reader ended", func() bool { return h.StreamCount() == 1 })
	quick.waitFor(t, ".")
}

func TestHijackedStreamReceivesEndOnce(t *testing.T) {
	h, _ := startHub(t)
	loggedOut, staying := connectHijacked(t, h, viewer(1)), connectHijacked(t, h, viewer(2))
	h.Publish(chat.SessionEnded{Session: 1})
	expectEnd(t, loggedOut, EndLogout)
	h.Shutdown()
	expectEnd(t, staying, EndRestart)
	expectEnd(t, connectHijacked(t, h, viewer(3)), EndRestart)
}

// expectEnd reads the stream until its end and checks that it received one end reason.
func expectEnd(t *testing.T, w *hijackedClient, reason EndReason) {
	t.Helper()
	all, err := io.ReadAll(w)
	once := strings.HasSuffix(string(all), endToken(reason)+"|") && strings.Count(string(all), "!") == 1
	if err != nil || !once {
		t.Errorf("received %.200q, %v", all, err)
	}
}

// TestStuckReaderEndsOnLogout: a reader that does not read, so that its buffers are full, must be disconnected soon
// after its right to read ended.
func TestStuckReaderEndsOnLogout(t *testing.T) {
	testStuckReaderEnds(t, func(h *Hub, _ *fakeSource) { h.Publish(chat.SessionEnded{Session: 1}) })
}

func TestStuckReaderEndsOnMemberLeft(t *testing.T) {
	testStuckReaderEnds(t, func(h *Hub, db *fakeSource) { h.Publish(db.removeMember(general, 1)) })
}

// testStuckReaderEnds checks that end disconnects a reader whose buffers are full.
func testStuckReaderEnds(t *testing.T, end func(*Hub, *fakeSource)) {
	h, db := startHub(t)
	stuck := connectHijacked(t, h, viewer(1))
	stuck.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	long := strings.Repeat("x", 64<<10)
	for range maxQueue / 2 {
		h.Publish(db.post(general, 99, long))
	}
	start := time.Now()
	end(h, db)
	eventually(t, "the stream of the stuck reader ended", func() bool { return h.StreamCount() == 0 })
	if took := time.Since(start); took > 2*finalWriteTimeout {
		t.Errorf("the stream ended after %v", took)
	}
}

// panicEncoder is an encoder that panics.
type panicEncoder struct{ textEncoder }

func (panicEncoder) Change(chat.RoomChange, int64) []byte { panic("panicEncoder") }

func TestPanicEndsOneStream(t *testing.T) {
	h, db := startHub(t)
	other := connectHijacked(t, h, viewer(1))
	other.collect()
	s, err := h.Subscribe(t.Context(), viewer(2), general, panicEncoder{})
	if err != nil {
		t.Fatal(err)
	}
	server, client := net.Pipe()
	defer client.Close()
	go io.Copy(io.Discard, client)
	s.StartHijacked(t.Context(), server, Replay{After: -1}, nil)
	h.Publish(db.post(general, 99, "boom"))
	other.waitFor(t, "+1=boom")
	eventually(t, "the stream whose encoder panicked closed", func() bool { return h.StreamCount() == 1 })
	h.Publish(db.post(general, 99, "on"))
	other.waitFor(t, "+2=on")
}
