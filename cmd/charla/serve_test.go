package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"charla/db/dbtest"
)

// testServer is a running Charla server.
type testServer struct {
	url, dataDir string
	addr         string // host:port, set if the URL has another host
	http         *http.Client
	isSetUp      bool // the first account was made
	stop         context.CancelFunc
	exitCode     chan int
	stdout       syncBuffer
	stderr       *syncBuffer
}

// startServer starts Charla in this process and waits until it is ready. It stops when the test ends.
func startServer(t *testing.T, parent context.Context, environ ...string) *testServer {
	t.Helper()
	ctx, stop := context.WithCancel(parent)
	s := &testServer{dataDir: dbtest.SQLiteDir(t), stop: stop, exitCode: make(chan int, 1), stderr: &syncBuffer{}}
	environ = append([]string{"CHARLA_ADDR=127.0.0.1:0", "CHARLA_DATA=" + s.dataDir}, environ...)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.exitCode <- run(ctx, nil, environ, &s.stdout, s.stderr)
	}()
	t.Cleanup(func() { stop(); <-ended })
	s.url = waitForURL(t, &s.stdout)
	s.newClient(t)
	return s
}

func (s *testServer) newClient(t *testing.T) {
	jar, _ := cookiejar.New(nil)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	s.http = &http.Client{Jar: jar, Transport: transport}
}

var urlLine = regexp.MustCompile(`Charla is at (https?://\S+)`)

// waitForURL waits until Charla has printed its URL and returns it.
func waitForURL(t *testing.T, out *syncBuffer) string {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for range 4000 {
		if m := urlLine.FindStringSubmatch(out.String()); m != nil {
			return m[1]
		}
		<-look.C
	}
	t.Fatalf("Charla has not printed its URL:\n%s", out)
	return ""
}

