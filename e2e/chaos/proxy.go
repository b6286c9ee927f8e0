package chaos

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Proxy stands before a server and does what networks do. Its address outlives the server's restarts.
type Proxy struct {
	listener net.Listener
	dial     func() (net.Conn, error)
	cuts     atomic.Int64

	mu      sync.Mutex // guards all below
	stalled chan struct{}
	down    bool
	delay   time.Duration
	cutWhen func(request []byte) (answered int, cut bool)
	conns   map[*connPair]bool
}

// connPair is a client's connection and the one that goes with it to the server.
type connPair struct {
	client, server net.Conn
	bytesUntilCut  atomic.Int64 // bytes of the answer until the cut; negative for never
}

// NewProxy listens on a free port of this machine before a server at an address, or at the path of a unix socket.
func NewProxy(network, address string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: l, conns: map[*connPair]bool{}, dial: func() (net.Conn, error) { return net.DialTimeout(network, address, time.Second) }}
	go p.accept()
	return p, nil
}

// Addr is where clients connect.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Stall holds every byte back without closing anything, until Heal.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stalled == nil {
		p.stalled = make(chan struct{})
	}
}

// Cut resets what is connected, and whoever connects, until Heal.
func (p *Proxy) Cut() {
	p.mu.Lock()
	p.down = true
	p.mu.Unlock()
	p.reset()
}

// Delay holds every piece back for a while, until Heal.
func (p *Proxy) Delay(by time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = by
}

// Restore lets everything through again.
func (p *Proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stalled != nil {
		close(p.stalled)
	}
	p.stalled, p.down, p.delay = nil, false, 0
}

// CutWhen asks about each piece that a client sends whether its connection is to be reset, and after how many bytes from the
// server. It outlives Heal.
func (p *Proxy) CutWhen(chop func(request []byte) (answered int, cut bool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cutWhen = chop
}

// Cuts counts the connections that Chop had reset.
func (p *Proxy) Cuts() int { return int(p.cuts.Load()) }

// Close ends everything.
func (p *Proxy) Close() {
	p.listener.Close()
	p.Cut()
	p.Restore()
}

func (p *Proxy) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.reset()
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.handle(client)
	}
}

// bufferSize is how many bytes are under way, in each of the few buffers: a reader who is slow must be felt.
const bufferSize = 16 << 10

func (p *Proxy) handle(client net.Conn) {
	server, err := p.dial()
	if err != nil {
		closeWithReset(client)
		return
	}
	for _, side := range []net.Conn{client, server} {
		if tcp, ok := side.(*net.TCPConn); ok {
			tcp.SetReadBuffer(bufferSize)
			tcp.SetWriteBuffer(bufferSize)
		}
	}
	c := &connPair{client: client, server: server}
	c.bytesUntilCut.Store(-1)
	p.mu.Lock()
	if p.conns[c] = true; p.down {
		c.reset()
	}
	p.mu.Unlock()
	go p.copyBytes(c, server, client, p.onRequest)
	p.copyBytes(c, client, server, p.onResponse)
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
}

// copyBytes copies one direction. What pass does not allow resets the pair.
func (p *Proxy) copyBytes(c *connPair, to, from net.Conn, pass func(*connPair, []byte) (allowed int)) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		p.waitUntilReleased()
		allowed := pass(c, buffer[:n])
		if _, err := to.Write(buffer[:allowed]); err != nil {
			return
		}
		if allowed < n {
			p.cuts.Add(1)
			c.reset()
			return
		}
	}
}

// waitUntilReleased is what a stall and a delay do.
func (p *Proxy) waitUntilReleased() {
	p.mu.Lock()
	held, delay := p.stalled, p.delay
	p.mu.Unlock()
	if held != nil {
		<-held
	}
	if delay > 0 {
		<-time.After(delay)
	}
}

func (p *Proxy) onRequest(c *connPair, piece []byte) int {
	p.mu.Lock()
	chop := p.cutWhen
	p.mu.Unlock()
	if chop != nil {
		if answered, cut := chop(piece); cut {
			c.bytesUntilCut.Store(int64(answered))
		} else {
			c.bytesUntilCut.Store(-1)
		}
	}
	return len(piece)
}

// onResponse counts down to the cut. The byte after the last one allowed is what cuts, so a silent connection stays.
func (p *Proxy) onResponse(c *connPair, piece []byte) int {
	left := c.bytesUntilCut.Load()
	if left < 0 {
		return len(piece)
	}
	allowed := min(int(left), len(piece))
	c.bytesUntilCut.Store(left - int64(allowed))
	return allowed
}

func (c *connPair) reset() {
	closeWithReset(c.client)
	closeWithReset(c.server)
}

// closeWithReset closes with a reset instead of a farewell, so that what was not delivered yet is lost.
func closeWithReset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Close()
}
