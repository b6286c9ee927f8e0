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
)

// testServer is a Charla that serves.
type testServer struct {
	url, dataDir string
	addr         string // where, if the url tells it to nobody
	http         *http.Client
	stop         context.CancelFunc
	exitCode     chan int
	stdout       syncBuffer
	stderr       *syncBuffer
}

// startServer runs Charla until the test ends.
func startServer(t *testing.T, parent context.Context, environ ...string) *testServer {
	t.Helper()
	ctx, stop := context.WithCancel(parent)
	p := &testServer{dataDir: t.TempDir(), stop: stop, exitCode: make(chan int, 1), stderr: &syncBuffer{}}
	environ = append([]string{"CHARLA_ADDR=127.0.0.1:0", "CHARLA_DATA=" + p.dataDir}, environ...)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.exitCode <- run(ctx, nil, environ, &p.stdout, p.stderr)
	}()
	t.Cleanup(func() { stop(); <-ended })
	p.url = waitForURL(t, &p.stdout)
	p.newClient(t)
	return p
}

func (p *testServer) newClient(t *testing.T) {
	jar, _ := cookiejar.New(nil)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	p.http = &http.Client{Jar: jar, Transport: transport}
}

var urlLine = regexp.MustCompile(`Charla is at (https?://\S+)`)

// waitForURL waits until Charla says where it is.
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
	t.Fatalf("Charla does not say where it is:\n%s", out)
	return ""
}

func (p *testServer) get(t *testing.T, path string) string {
	t.Helper()
	r, err := p.http.Get(p.url + path)
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

func (p *testServer) register(t *testing.T, email string) {
	t.Helper()
	r, err := p.http.PostForm(p.url+"/register", url.Values{"name": {"Ana"}, "email": {email}, "password": {"tres tristes tigres"}})
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != 200 || r.Request.URL.Path != "/chat" {
		t.Fatalf("register: %s at %s", r.Status, r.Request.URL)
	}
}

// eventStream is an open stream.
type eventStream struct {
	body   io.ReadCloser
	reader *bufio.Reader
	seen   strings.Builder
}

func (p *testServer) openStream(t *testing.T) *eventStream {
	t.Helper()
	r, err := p.http.Get(p.url + "/events?room=1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Body.Close() })
	return &eventStream{body: r.Body, reader: bufio.NewReader(r.Body)}
}

// readUntil reads on to some text.
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

// expectEnd reads to the end, which must be a good one, and before which nobody is told to stay away.
func (l *eventStream) expectEnd(t *testing.T) {
	t.Helper()
	rest, err := io.ReadAll(l.reader)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(rest), "bye") {
		t.Fatalf("a restart says bye:\n%s", rest)
	}
}

func TestGracefulShutdown(t *testing.T) {
	p := startServer(t, context.Background())
	p.register(t, "ana@example.org")
	streams := []*eventStream{p.openStream(t), p.openStream(t)}
	for _, s := range streams {
		s.readUntil(t, "online-count")
	}
	post := p.beginPost(t)
	p.stop()
	for _, s := range streams {
		s.readUntil(t, "event: restart\nretry: ")
		s.readUntil(t, "\n\n")
		s.expectEnd(t)
	}
	if answer := post("body=said+while+it+stops"); !strings.Contains(answer, "201 Created") || !strings.Contains(answer, `"said while it stops"`) {
		t.Errorf("the post that was under way got\n%s", answer)
	}
	if code := <-p.exitCode; code != 0 {
		t.Errorf("exit %d\n%s", code, p.stderr)
	}
	for _, line := range []string{`msg="migrated database schema" from=0 to=`, "msg=started version=", "msg=stopping streams=2"} {
		if !strings.Contains(p.stderr.String(), line) {
			t.Errorf("the log does not tell %s:\n%s", line, p.stderr)
		}
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://")); err == nil {
		t.Error("somebody still listens")
	}

	again := startServer(t, context.Background(), "CHARLA_DATA="+p.dataDir)
	again.http.Jar = p.http.Jar
	u, _ := url.Parse(p.url)
	v, _ := url.Parse(again.url)
	again.http.Jar.SetCookies(v, p.http.Jar.Cookies(u))
	if page := again.get(t, "/messages?room=1"); !strings.Contains(page, "said while it stops") {
		t.Errorf("after the restart the page lacks the message:\n%s", page)
	}
}

// beginPost begins a post and returns what ends it. The server has asked for the body by then: it is under way.
func (p *testServer) beginPost(t *testing.T) (finish func(rest string) string) {
	t.Helper()
	u, _ := url.Parse(p.url)
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	const start = "room=1&"
	const length = len(start + "body=said+while+it+stops")
	fmt.Fprintf(conn, "POST /messages HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\nExpect: 100-continue\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nCookie: charla=%s\r\n\r\n", u.Host, length, p.http.Jar.Cookies(u)[0].Value)
	r := bufio.NewReader(conn)
	if line, err := r.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("%v, %q", err, line)
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

// Where all files that a process may open are open, the log says so, and it goes on when some are closed.
func TestFileDescriptorsExhausted(t *testing.T) {
	_, p, out := startInShell(t, `ulimit -n 48 && exec "$0"`)
	var idle []net.Conn
	for range 64 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		idle = append(idle, conn)
	}
	waitFor(t, out, "a word in the log", func() bool { return strings.Contains(out.String(), "level=WARN msg=connections") })
	if !strings.Contains(out.String(), "too many open files") {
		t.Errorf("it does not say why:\n%s", out)
	}
	for _, conn := range idle {
		conn.Close()
	}
	p.get(t, "/readyz")
}

func TestHTTPTimeouts(t *testing.T) {
	s := newHTTPServer(http.NotFoundHandler())
	if s.ReadHeaderTimeout != 5*time.Second || s.ReadTimeout != 15*time.Second {
		t.Errorf("slow headers end after %v, slow bodies after %v", s.ReadHeaderTimeout, s.ReadTimeout)
	}
	if s.WriteTimeout <= 0 || s.WriteTimeout > time.Minute || s.IdleTimeout <= 0 || s.MaxHeaderBytes != 1<<20 {
		t.Errorf("%+v", s)
	}
	if shutdownTimeout >= 15*time.Second {
		t.Errorf("a stop may take %v", shutdownTimeout)
	}
}
