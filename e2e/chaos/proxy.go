package chaos

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Proxy forwards connections to a server and injects network faults. Its address stays the same when the server
// restarts.
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

// connPair is a connection of a client to the proxy, and the connection that the proxy opened to the server for it.
type connPair struct {
	client, server net.Conn
	bytesUntilCut  atomic.Int64 // of the response; negative for no cut
}

// NewProxy listens on a free local port and forwards connections to the server at address. The network is "tcp" or
// "unix".
func NewProxy(network, address string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	dial := func() (net.Conn, error) { return net.DialTimeout(network, address, time.Second) }
	p := &Proxy{listener: l, conns: map[*connPair]bool{}, dial: dial}
	go p.accept()
	return p, nil
}

// Addr returns the address to which clients connect.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Stall makes the proxy hold back all bytes, without closing connections, until Restore is called.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stalled == nil {
		p.stalled = make(chan struct{})
	}
}

// Cut makes the proxy reset all connections, including new ones, until Restore is called.
func (p *Proxy) Cut() {
	p.mu.Lock()
	p.down = true
	p.mu.Unlock()
	p.reset()
}

// Delay makes the proxy hold back each chunk of bytes for the given time, until Restore is called.
func (p *Proxy) Delay(by time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = by
}

// Restore ends the effects of Stall, Cut and Delay.
func (p *Proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stalled != nil {
		close(p.stalled)
	}
	p.stalled, p.down, p.delay = nil, false, 0
}

// CutWhen sets a function that the proxy calls with each chunk of bytes from a client. If the function returns cut, the
// proxy resets that connection as soon as the server has sent more bytes than answered; the client gets only that many.
// Restore does not remove the function; CutWhen(nil) does.
func (p *Proxy) CutWhen(decide func(request []byte) (answered int, cut bool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cutWhen = decide
}

// Cuts returns the number of connections that were reset because of the function of CutWhen.
func (p *Proxy) Cuts() int { return int(p.cuts.Load()) }

// Close stops listening and resets all connections.
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

// bufferSize is the size of each buffer in bytes. It is small so that bytes which a slow reader does not take soon hold
// up the server.
const bufferSize = 16 << 10

// handle connects a client to the server and copies in both directions until one side closes.
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

// copyBytes copies one direction of a connection. It asks pass how many bytes of each chunk are allowed. If fewer are
// allowed than the chunk has, it resets both connections after them.
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

// waitUntilReleased waits while the proxy is stalled, and then for the delay if one is set.
func (p *Proxy) waitUntilReleased() {
	p.mu.Lock()
	stalled, delay := p.stalled, p.delay
	p.mu.Unlock()
	if stalled != nil {
		<-stalled
	}
	if delay > 0 {
		<-time.After(delay)
	}
}

// onRequest calls the function of CutWhen, if any, with a chunk from a client. It allows all bytes of the chunk.
func (p *Proxy) onRequest(c *connPair, chunk []byte) int {
	p.mu.Lock()
	decide := p.cutWhen
	p.mu.Unlock()
	if decide != nil {
		if answered, cut := decide(chunk); cut {
			c.bytesUntilCut.Store(int64(answered))
		} else {
			c.bytesUntilCut.Store(-1)
		}
	}
	return len(chunk)
}

// onResponse allows the bytes of a response up to the limit that the function of CutWhen set. Only a byte beyond the
// limit triggers the reset, so that a connection without further bytes stays open.
func (p *Proxy) onResponse(c *connPair, chunk []byte) int {
	left := c.bytesUntilCut.Load()
	if left < 0 {
		return len(chunk)
	}
	allowed := min(int(left), len(chunk))
	c.bytesUntilCut.Store(left - int64(allowed))
	return allowed
}

func (c *connPair) reset() {
	closeWithReset(c.client)
	closeWithReset(c.server)
}

// closeWithReset closes a connection with RST instead of FIN, so that data that was not delivered is lost.
func closeWithReset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Close()
}
