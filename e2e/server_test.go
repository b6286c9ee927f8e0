package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"charla/db/dbtest"
)

// waitTimeout is how long a condition may take to become true. It is long because the machine may be busy.
const waitTimeout = 20 * time.Second

// server is the server binary as a process. Its address and data directory stay the same when it is restarted.
type server struct {
	t    *testing.T
	addr string
	env  []string
	cmd  *exec.Cmd
	log  outputBuffer
}

// outputBuffer collects the output of a process.
type outputBuffer struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (l *outputBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *outputBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// startServer starts the server for a test, without rate limits. The test fails if the server logs an error.
func startServer(t *testing.T, env ...string) *server {
	t.Helper()
	s := &server{t: t, addr: freeAddr(t)}
	s.env = append(s.env, "CHARLA_ADDR="+s.addr, "CHARLA_DATA="+dbtest.SQLiteDir(t), "CHARLA_RATE=0", "CHARLA_TIMEZONE=UTC")
	s.env = append(s.env, env...)
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "CHARLA_") && !strings.HasPrefix(pair, "DATABASE_URL=") {
			s.env = append(s.env, pair)
		}
	}
	s.start()
	t.Cleanup(s.stopAndCheckLog)
	return s
}

// freeAddr returns a local TCP address that is free at the moment.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (s *server) url(path string) string { return "http://" + s.addr + path }

func (s *server) start() {
	s.t.Helper()
	s.cmd = exec.Command(binary)
	s.cmd.Env = s.env
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	waitUntil(s.t, "the server is ready", func() (bool, string) {
		answer, err := http.Get(s.url("/readyz"))
		if err != nil {
			return false, err.Error()
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK, answer.Status
	})
}

var setupLink = regexp.MustCompile(`/setup/\S+`)

// setUp makes the first account with the set-up link that the server has printed.
func (s *server) setUp() {
	s.t.Helper()
	form := url.Values{"name": {"Owner"}, "email": {"owner@example.org"}, "password": {"tres tristes tigres"}}
	waitUntil(s.t, "the set-up link is printed", func() (bool, string) {
		return setupLink.MatchString(s.log.String()), s.log.String()
	})
	answer, err := http.PostForm(s.url(setupLink.FindString(s.log.String())), form)
	if err != nil {
		s.t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		s.t.Fatalf("set up: %s at %s", answer.Status, answer.Request.URL)
	}
}

// setupPath returns the path of the set-up link, as the command of the operator prints it.
func (s *server) setupPath() string {
	s.t.Helper()
	command := exec.Command(binary, "setup-link")
	command.Env = s.env
	output, err := command.CombinedOutput()
	if err != nil {
		s.t.Fatalf("setup-link: %v\n%s", err, output)
	}
	return strings.TrimSpace(setupLink.FindString(string(output)))
}

// stop shuts the server down with SIGTERM and requires that it exits with success.
func (s *server) stop() {
	s.t.Helper()
	s.cmd.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(15*time.Second, func() { s.cmd.Process.Kill() })
	defer late.Stop()
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("the server did not shut down cleanly: %v", err)
	}
}

// kill ends the server without a shutdown, like a power failure.
func (s *server) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

var errorInLog = regexp.MustCompile(`(?m)^.*(level=ERROR|DATA RACE|^panic:|^fatal error:).*$`)

// stopAndCheckLog stops the server and fails the test if it logged an error.
func (s *server) stopAndCheckLog() {
	if s.cmd.ProcessState == nil {
		s.stop()
	}
	log := s.log.String()
	for _, line := range errorInLog.FindAllString(log, -1) {
		s.t.Errorf("the server logged: %s", line)
	}
	if s.t.Failed() {
		s.t.Logf("the end of the server log:\n%s", log[max(0, len(log)-4000):])
	}
}

// waitUntil waits until a condition holds. The condition also returns what it saw, for the error message.
func waitUntil(t *testing.T, what string, holds func() (ok bool, saw string)) {
	t.Helper()
	ticker := time.NewTicker(25 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.Now().Add(waitTimeout)
	for {
		ok, saw := holds()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting until %s; saw %s", what, saw)
		}
		<-ticker.C
	}
}

// sprintf is a short name for fmt.Sprintf, for conditions and scripts.
var sprintf = fmt.Sprintf
