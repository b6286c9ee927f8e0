package e2e

import (
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// slowProxy forwards to the server, and delays or drops the responses to posts under /messages. It can also refuse all
// requests.
type slowProxy struct {
	addr string

	mu            sync.Mutex // guards all below
	responseDelay time.Duration
	drop          bool
	away          bool
}

// newSlowProxy starts a proxy for the server.
func (s *server) newSlowProxy(t *testing.T) *slowProxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &slowProxy{addr: l.Addr().String()}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: s.addr})
	proxy.FlushInterval = -1
	proxy.ModifyResponse = p.delayResponse
	site := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.isAway() {
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	})}
	go site.Serve(l)
	t.Cleanup(func() { site.Close() })
	return p
}

// newUser registers a user through the proxy and opens General.
func (p *slowProxy) newUser(s *server, name string) *tab {
	b := s.newBrowser()
	b.addr = p.addr
	b.register(name)
	b.waitForPath("/chat")
	b.open("/messages?room=1")
	b.waitForStream()
	return b
}

// delayResponse delays or drops a response.
func (p *slowProxy) delayResponse(answer *http.Response) error {
	if answer.Request.Method != http.MethodPost || !strings.HasPrefix(answer.Request.URL.Path, "/messages") {
		return nil
	}
	p.mu.Lock()
	wait, lose := p.responseDelay, p.drop
	p.mu.Unlock()
	if lose {
		panic(http.ErrAbortHandler)
	}
	<-time.After(wait)
	return nil
}

// setDelay sets the delay of each response in milliseconds, and ends dropResponses.
func (p *slowProxy) setDelay(milliseconds int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.responseDelay, p.drop = time.Duration(milliseconds)*time.Millisecond, false
}

// setAway makes the proxy refuse new requests, as if the server was not there, or forward them again.
func (p *slowProxy) setAway(away bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = away
}

func (p *slowProxy) isAway() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.away
}

// dropResponses closes the connection after the server has handled a request, instead of forwarding the response.
func (p *slowProxy) dropResponses() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop = true
}
