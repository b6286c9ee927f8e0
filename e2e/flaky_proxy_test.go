package e2e

import (
	"io"
	"net"
	"slices"
	"sync"
	"testing"
)

// flakyProxy forwards the connections of a browser to the server. It can be cut, which breaks all connections and
// refuses new ones.
type flakyProxy struct {
	addr string

	mu    sync.Mutex // guards all below
	down  bool
	conns []net.Conn
}

// newFlakyProxy starts a proxy for the server.
func (s *server) newFlakyProxy(t *testing.T) *flakyProxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &flakyProxy{addr: l.Addr().String()}
	t.Cleanup(func() { l.Close(); c.cut() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			c.connect(in, s.addr)
		}
	}()
	return c
}

func (c *flakyProxy) connect(in net.Conn, to string) {
	out, err := net.Dial("tcp", to)
	if err != nil {
		in.Close()
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		in.Close()
		out.Close()
		return
	}
	c.conns = append(c.conns, in, out)
	carry := func(to, from net.Conn) { io.Copy(to, from); to.Close(); from.Close() }
	go carry(in, out)
	go carry(out, in)
}

// cut closes all connections, and refuses new ones until restore.
func (c *flakyProxy) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = true
	for _, conn := range c.conns {
		conn.Close()
	}
	c.conns = slices.Delete(c.conns, 0, len(c.conns))
}

// reset closes all connections; new ones are accepted.
func (c *flakyProxy) reset() {
	c.cut()
	c.restore()
}

// restore accepts connections again.
func (c *flakyProxy) restore() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = false
}
