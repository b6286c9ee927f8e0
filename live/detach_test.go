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

// wire is a detached stream over a real connection, seen from its reader's end.
type wire struct {
	net.Conn
	got chan string // words, as they come; closed at the end
}

// pair is both ends of a connection over loopback.
func pair(t *testing.T) (near, far net.Conn) {
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

// connect detaches a stream of general on a connection over loopback.
func connect(t *testing.T, h *Hub, v Viewer) *wire {
	t.Helper()
	writer, reader := pair(t)
	s, err := h.Subscribe(t.Context(), v, general, plain{})
	if err != nil {
		t.Fatal(err)
	}
	s.Detach(t.Context(), writer, Replay{Head: []byte("head|"), After: -1}, nil)
	return &wire{Conn: reader, got: make(chan string, 1<<12)}
}

// listen collects words until the stream ends.
func (w *wire) listen() {
	go func() {
		defer close(w.got)
		var rest []byte
		for b := make([]byte, 1<<10); ; {
			n, err := w.Read(b)
			rest = append(rest, b[:n]...)
			for i := bytes.IndexByte(rest, '|'); i >= 0; i = bytes.IndexByte(rest, '|') {
				w.got <- string(rest[:i])
				rest = rest[i+1:]
			}
			if err != nil {
				return
			}
		}
	}()
}

// until reads words up to one that begins with prefix.
func (w *wire) until(t *testing.T, prefix string) {
	t.Helper()
	for !strings.HasPrefix(w.word(t, prefix), prefix) {
	}
}

// next expects the next word about a message.
func (w *wire) next(t *testing.T, want string) {
	t.Helper()
	word := w.word(t, want)
	for word[0] != '+' {
		word = w.word(t, want)
	}
	if word != want {
		t.Fatalf("got %q, want %q", word, want)
	}
}

func (w *wire) word(t *testing.T, want string) string {
	t.Helper()
	select {
	case word, more := <-w.got:
		if !more {
			t.Fatalf("ended before %q", want)
		}
		return word
	case <-time.After(20 * time.Second):
		t.Fatalf("no %q came", want)
	}
	return ""
}

// running is a hub without a bubble: real connections know real time only.
func running(t *testing.T) (*Hub, *library) {
	l := newLibrary()
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

func TestADetachedStreamCarriesEverythingInOrder(t *testing.T) {
	h, l := running(t)
	var wires []*wire
	for n := range int64(20) {
		w := connect(t, h, viewer(n+1))
		w.listen()
		w.until(t, "head")
		wires = append(wires, w)
	}
	for i := range 300 {
		h.Publish(l.post(general, 99, fmt.Sprint("m", i)))
		if i%50 < 49 {
			continue
		}
		for _, w := range wires { // more than a queue holds must not wait
			for j := i - 49; j <= i; j++ {
				w.next(t, fmt.Sprintf("+%d=m%d", j+1, j))
			}
		}
	}
}

func TestAReaderThatGoesIsMissedAtOnce(t *testing.T) {
	h, _ := running(t)
	w := connect(t, h, viewer(1))
	if h.Streams() != 1 {
		t.Fatal("not open")
	}
	w.Close()
	eventually(t, "the stream closed", func() bool { return h.Streams() == 0 })
}

// TestAnIdleStreamHasNoGoroutine: what a stream costs while nothing happens is what a machine can hold of them.
func TestAnIdleStreamHasNoGoroutine(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux watches readers without a goroutine for each")
	}
	h, _ := running(t)
	connect(t, h, viewer(1)).listen()
	before, wires := runtime.NumGoroutine(), []*wire{}
	for range 50 {
		wires = append(wires, connect(t, h, Viewer{Person: chat.Person{ID: 2}, Session: 2, Limit: 50}))
	}
	eventually(t, "the goroutines that opened them end", func() bool { return runtime.NumGoroutine() <= before+10 })
	if h.Streams() != 51 {
		t.Fatalf("%d streams are open", h.Streams())
	}
	for _, w := range wires {
		w.Close()
	}
	eventually(t, "all are missed", func() bool { return h.Streams() == 1 })
}

func TestAReaderThatDoesNotReadIsGivenUpAlone(t *testing.T) {
	h, l := running(t)
	stuck, quick := connect(t, h, viewer(1)), connect(t, h, viewer(2))
	stuck.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	quick.listen()
	long := strings.Repeat("x", 16<<10)
	for i := range 4 * maxQueue {
		h.Publish(l.post(general, 99, long))
		quick.until(t, fmt.Sprintf("+%d=", i+1))
	}
	eventually(t, "the stuck reader was given up", func() bool { return h.Streams() == 1 })
	quick.until(t, ".")
}

func TestADetachedStreamHearsTheEndOnce(t *testing.T) {
	h, _ := running(t)
	out, stays := connect(t, h, viewer(1)), connect(t, h, viewer(2))
	h.Publish(chat.SessionEnded{Session: 1})
	hears(t, out, EndLogout)
	h.Shutdown()
	hears(t, stays, EndRestart)
	hears(t, connect(t, h, viewer(3)), EndRestart)
}

func hears(t *testing.T, w *wire, why End) {
	t.Helper()
	all, err := io.ReadAll(w)
	if end := fmt.Sprintf("!%d|", why); err != nil || !strings.HasSuffix(string(all), end) || strings.Count(string(all), "!") != 1 {
		t.Errorf("heard %.200q, %v", all, err)
	}
}

// A reader whose buffers are full must be gone soon after it may see no more.
func TestAStuckReaderEndsWithItsSession(t *testing.T) {
	stuckUntil(t, func(h *Hub, _ *library) { h.Publish(chat.SessionEnded{Session: 1}) })
}

func TestAStuckReaderEndsWithItsDeparture(t *testing.T) {
	stuckUntil(t, func(h *Hub, l *library) { h.Publish(l.remove(general, 1)) })
}

func stuckUntil(t *testing.T, end func(*Hub, *library)) {
	h, l := running(t)
	stuck := connect(t, h, viewer(1))
	stuck.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	long := strings.Repeat("x", 64<<10)
	for range maxQueue / 2 {
		h.Publish(l.post(general, 99, long))
	}
	start := time.Now()
	end(h, l)
	eventually(t, "the stuck reader was given up", func() bool { return h.Streams() == 0 })
	if took := time.Since(start); took > 2*lastWords {
		t.Errorf("took %v", took)
	}
}

// mine is an encoder that steps on a mine.
type mine struct{ plain }

func (mine) Change(chat.Change, int64) []byte { panic("a mine") }

func TestAPanicEndsOneStreamAlone(t *testing.T) {
	h, l := running(t)
	other := connect(t, h, viewer(1))
	other.listen()
	s, err := h.Subscribe(t.Context(), viewer(2), general, mine{})
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	defer far.Close()
	go io.Copy(io.Discard, far)
	s.Detach(t.Context(), near, Replay{After: -1}, nil)
	h.Publish(l.post(general, 99, "boom"))
	other.until(t, "+1=boom")
	eventually(t, "the stream that panicked closed", func() bool { return h.Streams() == 1 })
	h.Publish(l.post(general, 99, "on"))
	other.until(t, "+2=on")
}

func TestATryWorksAfterASlowWrite(t *testing.T) {
	near, far := pair(t)
	d := &detached{Stream: &Stream{}, conn: near}
	d.raw, _ = near.(*net.TCPConn).SyscallConn()
	if !d.write([]byte("slow"), EndRestart) {
		t.Fatal("not written")
	}
	<-time.After(lastWords + 50*time.Millisecond) // the deadline of that write
	if n := d.try([]byte("quick")); n != 5 {
		t.Errorf("a try wrote %d bytes", n)
	}
	b := make([]byte, 9)
	if _, err := io.ReadFull(far, b); err != nil || string(b) != "slowquick" {
		t.Errorf("read %q, %v", b, err)
	}
}
