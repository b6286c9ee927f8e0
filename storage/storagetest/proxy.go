package storagetest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
)

// Proxy is a reverse proxy in front of an S3 server. A test can make it apply a fault to all requests.
type Proxy struct {
	addr  string
	fault atomic.Pointer[Fault]
}

// Fault answers a request in place of the S3 server. It may pass the request on by calling server.
type Fault func(w http.ResponseWriter, r *http.Request, server http.Handler)

// NewProxy starts a proxy that passes all requests on to s. The proxy is closed when the test ends.
func NewProxy(t testing.TB, s *Server) *Proxy {
	t.Helper()
	transport := &http.Transport{}
	server := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: s.addr})
			r.Out.Host = r.In.Host // the signature of the request covers it
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

// SetFault makes the proxy apply f to every request until ClearFault is called.
func (p *Proxy) SetFault(f Fault) { p.fault.Store(&f) }

// ClearFault makes the proxy pass all requests on unchanged again.
func (p *Proxy) ClearFault() { p.fault.Store(nil) }

// URL returns the value of the setting S3_URL for a bucket that is reached through the proxy.
func (p *Proxy) URL(bucket string) string { return URL(p.addr, bucket) }

// Unavailable is a Fault that answers every request with an error, as S3 does when it is overloaded.
func Unavailable(w http.ResponseWriter, r *http.Request, server http.Handler) {
	Refuse(http.StatusServiceUnavailable, "SlowDown")(w, r, server)
}

// Refuse returns a Fault that answers every request with an error of S3.
func Refuse(status int, code string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>refused</Message></Error>", code)
	}
}

// Stall is a Fault that reads the request and never answers it. It returns when the client disconnects.
func Stall(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// TruncateResponse is a Fault that passes the request on and closes the connection in the middle of the response body.
func TruncateResponse(w http.ResponseWriter, r *http.Request, server http.Handler) {
	response := httptest.NewRecorder()
	server.ServeHTTP(response, r)
	for name, values := range response.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(response.Code)
	w.Write(response.Body.Bytes()[:response.Body.Len()/2])
	panic(http.ErrAbortHandler)
}

// CorruptBody is a Fault that changes the first byte of the request body before passing the request on.
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

// StallAfter sends the first n bytes of the server's response and then nothing. A test wraps it in a function to make
// it a Fault.
func StallAfter(w http.ResponseWriter, r *http.Request, server http.Handler, n int) {
	response := httptest.NewRecorder()
	server.ServeHTTP(response, r)
	for name, values := range response.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(response.Code)
	w.Write(response.Body.Bytes()[:n])
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}
