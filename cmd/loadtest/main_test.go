//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"charla/db/dbtest"
)

// TestMain lets the test binary act as a reference server, which the program starts by running itself again.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "-serve-reference") {
		main()
	}
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("os/exec.(*Cmd).Wait")) // PostgreSQL runs as long as the tests
}

// testServer is a Charla process with seeded users.
type testServer struct {
	t      *testing.T
	binary string
	addr   string
	env    []string
	people string
	cmd    *exec.Cmd
}

func newTestServer(t *testing.T, people int) *testServer {
	t.Helper()
	dir := t.TempDir()
	s := &testServer{
		t: t, binary: filepath.Join(dir, "charla"), addr: freeAddr(t), people: filepath.Join(dir, "people"),
	}
	if out, err := exec.Command("go", "build", "-o", s.binary, "../charla").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	s.env = append(os.Environ(), "CHARLA_RATE=0", "CHARLA_ADDR="+s.addr, "CHARLA_DATA="+filepath.Join(dir, "data"))
	seed := exec.Command(s.binary, "seed", strconv.Itoa(people))
	seed.Env = s.env
	lines, err := seed.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.people, lines, 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	t.Cleanup(s.stop)
	return s
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts the server and waits until it has printed that it listens.
func (s *testServer) start() {
	s.t.Helper()
	s.cmd = exec.Command(s.binary)
	s.cmd.Env = s.env
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		s.t.Fatalf("the server printed %q, error %v", line, err)
	}
}

func (s *testServer) stop() {
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.cmd.Wait()
}

func (s *testServer) args(more ...string) []string {
	return append([]string{"-url", "http://" + s.addr, "-people", s.people}, more...)
}

// parseTable returns the rows of a table with the values in the first column.
func parseTable(t *testing.T, table string) map[string]float64 {
	t.Helper()
	found := map[string]float64{}
	for _, m := range regexp.MustCompile(`(?m)^([a-zA-Z].*?)\s{2,}(-?[0-9.]+)(?:\s|$)`).FindAllStringSubmatch(table, -1) {
		v, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		found[m[1]] = v
	}
	return found
}

func (s *testServer) runLoad(t *testing.T, want map[string]float64, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(s.args(args...), nil, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, &stdout, &stderr)
	}
	got := parseTable(t, stdout.String())
	for name, v := range want {
		if g, there := got[name]; !there || g != v {
			t.Errorf("%s is %v, want %v\n%s", name, g, v, &stdout)
		}
	}
	return stdout.String()
}

func TestSmallLoad(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, 50)
	clean := map[string]float64{
		"streams open": 50, "messages acknowledged": 100, "deliveries": 50 * 100,
		"missing": 0, "doubled": 0, "streams cut": 0,
	}
	table := s.runLoad(t, clean, "-streams", "50", "-burst", "100", "-runs", "2", "-reference", "-reference-store")
	const value, ratio, spread = ` +[0-9.]+`, ` +×[0-9.]+`, ` +[0-9.]+-[0-9.]+`
	for _, row := range []string{
		`charla +net/http +ratio +storing +ratio`,
		`CPU per message, µs` + value + value + ratio + value + ratio,
		`p99 from the due moment, ms` + value + value + ratio + value + ratio,
		`spread of the message's CPU, µs` + strings.Repeat(spread, 5),
	} {
		if !regexp.MustCompile(`(?m)^` + row + `$|^ +` + row + `$`).MatchString(table) {
			t.Errorf("the table has no row %q\n%s", row, table)
		}
	}
	if n := strings.Count(table, "CPU per message"); n != 1 {
		t.Errorf("the table has %d rows with the CPU per message\n%s", n, table)
	}
	clean["deliveries"] = 2 * 100
	pid := fmt.Sprint(s.cmd.Process.Pid)
	s.runLoad(t, clean, "-streams", "50", "-pairs", "-rate", "200", "-for", "500ms", "-pid", pid)
}

// restarter is a writer that restarts the server when the program asks for it.
type restarter struct{ s *testServer }

func (r restarter) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "restart the server now") {
		r.s.stop()
		r.s.start()
	}
	return len(p), nil
}

func TestRestart(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, 20)
	var stdout bytes.Buffer
	if code := run(s.args("-streams", "20", "-burst", "30", "-restart", "25"), nil, &stdout, restarter{s}); code != 0 {
		t.Fatalf("exit code %d\n%s", code, &stdout)
	}
	if got := parseTable(t, stdout.String()); got["and caught up, ms"] <= 0 {
		t.Errorf("the table has no time for catching up:\n%s", &stdout)
	}
}

// TestInvalidSessionFails checks that a run which cannot open all streams or loses messages says so and fails.
func TestInvalidSessionFails(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, 10)
	people, err := os.ReadFile(s.people)
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.Replace(string(people), "charla=", "charla=x", 1)
	var stdout, stderr bytes.Buffer
	code := run([]string{"-url", "http://" + s.addr, "-streams", "10", "-burst", "5"}, strings.NewReader(broken), &stdout, &stderr)
	if code != 1 || !strings.Contains(stderr.String(), "1 streams cut, 1 posts refused") {
		t.Errorf("exit code %d, %s%s", code, &stdout, &stderr)
	}
}

func TestInvalidArguments(t *testing.T) {
	for _, args := range []string{
		"-url http://192.0.2.1:80", "-url http://example.org:80", "-url http://0.0.0.0:80",
		"-url https://127.0.0.1:80", "-url http://127.0.0.1", "-url http://[::1]:80", "-streams 1", "-streams 60000", "-streams 3 -pairs", "-rate 5 -burst 5", "-rate -1", "-for 1h", "-idle 1h",
		"-rate 100000 -for 10m", "-runs 0", "-runs 21", "-restart 10", "-restart 10 -pairs -burst 20", "more", "-what",
	} {
		var stdout, stderr bytes.Buffer
		if code := run(strings.Fields(args), strings.NewReader(""), &stdout, &stderr); code != 2 || stdout.Len() > 0 {
			t.Errorf("%s: exit code %d, stderr %s", args, code, &stderr)
		}
	}
	var stdout, stderr bytes.Buffer
	code := run([]string{"-streams", "2"}, strings.NewReader("1 charla=a\n"), &stdout, &stderr)
	if code != 1 || !strings.Contains(stderr.String(), "charla seed") {
		t.Errorf("with too few users: exit code %d, stderr %s", code, &stderr)
	}
}

// TestReferenceStore posts to a reference server with a store and reads the message in its database before the answer
// is used, on both databases.
func TestReferenceStore(t *testing.T) {
	for name, databaseURL := range map[string]string{"sqlite": "", "postgres": dbtest.PostgresURL(t)} {
		t.Run(name, func(t *testing.T) {
			store, err := openMessageStore(databaseURL)
			if err != nil {
				t.Fatal(err)
			}
			defer store.close()
			server := httptest.NewServer(&referenceServer{store: store, streams: map[int]chan []byte{}})
			defer server.Close()
			answer, err := server.Client().Post(server.URL+"/messages?room=7&author=3&body=how+are+you", "", nil)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			var message string
			const query = `SELECT room || ' ' || author || ' ' || body FROM `
			if err := store.pool.QueryRow(query + store.table).Scan(&message); err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != http.StatusOK || message != "7 3 how are you" {
				t.Errorf("the answer has status %d, and the database has %q", answer.StatusCode, message)
			}
		})
	}
}
