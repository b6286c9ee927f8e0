package chaos

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// newEchoProxy starts a proxy to a server that sends back what it receives.
func newEchoProxy(t *testing.T) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { io.Copy(c, c); c.Close() }()
		}
	}()
	p, err := NewProxy("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// dialAndSend connects to the proxy and sends a text.
func dialAndSend(t *testing.T, p *Proxy, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return c
}

// expectBytes requires that exactly these bytes arrive next.
func expectBytes(t *testing.T, c net.Conn, want string) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("received %q, %v, want %q", got, err, want)
	}
}

// expectReset requires that the connection is reset, not closed.
func expectReset(t *testing.T, c net.Conn) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("read %d bytes, %v", n, err)
	}
}

func TestProxyStalls(t *testing.T) {
	p := newEchoProxy(t)
	c := dialAndSend(t, p, "one")
	expectBytes(t, c, "one")
	p.Stall()
	c.Write([]byte("two"))
	c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d bytes came, %v", n, err)
	}
	p.Restore()
	expectBytes(t, c, "two")
}

func TestProxyCuts(t *testing.T) {
	p := newEchoProxy(t)
	c := dialAndSend(t, p, "one")
	expectBytes(t, c, "one")
	p.Cut()
	expectReset(t, c)
	p.Restore()
	expectBytes(t, dialAndSend(t, p, "two"), "two")
}

func TestProxyCutsWhen(t *testing.T) {
	p := newEchoProxy(t)
	p.CutWhen(func(request []byte) (int, bool) { return 5, bytes.HasPrefix(request, []byte("cut")) })
	whole := dialAndSend(t, p, "let me be")
	expectBytes(t, whole, "let me be")
	c := dialAndSend(t, p, "cut me")
	expectBytes(t, c, "cut m")
	expectReset(t, c)
	whole.Write([]byte("still here"))
	expectBytes(t, whole, "still here")
	if p.Cuts() != 1 {
		t.Errorf("%d cuts", p.Cuts())
	}
}

func TestProxyDelays(t *testing.T) {
	p := newEchoProxy(t)
	p.Delay(50 * time.Millisecond)
	begun := time.Now()
	expectBytes(t, dialAndSend(t, p, "slowly"), "slowly")
	if took := time.Since(begun); took < 100*time.Millisecond { // there and back
		t.Errorf("took %v", took)
	}
}