func (s *testServer) get(t *testing.T, path string) string {
	t.Helper()
	r, err := s.http.Get(s.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 {
		t.Fatalf("%s: %s, %v", path, r.Status, err)
	}
	return string(body)
}

var setupLine = regexp.MustCompile(`(?m)at https?://[^/\s]+(/setup/\S+)$`)

// setupPath returns the path of the set-up link that the server has printed, or "/register" if it has printed none.
func (s *testServer) setupPath() string {
	if m := setupLine.FindStringSubmatch(s.stdout.String()); m != nil {
		return m[1]
	}
	return "/register"
}

// register makes an account. The first one is made with the set-up link, if the server has printed one.
func (s *testServer) register(t *testing.T, email string) {
	t.Helper()
	path := s.setupPath()
	if s.isSetUp {
		path = "/register"
	}
	s.isSetUp = true
	r, err := s.http.PostForm(s.url+path, url.Values{"name": {"Ana"}, "email": {email}, "password": {"tres tristes tigres"}})
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != 200 || r.Request.URL.Path != "/chat" {
		t.Fatalf("register: %s at %s", r.Status, r.Request.URL)
	}
}

// eventStream is an open event stream.
type eventStream struct {
	body   io.ReadCloser
	reader *bufio.Reader
	seen   strings.Builder
}

func (s *testServer) openStream(t *testing.T) *eventStream {
	t.Helper()
	r, err := s.http.Get(s.url + "/events?room=1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Body.Close() })
	return &eventStream{body: r.Body, reader: bufio.NewReader(r.Body)}
}

// readUntil reads until a text has come.
func (l *eventStream) readUntil(t *testing.T, text string) {
	t.Helper()
	l.seen.Reset()
	for !strings.Contains(l.seen.String(), text) {
		c, err := l.reader.ReadByte()
		if err != nil {
			t.Fatalf("%v before %q in:\n%s", err, text, l.seen.String())
		}
		l.seen.WriteByte(c)
	}
}

// expectEnd reads the rest of the stream. The stream must end properly and without a bye event.
func (l *eventStream) expectEnd(t *testing.T) {
	t.Helper()
	rest, err := io.ReadAll(l.reader)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(rest), "bye") {
		t.Fatalf("the stream ended with bye:\n%s", rest)
	}
}

func TestGracefulShutdown(t *testing.T) {
	data := "CHARLA_DATA=" + t.TempDir() // empty, unlike that of other tests
	s := startServer(t, context.Background(), data)
	s.register(t, "ana@example.org")
	streams := []*eventStream{s.openStream(t), s.openStream(t)}
	for _, s := range streams {
		s.readUntil(t, "online-count")
	}
	post := s.beginPost(t)
	s.stop()
	for _, s := range streams {
		s.readUntil(t, "event: restart\nretry: ")
		s.readUntil(t, "\n\n")
		s.expectEnd(t)
	}
	response := post("body=said+while+it+stops")
	if !strings.Contains(response, "201 Created") || !strings.Contains(response, `"said while it stops"`) {
		t.Errorf("the response to the interrupted post is\n%s", response)
	}
	if code := <-s.exitCode; code != 0 {
		t.Errorf("exit code %d, log:\n%s", code, s.stderr)
	}
	for _, line := range []string{
		`msg="migrated database schema" from=0 to=`, "msg=started version=", "msg=stopping streams=2",
	} {
		if !strings.Contains(s.stderr.String(), line) {
			t.Errorf("the log does not contain %s:\n%s", line, s.stderr)
		}
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://")); err == nil {
		t.Error("the port is still open")
	}

	again := startServer(t, context.Background(), data)
	again.http.Jar = s.http.Jar
	u, _ := url.Parse(s.url)
	v, _ := url.Parse(again.url)
	again.http.Jar.SetCookies(v, s.http.Jar.Cookies(u))
	if page := again.get(t, "/messages?room=1"); !strings.Contains(page, "said while it stops") {
		t.Errorf("after the restart the message is missing on the page:\n%s", page)
	}
}

// beginPost sends the first half of a post. It returns when the server waits for the rest, which finish sends.
func (s *testServer) beginPost(t *testing.T) (finish func(rest string) string) {
	t.Helper()
	u, _ := url.Parse(s.url)
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	const start = "room=1&"
	const length = len(start + "body=said+while+it+stops")
	fmt.Fprintf(conn, "POST /messages HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\nExpect: 100-continue\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nCookie: charla=%s\r\n\r\n", u.Host, length, s.http.Jar.Cookies(u)[0].Value)
	r := bufio.NewReader(conn)
	if line, err := r.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("the response begins with %q, %v", line, err)
	}
	io.WriteString(conn, start)
	return func(rest string) string {
		io.WriteString(conn, rest)
		answer, err := io.ReadAll(r)
		if err != nil {
			t.Error(err)
		}
		return string(answer)
	}
}

// TestFileDescriptorsExhausted checks that a server which cannot open more connections logs this and recovers later.
func TestFileDescriptorsExhausted(t *testing.T) {
	_, s, out := startInShell(t, `ulimit -n 48 && exec "$0"`)
	var idle []net.Conn
	for range 64 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		idle = append(idle, conn)
	}
	waitFor(t, out, "a warning is logged", func() bool {
		return strings.Contains(out.String(), `level=WARN msg="connection failed"`)
	})
	if !strings.Contains(out.String(), "too many open files") {
		t.Errorf("the log does not give the reason:\n%s", out)
	}
	for _, conn := range idle {
		conn.Close()
	}
	s.get(t, "/readyz")
}

func TestHTTPTimeouts(t *testing.T) {
	s := newHTTPServer(http.NotFoundHandler())
	if s.ReadHeaderTimeout != 5*time.Second || s.ReadTimeout != 15*time.Second {
		t.Errorf("headers time out after %v, bodies after %v", s.ReadHeaderTimeout, s.ReadTimeout)
	}
	if s.WriteTimeout <= 0 || s.WriteTimeout > time.Minute || s.IdleTimeout <= 0 || s.MaxHeaderBytes != 64<<10 {
		t.Errorf("the server is %+v", s)
	}
	if shutdownTimeout >= 15*time.Second {
		t.Errorf("shutdownTimeout is %v", shutdownTimeout)
	}
}
