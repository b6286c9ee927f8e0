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

var numbersAt = regexp.MustCompile(`Metrics are at (http://\S+)`)

// scrape reads the numbers as Prometheus does.
func (p *process) scrape(t *testing.T) string {
	t.Helper()
	at := numbersAt.FindStringSubmatch(p.stdout.String())
	if at == nil {
		t.Fatalf("Charla does not say where its metrics are:\n%s", &p.stdout)
	}
	r, err := p.http.Get(at[1])
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

// number is one of the numbers, by its name and labels; -1 when it is not there.
func (p *process) number(t *testing.T, name string) float64 {
	t.Helper()
	for line := range strings.Lines(p.scrape(t)) {
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

// becomes waits for a number.
func (p *process) becomes(t *testing.T, name string, fits func(n float64) bool) {
	t.Helper()
	eventually(t, name, func() bool { return fits(p.number(t, name)) })
}

func is(want float64) func(float64) bool { return func(n float64) bool { return n == want } }
func above(low float64) func(float64) bool {
	return func(n float64) bool { return n > low }
}

// say posts a message and returns the status of the answer.
func (p *process) say(t *testing.T, body string) int {
	t.Helper()
	return p.send(t, "/messages", url.Values{"room": {"1"}, "body": {body}})
}

func (p *process) send(t *testing.T, path string, form url.Values) int {
	t.Helper()
	r, err := p.http.PostForm(p.url+path, form)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	return r.StatusCode
}

func TestTheNumbersFollowWhatHappens(t *testing.T) {
	p := begin(t, context.Background(), withMetrics)
	for name, before := range map[string]float64{
		"charla_people_here": 0, "charla_messages_posted_total": 0, `charla_streams_ended_total{reason="gone"}`: 0,
		`charla_http_requests_total{class="3xx",route="POST /messages"}`: -1,
	} {
		p.becomes(t, name, is(before))
	}
	p.register(t, "ana@example.org")
	stream := p.events(t)
	stream.until(t, "here-count")
	p.becomes(t, `charla_streams{address="/events"}`, is(1))
	p.becomes(t, "charla_people_here", is(1))

	frames := p.number(t, "charla_stream_frames_total")
	for _, text := range []string{"one", "two", "three"} {
		p.say(t, text)
		stream.until(t, text)
	}
	p.becomes(t, "charla_messages_posted_total", is(3))
	p.becomes(t, `charla_http_requests_total{class="3xx",route="POST /messages"}`, is(3))
	p.becomes(t, `charla_http_request_seconds_count{route="POST /messages"}`, is(3))
	p.becomes(t, "charla_stream_frames_total", above(frames+2))
	p.becomes(t, "charla_commit_writes_sum", above(3))
	p.becomes(t, `charla_database_seconds_count{kind="read"}`, above(3))

	stream.body.Close()
	p.becomes(t, `charla_streams_ended_total{reason="gone"}`, is(1))
	p.becomes(t, `charla_streams{address="/events"}`, is(0))
	again := p.events(t)
	again.until(t, "here-count")
	p.send(t, "/logout", nil)
	p.becomes(t, `charla_streams_ended_total{reason="logout"}`, is(1))
	p.becomes(t, `charla_database_failures_total{kind="read"}`, is(0))
	p.becomes(t, `charla_database_failures_total{kind="write"}`, is(0))
}

func TestMetricsHaveAListenerOfTheirOwn(t *testing.T) {
	p := begin(t, context.Background(), withMetrics)
	at := numbersAt.FindStringSubmatch(p.stdout.String())[1]
	for address, status := range map[string]int{p.url + "/metrics": 404, at: 200, strings.TrimSuffix(at, "metrics"): 404, at + "/x": 404} {
		r, err := p.http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != status {
			t.Errorf("%s: %s", address, r.Status)
		}
	}
	p.stop()
	if code := <-p.code; code != 0 {
		t.Errorf("exit %d\n%s", code, p.stderr)
	}
	if _, err := net.Dial("tcp", strings.Split(at, "/")[2]); err == nil {
		t.Error("somebody still listens")
	}

	off := begin(t, context.Background())
	if out := off.stdout.String(); strings.Contains(out, "Metrics") {
		t.Errorf("nobody asked for metrics:\n%s", out)
	}
}

func TestAMetricsAddressThatIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	code, stdout, stderr := once(t, []string{"CHARLA_ADDR=127.0.0.1:0", "CHARLA_DATA=" + t.TempDir(), "CHARLA_METRICS_ADDR=" + taken.Addr().String()})
	if code != 1 || stdout != "" || !strings.Contains(lastLine(stderr), "CHARLA_METRICS_ADDR") {
		t.Errorf("exit %d, %q, %q", code, stdout, stderr)
	}
}

func TestTheNumbersOfADatabaseThatDies(t *testing.T) {
	server := dbtest.NewServer(t)
	p := begin(t, context.Background(), withMetrics, "DATABASE_URL="+server.URL("postgres"))
	p.register(t, "ana@example.org")
	if status := p.say(t, "hello"); status != 200 {
		t.Fatalf("a post: %d", status)
	}
	const failed, busy = `charla_http_requests_total{class="5xx",route="POST /messages"}`, `charla_database_failures_total{kind="read"}`
	p.becomes(t, failed, is(-1))
	p.becomes(t, busy, is(0))
	p.becomes(t, `charla_database_connections_max{pool="all"}`, is(24))

	server.Kill(t)
	if status := p.say(t, "lost"); status != 503 {
		t.Fatalf("a post without a database: %d", status)
	}
	p.becomes(t, failed, is(1))
	p.becomes(t, busy, above(0))
	p.becomes(t, `charla_database_failures_total{kind="write"}`, above(0)) // the node's own sign of life
	p.becomes(t, `charla_log_records_total{level="warn"}`, above(0))
	p.becomes(t, "charla_messages_posted_total", is(1))

	server.Start(t)
	if status := p.say(t, "hello again"); status != 200 {
		t.Fatalf("a post when the database is back: %d", status)
	}
	p.becomes(t, "charla_messages_posted_total", is(2))
}

// everything is a node on which every metric shows.
func everything(t *testing.T) (p, other *process, nats *natstest.Server) {
	t.Helper()
	database := dbtest.Postgres(t)
	nats = natstest.New(t)
	p = begin(t, context.Background(), withMetrics, "DATABASE_URL="+database, "NATS_URL="+nats.URL())
	other = begin(t, context.Background(), "DATABASE_URL="+database, "NATS_URL="+nats.URL())
	p.register(t, "ana@example.org")
	p.events(t).until(t, "here-count")
	return p, other, nats
}

func TestTheNumbersOfSeveralNodes(t *testing.T) {
	p, other, nats := everything(t)
	p.becomes(t, "charla_nats_connected", is(1))
	p.becomes(t, "charla_nodes", is(1))
	p.becomes(t, "charla_nodes_apart", is(0))
	p.becomes(t, "charla_hints_received_total", above(0))
	sent := p.number(t, "charla_hints_sent_total")
	p.say(t, "hello")
	p.becomes(t, "charla_hints_sent_total", above(sent))
	p.becomes(t, `charla_hints_dropped_total{reason="cut_off"}`, is(0))

	nats.Kill()
	p.becomes(t, "charla_nats_connected", is(0))
	p.say(t, "to nobody")
	p.becomes(t, `charla_hints_dropped_total{reason="cut_off"}`, above(0))
	other.stop()
	p.becomes(t, "charla_nodes", is(0))
}

var (
	typed = regexp.MustCompile(`(?m)^# TYPE (charla_\w+) (\w+)$`)
	named = regexp.MustCompile(`\bcharla_[a-z_]+\b`)
)

// The README's table of metrics is what is served, and what watches uses no others.
func TestTheMetricsAreThoseOfTheREADME(t *testing.T) {
	p, _, _ := everything(t)
	var served []string
	families := map[string]bool{}
	text := ""
	eventually(t, "the requests are counted", func() bool { text = p.scrape(t); return strings.Contains(text, "charla_http_requests_total{") })
	for _, m := range typed.FindAllStringSubmatch(text, -1) {
		served = append(served, m[1]+" "+m[2])
		families[m[1]] = true
		if !regexp.MustCompile(`(?m)^# HELP ` + m[1] + ` \S.+\.$`).MatchString(text) {
			t.Errorf("%s has no help", m[1])
		}
	}
	readme := read(t, "../../README.md")
	var told []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(charla_\\w+)`[^|]*\\| (\\w+) \\|").FindAllStringSubmatch(readme, -1) {
		told = append(told, row[1]+" "+row[2])
	}
	slices.Sort(served)
	slices.Sort(told)
	if len(served) < 20 || !slices.Equal(served, told) {
		t.Errorf("the README tells\n%q, served are\n%q", told, served)
	}

	watchers := []string{"../../docs/watching.md"}
	rules, _ := filepath.Glob("../../deploy/prometheus*")
	if len(rules) != 2 {
		t.Fatalf("deploy/ has %q", rules)
	}
	for _, path := range append(watchers, rules...) {
		for _, name := range named.FindAllString(read(t, path), -1) {
			family := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
			if !families[family] && !families[name] {
				t.Errorf("%s speaks of %s, which is not served", path, name)
			}
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
