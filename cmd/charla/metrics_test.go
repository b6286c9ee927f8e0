package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"charla/db/dbtest"
	"charla/live/natstest"
)

const withMetrics = "CHARLA_METRICS_ADDR=127.0.0.1:0"

var metricsURLLine = regexp.MustCompile(`Metrics are at (http://\S+)`)

// scrape returns all metrics, as Prometheus reads them.
func (s *testServer) scrape(t *testing.T) string {
	t.Helper()
	at := metricsURLLine.FindStringSubmatch(s.stdout.String())
	if at == nil {
		t.Fatalf("Charla has not printed the URL of its metrics:\n%s", &s.stdout)
	}
	r, err := s.http.Get(at[1])
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v\n%s", r.Status, err, body)
	}
	return string(body)
}

// metric returns the value of the metric with a name and labels, or -1 if there is none.
func (s *testServer) metric(t *testing.T, name string) float64 {
	t.Helper()
	for line := range strings.Lines(s.scrape(t)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	return -1
}

// waitForMetric waits until the value of a metric fits.
func (s *testServer) waitForMetric(t *testing.T, name string, fits func(n float64) bool) {
	t.Helper()
	eventually(t, name, func() bool { return fits(s.metric(t, name)) })
}

func equals(want float64) func(float64) bool { return func(n float64) bool { return n == want } }
func greaterThan(low float64) func(float64) bool {
	return func(n float64) bool { return n > low }
}

// postMessage posts a message in General and returns the status of the response.
func (s *testServer) postMessage(t *testing.T, body string) int {
	t.Helper()
	return s.postForm(t, "/messages", url.Values{"room": {"1"}, "body": {body}})
}

func (s *testServer) postForm(t *testing.T, path string, form url.Values) int {
	t.Helper()
	r, err := s.http.PostForm(s.url+path, form)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	return r.StatusCode
}

func TestMetricsFollowActivity(t *testing.T) {
	s := startServer(t, context.Background(), withMetrics)
	for name, before := range map[string]float64{
		"charla_people_here": 0, "charla_messages_posted_total": 0, `charla_streams_ended_total{reason="gone"}`: 0,
		`charla_http_requests_total{class="3xx",route="POST /messages"}`: -1,
	} {
		s.waitForMetric(t, name, equals(before))
	}
	s.register(t, "ana@example.org")
	stream := s.openStream(t)
	stream.readUntil(t, "online-count")
	s.waitForMetric(t, `charla_streams{route="/events"}`, equals(1))
	s.waitForMetric(t, "charla_people_here", equals(1))

	frames := s.metric(t, "charla_stream_frames_total")
	for _, text := range []string{"one", "two", "three"} {
		s.postMessage(t, text)
		stream.readUntil(t, text)
	}
	s.waitForMetric(t, "charla_messages_posted_total", equals(3))
	s.waitForMetric(t, `charla_http_requests_total{class="3xx",route="POST /messages"}`, equals(3))
	s.waitForMetric(t, `charla_http_request_seconds_count{route="POST /messages"}`, equals(3))
	s.waitForMetric(t, "charla_stream_frames_total", greaterThan(frames+2))
	s.waitForMetric(t, "charla_commit_writes_sum", greaterThan(3))
	s.waitForMetric(t, `charla_database_seconds_count{kind="read"}`, greaterThan(3))

	stream.body.Close()
	s.waitForMetric(t, `charla_streams_ended_total{reason="gone"}`, equals(1))
	s.waitForMetric(t, `charla_streams{route="/events"}`, equals(0))
	again := s.openStream(t)
	again.readUntil(t, "online-count")
	s.postForm(t, "/logout", nil)
	s.waitForMetric(t, `charla_streams_ended_total{reason="logout"}`, equals(1))
	s.waitForMetric(t, `charla_database_failures_total{kind="read"}`, equals(0))
	s.waitForMetric(t, `charla_database_failures_total{kind="write"}`, equals(0))
}

func TestMetricsUseTheirOwnListener(t *testing.T) {
	s := startServer(t, context.Background(), withMetrics)
	at := metricsURLLine.FindStringSubmatch(s.stdout.String())[1]
	for address, status := range map[string]int{
		s.url + "/metrics": 404, at: 200, strings.TrimSuffix(at, "metrics"): 404, at + "/x": 404,
	} {
		r, err := s.http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != status {
			t.Errorf("%s: %s", address, r.Status)
		}
	}
	s.stop()
	if code := <-s.exitCode; code != 0 {
		t.Errorf("exit code %d, log:\n%s", code, s.stderr)
	}
	if _, err := net.Dial("tcp", strings.Split(at, "/")[2]); err == nil {
		t.Error("the port is still open")
	}

	off := startServer(t, context.Background())
	if out := off.stdout.String(); strings.Contains(out, "Metrics") {
		t.Errorf("metrics are off, but the output is:\n%s", out)
	}
}

func TestMetricsAddressInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	code, stdout, stderr := runCommand(t, []string{
		"CHARLA_ADDR=127.0.0.1:0", "CHARLA_DATA=" + t.TempDir(), "CHARLA_METRICS_ADDR=" + taken.Addr().String(),
	})
	if code != 1 || stdout != "" || !strings.Contains(lastLine(stderr), "CHARLA_METRICS_ADDR") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

func TestMetricsWhenDatabaseDies(t *testing.T) {
	server := dbtest.NewServer(t)
	s := startServer(t, context.Background(), withMetrics, "DATABASE_URL="+server.URL("postgres"))
	s.register(t, "ana@example.org")
	if status := s.postMessage(t, "hello"); status != 200 {
		t.Fatalf("the post returned status %d", status)
	}
	const failed, busy = `charla_http_requests_total{class="5xx",route="POST /messages"}`, `charla_database_failures_total{kind="read"}`
	s.waitForMetric(t, failed, equals(-1))
	s.waitForMetric(t, busy, equals(0))
	s.waitForMetric(t, `charla_database_connections_max{pool="all"}`, equals(24))

	server.Kill(t)
	if status := s.postMessage(t, "lost"); status != 503 {
		t.Fatalf("the post without a database returned status %d", status)
	}
	s.waitForMetric(t, failed, equals(1))
	s.waitForMetric(t, busy, greaterThan(0))
	s.waitForMetric(t, `charla_database_failures_total{kind="write"}`, greaterThan(0)) // the heartbeat
	s.waitForMetric(t, `charla_log_records_total{level="warn"}`, greaterThan(0))
	s.waitForMetric(t, "charla_messages_posted_total", equals(1))

	server.Start(t)
	if status := s.postMessage(t, "hello again"); status != 200 {
		t.Fatalf("the post after the database came back returned status %d", status)
	}
	s.waitForMetric(t, "charla_messages_posted_total", equals(2))
}

// startFullNode starts a node that serves every metric, another node and the NATS server that connects them.
func startFullNode(t *testing.T) (s, other *testServer, nats *natstest.Server) {
	t.Helper()
	database := dbtest.PostgresURL(t)
	nats = natstest.New(t)
	s = startServer(t, context.Background(), withMetrics, "DATABASE_URL="+database, "NATS_URL="+nats.URL())
	other = startServer(t, context.Background(), "DATABASE_URL="+database, "NATS_URL="+nats.URL())
	s.register(t, "ana@example.org")
	s.openStream(t).readUntil(t, "online-count")
	return s, other, nats
}

func TestMetricsOfSeveralNodes(t *testing.T) {
	s, other, nats := startFullNode(t)
	s.waitForMetric(t, "charla_nats_connected", equals(1))
	s.waitForMetric(t, "charla_nodes", equals(1))
	s.waitForMetric(t, "charla_nodes_apart", equals(0))
	s.waitForMetric(t, "charla_hints_received_total", greaterThan(0))
	sent := s.metric(t, "charla_hints_sent_total")
	s.postMessage(t, "hello")
	s.waitForMetric(t, "charla_hints_sent_total", greaterThan(sent))
	s.waitForMetric(t, `charla_hints_dropped_total{reason="cut_off"}`, equals(0))

	nats.Kill()
	s.waitForMetric(t, "charla_nats_connected", equals(0))
	s.postMessage(t, "while NATS is down")
	s.waitForMetric(t, `charla_hints_dropped_total{reason="cut_off"}`, greaterThan(0))
	other.stop()
	s.waitForMetric(t, "charla_nodes", equals(0))
}

var (
	metricTypeLine = regexp.MustCompile(`(?m)^# TYPE (charla_\w+) (\w+)$`)
	metricName     = regexp.MustCompile(`\bcharla_[a-z_]+\b`)
)

// TestEveryMetricIsDocumented compares the table in docs/watching.md with the metrics that a node serves, and checks
// that the Prometheus rules use no other metrics.
func TestEveryMetricIsDocumented(t *testing.T) {
	s, _, _ := startFullNode(t)
	var served []string
	families := map[string]bool{}
	text := ""
	eventually(t, "the requests are counted", func() bool {
		text = s.scrape(t)
		return strings.Contains(text, "charla_http_requests_total{")
	})
	for _, m := range metricTypeLine.FindAllStringSubmatch(text, -1) {
		served = append(served, m[1]+" "+m[2])
		families[m[1]] = true
		if !regexp.MustCompile(`(?m)^# HELP ` + m[1] + ` \S.+\.$`).MatchString(text) {
			t.Errorf("%s has no help text", m[1])
		}
	}
	var listed []string
	tableRow := regexp.MustCompile("(?m)^\\| `(charla_\\w+)`[^|]*\\| (\\w+) \\|")
	for _, row := range tableRow.FindAllStringSubmatch(readFile(t, "../../docs/watching.md"), -1) {
		listed = append(listed, row[1]+" "+row[2])
	}
	slices.Sort(served)
	slices.Sort(listed)
	if len(served) < 20 || !slices.Equal(served, listed) {
		t.Errorf("docs/watching.md lists\n%q, but these are served:\n%q", listed, served)
	}

	watchers := []string{"../../docs/watching.md"}
	rules, _ := filepath.Glob("../../deploy/prometheus*")
	if len(rules) != 2 {
		t.Fatalf("deploy/ contains only %q", rules)
	}
	for _, path := range append(watchers, rules...) {
		for _, name := range metricName.FindAllString(readFile(t, path), -1) {
			family := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
			if !families[family] && !families[name] {
				t.Errorf("%s uses %s, which is not served", path, name)
			}
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
