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

// echo is a server that sends back what it gets, behind a proxy.
func echo(t *testing.T) *Proxy {
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

// call connects and sends.
func call(t *testing.T, p *Proxy, text string) net.Conn {
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

// hears wants exactly this next.
func hears(t *testing.T, c net.Conn, want string) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("heard %q, %v, not %q", got, err, want)
	}
}

// isReset wants the connection to be broken, not closed.
func isReset(t *testing.T, c net.Conn) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("read %d bytes, %v", n, err)
	}
}

func TestProxyStalls(t *testing.T) {
	p := echo(t)
	c := call(t, p, "one")
	hears(t, c, "one")
	p.Stall()
	c.Write([]byte("two"))
	c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d bytes came, %v", n, err)
	}
	p.Heal()
	hears(t, c, "two")
}

func TestProxyCuts(t *testing.T) {
	p := echo(t)
	c := call(t, p, "one")
	hears(t, c, "one")
	p.Cut()
	isReset(t, c)
	p.Heal()
	hears(t, call(t, p, "two"), "two")
}

func TestProxyChops(t *testing.T) {
	p := echo(t)
	p.Chop(func(request []byte) (int, bool) { return 5, bytes.HasPrefix(request, []byte("cut")) })
	whole := call(t, p, "let me be")
	hears(t, whole, "let me be")
	c := call(t, p, "cut me")
	hears(t, c, "cut m")
	isReset(t, c)
	whole.Write([]byte("still here"))
	hears(t, whole, "still here")
	if p.Cuts() != 1 {
		t.Errorf("%d cuts", p.Cuts())
	}
}

func TestProxyDelays(t *testing.T) {
	p := echo(t)
	p.Delay(50 * time.Millisecond)
	begun := time.Now()
	hears(t, call(t, p, "slowly"), "slowly")
	if took := time.Since(begun); took < 100*time.Millisecond { // there and back
		t.Errorf("took %v", took)
	}
}
