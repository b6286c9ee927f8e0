package e2e

import (
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
)

// cable is the way from one browser to the program. It can be cut, which breaks everything under way.
type cable struct {
	addr string

	mu    sync.Mutex // guards all below
	dead  bool
	conns []net.Conn
}

func (s *server) cable(t *testing.T) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{addr: l.Addr().String()}
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

func (c *cable) connect(in net.Conn, to string) {
	out, err := net.Dial("tcp", to)
	if err != nil {
		in.Close()
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		in.Close()
		out.Close()
		return
	}
	c.conns = append(c.conns, in, out)
	carry := func(to, from net.Conn) { io.Copy(to, from); to.Close(); from.Close() }
	go carry(in, out)
	go carry(out, in)
}

func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = true
	for _, conn := range c.conns {
		conn.Close()
	}
	c.conns = slices.Delete(c.conns, 0, len(c.conns))
}

// shake breaks what is under way; whoever connects again gets through.
func (c *cable) shake() {
	c.cut()
	c.mend()
}

func (c *cable) mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = false
}

// offline makes the browser believe that it has no network, or has it again.
func (b *tab) offline(yes bool) {
	b.Helper()
	do(b, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{
		{Offline: yes, DownloadThroughput: -1, UploadThroughput: -1},
	}})
	do(b, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: yes, DownloadThroughput: -1, UploadThroughput: -1})
}
