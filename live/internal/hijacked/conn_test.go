package hijacked

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeStream returns queued byte slices one by one.
type fakeStream struct {
	mu     sync.Mutex // guards all below
	queue  []string
	ended  bool
	asleep bool
	closed chan struct{}
}

func (s *fakeStream) Next(*[]byte) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		s.asleep = !s.ended
		return nil, s.ended
	}
	next := s.queue[0]
	s.queue = s.queue[1:]
	return []byte(next), s.ended && len(s.queue) == 0
}

func (s *fakeStream) Disconnected() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue, s.ended = nil, true
}

func (s *fakeStream) Close() { close(s.closed) }

// send queues b and wakes the connection if necessary.
func (s *fakeStream) send(c *Conn, b string, last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue, s.ended = append(s.queue, b), last
	if s.asleep {
		s.asleep = false
		c.Wake()
	}
}

// start opens a TCP connection over loopback and a Conn that writes to one end. It returns the other end.
func start(t *testing.T, initial string) (*Conn, *fakeStream, net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	var goroutines sync.WaitGroup
	pool := NewPool(goroutines.Go, func(f func()) bool { goroutines.Go(f); return true })
	stream := &fakeStream{closed: make(chan struct{})}
	c := pool.NewConn(server, stream)
	t.Cleanup(goroutines.Wait)
	c.Start([]byte(initial))
	return c, stream, client
}

func TestStreamIsWrittenInOrderUntilItsEnd(t *testing.T) {
	c, stream, client := start(t, "one ")
	stream.send(c, "two ", false)
	stream.send(c, "three", true)
	got, err := io.ReadAll(client)
	if err != nil || string(got) != "one two three" {
		t.Errorf("read %q, %v", got, err)
	}
	<-stream.closed
}

func TestDisconnectClosesTheStream(t *testing.T) {
	c, stream, client := start(t, "hello")
	client.Close()
	for ended := false; !ended; <-time.After(time.Millisecond) {
		stream.mu.Lock()
		ended = stream.ended
		stream.mu.Unlock()
	}
	stream.send(c, "", true)
	<-stream.closed
}

func TestShortenDeadlineEndsABlockedWrite(t *testing.T) {
	c, stream, _ := start(t, string(make([]byte, 64<<20))) // more than the buffers of both ends hold
	began := time.Now()
	c.ShortenDeadline(10 * time.Millisecond)
	<-stream.closed
	if took := time.Since(began); took > WriteTimeout/2 {
		t.Errorf("the write ended after %v", took)
	}
}

func TestNonblockingWriteWorksAfterBlockingWrite(t *testing.T) {
	c, stream, client := start(t, "")
	const timeout = 20 * time.Millisecond
	c.timeout = timeout
	if !c.writeWithDeadline([]byte("slow"), false) {
		t.Fatal("the blocking write failed")
	}
	<-time.After(2 * timeout) // until after the deadline of that write
	if n := c.writeNonblocking([]byte("quick")); n != 5 {
		t.Errorf("the nonblocking write wrote %d bytes", n)
	}
	b := make([]byte, 9)
	if _, err := io.ReadFull(client, b); err != nil || string(b) != "slowquick" {
		t.Errorf("read %q, %v", b, err)
	}
	stream.send(c, "", true)
	<-stream.closed
}
