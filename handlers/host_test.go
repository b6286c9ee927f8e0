package handlers_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"charla/handlers/web"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// withHost sends a GET request with a Host header.
func (b *client) withHost(host, path string, headers ...string) *answer {
	b.t.Helper()
	return b.send(b.request(http.MethodGet, path, nil, headers...), host)
}

// send sends a request with a Host header.
func (b *client) send(r *http.Request, host string) *answer {
	b.t.Helper()
	r.Host = host
	response, err := b.server.Client().Transport.RoundTrip(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return &answer{b.t, response.StatusCode, response.Header, string(body)}
}

// With a base URL, only its host and the machine itself may be addressed, on every route except the health checks.
func TestForeignHostsAreRefused(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, withHTTPS)
	ana := s.newUser("Ana")
	for _, host := range []string{
		"chat.example.org", "chat.example.org:443", "CHAT.Example.ORG", "chat.example.org.", "chat.example.org.:443",
		"localhost", "localhost:8080", "LOCALHOST.", "127.0.0.1", "127.0.0.1:1", "127.9.8.7:80", "[::1]", "[::1]:8080",
		"[::ffff:127.0.0.1]:80",
	} {
		ana.withHost(host, "/chat").is(200)
	}
	foreign := []string{
		"example.org", "chat.example.org:8080", "chat.example.org:80", "chat.example.org..", "chat.example.org.evil.example",
		"evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "192.168.1.5", "10.0.0.1:8080", "charla:8080",
		"charla_backend", "[::2]", "0.0.0.0:8080", "127.1", "2130706433", "sub.chat.example.org",
	}
	for _, host := range foreign {
		ana.withHost(host, "/chat", asJSON).isError(421, "misdirected", "").
			has("CHARLA_BASE_URL", "proxy_set_header Host $host")
		s.anonymous().withHost(host, "/nothing").is(421)
		s.anonymous().withHost(host, "/healthz").is(200)
		s.anonymous().withHost(host, "/readyz").is(200)
	}
	for lang, words := range map[string]string{"en": "answer at this address", "es": "Este servidor no responde"} {
		a := ana.withHost("evil.example", "/chat", "Accept-Language: "+lang).is(421).isPage()
		a.has(words, "CHARLA_BASE_URL", "proxy_set_header Host $host").lacks("chat.example.org")
		equal(t, "Cache-Control", a.header.Get("Cache-Control"), "no-store")
	}
	for _, c := range routeCases {
		method, path, _ := strings.Cut(c.route, " ")
		if method == http.MethodGet && path != "/healthz" && path != "/readyz" {
			ana.withHost("evil.example", path).is(421)
		}
	}
	plain := openSQLite(t)
	plain.newUser("Ana").withHost("any.example", "/chat").is(200) // without a base URL any name may lead here
}

// An HTTP/1.0 request has no Host.
func TestRequestWithoutHost(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, withHTTPS)
	for path, want := range map[string]int{"/login": 421, "/healthz": 200} {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET %s HTTP/1.0\r\n\r\n", path)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		conn.Close()
		equal(t, path, response.StatusCode, want)
	}
}

func TestBaseURLs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		base, host string
		want       bool
	}{
		{"http://chat.lan:8080", "chat.lan:8080", true},
		{"http://chat.lan:8080", "chat.lan", true}, // nginx's $host has no port
		{"http://chat.lan:8080", "chat.lan:80", false},
		{"http://chat.lan", "chat.lan:80", true},
		{"http://chat.lan", "chat.lan:443", false},
		{"https://Chat.Lan.", "chat.lan", true},
		{"https://[2001:db8::1]", "[2001:DB8::1]:443", true},
		{"https://ñandú.example", "xn--and-6ma2c.example", true},
		{"https://xn--and-6ma2c.example", "XN--AND-6ma2c.example:443", true},
		{"https://chat.lan", "", false},
	} {
		base, err := url.Parse(c.base)
		if err != nil {
			t.Fatal(err)
		}
		if got := web.IsOwnHost(c.host, base); got != c.want {
			t.Errorf("%s at %s: got %v", c.host, c.base, got)
		}
	}
}

// A URL that people take elsewhere must not have a host that somebody invented.
func TestPublicURLsHaveAKnownHost(t *testing.T) {
	t.Parallel()
	webhook := func(s *testServer, host string) string {
		ana := s.newUser("Ana")
		path := "/bots/" + formatID(ana.createBot("Builder").user.ID) + "/hooks"
		r := ana.request(http.MethodPost, path, strings.NewReader("room=1"), inForm, asJSON)
		return decode[webhookInfo](ana.send(r, host).is(201)).URL
	}
	plain, withBase := openSQLite(t), openSQLite(t, withHTTPS)
	for host, want := range map[string]string{
		"localhost:8080": "http://localhost:8080/hooks/", "127.0.0.1:80": "http://127.0.0.1:80/hooks/",
		"evil.example": "/hooks/", "192.168.1.5:8080": "/hooks/",
	} {
		contains(t, webhook(plain, host), want)
		equal(t, "the URL with the host "+host, strings.Index(webhook(plain, host), want), 0)
	}
	for _, host := range []string{"localhost:8080", "chat.example.org"} {
		equal(t, "the URL", strings.Index(webhook(withBase, host), "https://chat.example.org/hooks/"), 0)
	}
	r := plain.newUser("Ana").request(http.MethodPost, "/bots", strings.NewReader("name=Robot"), inForm)
	plain.anonymous().send(r, "evil.example").is(201).has("Set CHARLA_BASE_URL to show the full URL here").
		lacks("evil.example")
}

