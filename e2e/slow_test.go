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

// slowPath is a way to the program on which the answers to messages and their changes take their time, or are lost.
type slowPath struct {
	addr string

	mu   sync.Mutex // guards all below
	wait time.Duration
	lose bool
}

func (s *server) slowly(t *testing.T) *slowPath {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &slowPath{addr: l.Addr().String()}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: s.addr})
	proxy.FlushInterval = -1
	proxy.ModifyResponse = p.delay
	site := &http.Server{Handler: proxy}
	go site.Serve(l)
	t.Cleanup(func() { site.Close() })
	return p
}

// newcomer registers by way of the slow path and opens General.
func (p *slowPath) newcomer(s *server, name string) *tab {
	b := s.stranger()
	b.addr = p.addr
	b.register(name)
	b.at("/chat")
	b.open("/messages?room=1")
	b.live()
	return b
}

func (p *slowPath) delay(answer *http.Response) error {
	if answer.Request.Method != http.MethodPost || !strings.HasPrefix(answer.Request.URL.Path, "/messages") {
		return nil
	}
	p.mu.Lock()
	wait, lose := p.wait, p.lose
	p.mu.Unlock()
	if lose {
		panic(http.ErrAbortHandler)
	}
	<-time.After(wait)
	return nil
}

// hold delays each answer by some milliseconds.
func (p *slowPath) hold(milliseconds int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wait, p.lose = time.Duration(milliseconds)*time.Millisecond, false
}

// loseAnswers cuts the connection after the program has done its work.
func (p *slowPath) loseAnswers() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lose = true
}
