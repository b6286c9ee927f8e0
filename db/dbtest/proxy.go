package dbtest

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy is a TCP proxy between a store and its PostgreSQL server that simulates failures of the network.
type Proxy struct {
	listener net.Listener
	socket   string

	mu          sync.Mutex // guards all below
	stalled     chan struct{}
	dropReplyTo []byte
	conns       map[net.Conn]bool
}

// NewProxy returns a proxy for a server. It is closed at the end of the test.
func NewProxy(t testing.TB, s *Server) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: listener, socket: s.Socket(), conns: map[net.Conn]bool{}}
	go p.accept()
	t.Cleanup(p.close)
	return p
}

// URL returns the URL of a database that is reached through the proxy.
func (p *Proxy) URL(database string) string {
	return "postgres://charla@" + p.listener.Addr().String() + "/" + database + "?sslmode=disable"
}

// Stall holds back all data in both directions without closing connections.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled = make(chan struct{})
}

// Resume lets data flow again after Stall.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stalled != nil {
		close(p.stalled)
		p.stalled = nil
	}
}

// DropReply waits for the next request that contains a text, forwards the request, waits for the reply of the server,
// and then closes the connection instead of forwarding the reply. It does so once.
func (p *Proxy) DropReply(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropReplyTo = []byte(text)
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", p.socket)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns[client], p.conns[server] = true, true
		p.mu.Unlock()
		lose := make(chan struct{})
		go p.forwardRequests(server, client, lose)
		go p.forwardReplies(client, server, lose)
	}
}

func (p *Proxy) forwardRequests(server, client net.Conn, lose chan struct{}) {
	defer server.Close()
	p.forward(server, client, func(request []byte) bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.dropReplyTo != nil && bytes.Contains(request, p.dropReplyTo) {
			p.dropReplyTo = nil
			close(lose)
		}
		return true
	})
}

func (p *Proxy) forwardReplies(client, server net.Conn, lose chan struct{}) {
	defer client.Close()
	p.forward(client, server, func([]byte) bool {
		select {
		case <-lose:
			return false
		default:
			return true
		}
	})
}

// forward copies data from one connection to the other. It stops at the end of the data, or when pass returns false for
// a piece of it.
func (p *Proxy) forward(to io.Writer, from io.Reader, pass func([]byte) bool) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		p.mu.Lock()
		stalled := p.stalled
		p.mu.Unlock()
		if stalled != nil {
			<-stalled
		}
		if !pass(buffer[:n]) {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (p *Proxy) close() {
	p.Resume()
	p.listener.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
}