// nginx sends the name of its upstream unless it is told otherwise, Caddy sends the name that the browser used.
func TestHostBehindAProxy(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, withHTTPS)
	upstream, _ := url.Parse(s.URL)
	for name, c := range map[string]struct {
		host func(r *httputil.ProxyRequest) string
		want int
	}{
		"nginx by default":     {func(*httputil.ProxyRequest) string { return "charla_backend" }, 421},
		"nginx with $host":     {func(r *httputil.ProxyRequest) string { return strings.Split(r.In.Host, ":")[0] }, 200},
		"Caddy and $http_host": {func(r *httputil.ProxyRequest) string { return r.In.Host }, 200},
	} {
		proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(upstream)
			r.Out.Host = c.host(r)
		}}
		front := *s
		front.Server = httptest.NewServer(proxy)
		t.Cleanup(front.Close)
		a := (&client{t: t, server: &front, cookies: map[string]string{}}).withHost("chat.example.org", "/login")
		equal(t, name, a.status, c.want)
	}
}

// The head of a request, with its first line and all headers, may have 64 KB.
func TestHeadLimit(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	for _, c := range []struct{ total, want int }{
		{60 << 10, 401}, {64<<10 - 1, 401}, {64 << 10, 401}, {64<<10 + 1, 431}, {66 << 10, 431}, {67 << 10, 431},
	} {
		start := "GET /chat HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer "
		token := strings.Repeat("A", c.total-len(start)-len("\r\n\r\n"))
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, start+token+"\r\n\r\n")
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		conn.Close()
		a := &answer{t, response.StatusCode, response.Header, string(body)}
		if a.is(c.want); c.want == 401 {
			a.isBadToken()
		}
	}
	s.anonymous().get("/login?next=/"+strings.Repeat("x", 66<<10), asJSON).isError(431, "head_too_large", "")
	s.anonymous().get("/login", asJSON, "Cookie: x="+strings.Repeat("x", 66<<10)).isError(431, "head_too_large", "")
}

// TestHeadLimitOverHTTP2 is TestHeadLimit over HTTP/2, where heads are compressed. Above the limit that the server
// announces, net/http closes the connection.
func TestHeadLimitOverHTTP2(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	for _, c := range []struct{ limit, total, want int }{
		{64 << 10, 60 << 10, 401}, {0, 60 << 10, 401}, {0, 66 << 10, 431}, {0, 900 << 10, 431}, {64 << 10, 70 << 10, 0},
	} {
		server := httptest.NewUnstartedServer(s.handler)
		server.EnableHTTP2, server.Config.MaxHeaderBytes = true, c.limit
		server.StartTLS()
		t.Cleanup(server.Close)
		token := "Bearer " + strings.Repeat("A", c.total)
		if got := statusOverHTTP2(t, server, "/chat", hpack.HeaderField{Name: "authorization", Value: token}); got != c.want {
			t.Errorf("%+v: got %d", c, got)
		}
	}
}

// statusOverHTTP2 sends a GET request without the limits of Go's client, and returns the status of the answer, or 0 if
// the server closes the connection.
func statusOverHTTP2(t *testing.T, server *httptest.Server, path string, headers ...hpack.HeaderField) (status int) {
	t.Helper()
	conn, err := tls.Dial("tcp", server.Listener.Addr().String(),
		&tls.Config{InsecureSkipVerify: true, NextProtos: []string{http2.NextProtoTLS}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	framer := http2.NewFramer(conn, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	io.WriteString(conn, http2.ClientPreface)
	framer.WriteSettings()
	var head bytes.Buffer
	encoder := hpack.NewEncoder(&head)
	for _, f := range append([]hpack.HeaderField{{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "https"},
		{Name: ":authority", Value: "127.0.0.1"}, {Name: ":path", Value: path}}, headers...) {
		encoder.WriteField(f)
	}
	const frameBytes = 16 << 10
	framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: 1, EndStream: true, BlockFragment: head.Next(frameBytes), EndHeaders: head.Len() == 0,
	})
	for head.Len() > 0 {
		framer.WriteContinuation(1, head.Len() <= frameBytes, head.Next(frameBytes))
	}
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return 0
		}
		if answer, ok := frame.(*http2.MetaHeadersFrame); ok {
			status, _ = strconv.Atoi(answer.PseudoValue("status"))
			return status
		}
	}
}
