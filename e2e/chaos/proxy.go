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

	mu    sync.Mutex // guards all below
	held  chan struct{}
	down  bool
	delay time.Duration
	chop  func(request []byte) (answered int, cut bool)
	conns map[*pair]bool
}

// pair is a client's connection and the one that goes with it to the server.
type pair struct {
	client, server net.Conn
	left           atomic.Int64 // bytes of the answer until the cut; negative for never
}

// NewProxy listens on a free port of this machine before a server at an address, or at the path of a unix socket.
func NewProxy(network, address string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: l, conns: map[*pair]bool{}, dial: func() (net.Conn, error) { return net.DialTimeout(network, address, time.Second) }}
	go p.accept()
	return p, nil
}

// Addr is where clients connect.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Stall holds every byte back without closing anything, until Heal.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held == nil {
		p.held = make(chan struct{})
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

// Heal lets everything through again.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held != nil {
		close(p.held)
	}
	p.held, p.down, p.delay = nil, false, 0
}

// Chop asks about each piece that a client sends whether its connection is to be reset, and after how many bytes from the
// server. It outlives Heal.
func (p *Proxy) Chop(chop func(request []byte) (answered int, cut bool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.chop = chop
}

// Cuts counts the connections that Chop had reset.
func (p *Proxy) Cuts() int { return int(p.cuts.Load()) }

// Close ends everything.
func (p *Proxy) Close() {
	p.listener.Close()
	p.Cut()
	p.Heal()
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
		go p.connect(client)
	}
}

// pipe is how many bytes are under way, in each of the few buffers: a reader who is slow must be felt.
const pipe = 16 << 10

func (p *Proxy) connect(client net.Conn) {
	server, err := p.dial()
	if err != nil {
		abort(client)
		return
	}
	for _, side := range []net.Conn{client, server} {
		if tcp, ok := side.(*net.TCPConn); ok {
			tcp.SetReadBuffer(pipe)
			tcp.SetWriteBuffer(pipe)
		}
	}
	c := &pair{client: client, server: server}
	c.left.Store(-1)
	p.mu.Lock()
	if p.conns[c] = true; p.down {
		c.reset()
	}
	p.mu.Unlock()
	go p.carry(c, server, client, p.request)
	p.carry(c, client, server, p.answer)
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
}

// carry copies one direction. What pass does not allow resets the pair.
func (p *Proxy) carry(c *pair, to, from net.Conn, pass func(*pair, []byte) (allowed int)) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		p.wait()
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

// wait is what a stall and a delay do.
func (p *Proxy) wait() {
	p.mu.Lock()
	held, delay := p.held, p.delay
	p.mu.Unlock()
	if held != nil {
		<-held
	}
	if delay > 0 {
		<-time.After(delay)
	}
}

func (p *Proxy) request(c *pair, piece []byte) int {
	p.mu.Lock()
	chop := p.chop
	p.mu.Unlock()
	if chop != nil {
		if answered, cut := chop(piece); cut {
			c.left.Store(int64(answered))
		} else {
			c.left.Store(-1)
		}
	}
	return len(piece)
}

// answer counts down to the cut. The byte after the last one allowed is what cuts, so a silent connection stays.
func (p *Proxy) answer(c *pair, piece []byte) int {
	left := c.left.Load()
	if left < 0 {
		return len(piece)
	}
	allowed := min(int(left), len(piece))
	c.left.Store(left - int64(allowed))
	return allowed
}

func (c *pair) reset() {
	abort(c.client)
	abort(c.server)
}

// abort closes with a reset instead of a farewell, so that what was not delivered yet is lost.
func abort(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Close()
}
