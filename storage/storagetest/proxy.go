package storagetest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
)

// Proxy stands before a server and does with requests what a test says.
type Proxy struct {
	addr  string
	fault atomic.Pointer[Fault]
}

// Fault answers a request instead of the server, or passes it on.
type Fault func(w http.ResponseWriter, r *http.Request, server http.Handler)

// NewProxy returns a proxy without faults that ends with the test.
func NewProxy(t testing.TB, s *Server) *Proxy {
	t.Helper()
	transport := &http.Transport{}
	server := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: s.addr})
			r.Out.Host = r.In.Host // it belongs to the signature
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	p := &Proxy{}
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault := p.fault.Load(); fault != nil {
			(*fault)(w, r, server)
			return
		}
		server.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		listener.CloseClientConnections()
		listener.Close()
		transport.CloseIdleConnections()
	})
	p.addr = listener.Listener.Addr().String()
	return p
}

// SetFault lets every request meet a fault, until Heal.
func (p *Proxy) SetFault(f Fault) { p.fault.Store(&f) }

// ClearFault passes everything on again.
func (p *Proxy) ClearFault() { p.fault.Store(nil) }

// URL is a bucket as S3_URL takes it.
func (p *Proxy) URL(bucket string) string { return URL(p.addr, bucket) }

// Unavailable is what S3 answers when it is busy.
func Unavailable(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusServiceUnavailable)
	w.Write([]byte("<Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>"))
}

// Stall takes a request, all of it because a server only then notices that its client has gone, and says nothing.
func Stall(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// TruncateResponse cuts the answer in the middle of its body.
func TruncateResponse(w http.ResponseWriter, r *http.Request, server http.Handler) {
	whole := httptest.NewRecorder()
	server.ServeHTTP(whole, r)
	for name, values := range whole.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(whole.Code)
	w.Write(whole.Body.Bytes()[:whole.Body.Len()/2])
	panic(http.ErrAbortHandler)
}

// CorruptBody changes the first byte of what is sent.
func CorruptBody(w http.ResponseWriter, r *http.Request, server http.Handler) {
	r.Body = &corruptingBody{r.Body, false}
	server.ServeHTTP(w, r)
}

type corruptingBody struct {
	io.ReadCloser
	done bool
}

func (f *corruptingBody) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	if n > 0 && !f.done {
		p[0]++
		f.done = true
	}
	return n, err
}

// StallAfter lets n bytes of an answer through, and then says nothing.
func StallAfter(w http.ResponseWriter, r *http.Request, server http.Handler, n int) {
	whole := httptest.NewRecorder()
	server.ServeHTTP(whole, r)
	for name, values := range whole.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(whole.Code)
	w.Write(whole.Body.Bytes()[:n])
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}
