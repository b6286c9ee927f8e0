package metrics

import (
	"database/sql"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"charla/live"
)

// scrape returns the metrics as Prometheus reads them.
func scrape(t testing.TB, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// expectLines checks that the metrics contain some lines.
func expectLines(t testing.TB, metrics string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(metrics, "\n"+line+"\n") {
			t.Errorf("%q is missing in\n%s", line, metrics)
		}
	}
}

func TestStatusClasses(t *testing.T) {
	m := New("test")
	for _, status := range []int{200, 204, 303, 404, 422, 503, 599, 700, 999, 0} {
		m.ObserveRequest("GET /", status, time.Millisecond)
	}
	expectLines(t, scrape(t, m),
		`charla_http_requests_total{class="2xx",route="GET /"} 2`,
		`charla_http_requests_total{class="4xx",route="GET /"} 2`,
		`charla_http_requests_total{class="5xx",route="GET /"} 2`,
		`charla_http_requests_total{class="other",route="GET /"} 3`)
}

func TestLogRecordsAreCountedAndWritten(t *testing.T) {
	m := New("test")
	var log strings.Builder
	logger := slog.New(m.CountLogRecords(slog.NewTextHandler(&log, nil)))
	logger.Info("hello")
	logger.With("a", 1).WithGroup("g").Warn("oh", "b", 2)
	logger.Error("no")
	expectLines(t, scrape(t, m), `charla_log_records_total{level="warn"} 1`,
		`charla_log_records_total{level="error"} 1`)
	if out := log.String(); strings.Count(out, "\n") != 3 || !strings.Contains(out, "a=1 g.b=2") {
		t.Errorf("the log is\n%s", out)
	}
}

func TestSourcesWithoutRelay(t *testing.T) {
	m := New("test")
	unreachable := false
	m.Register(Sources{
		Hub: func() live.Stats {
			return live.Stats{
				Online: 3, Streams: map[string]int{"/events": 4}, StreamsEnded: map[string]int64{"slow": 5},
			}
		},
		Pools: func() map[string]sql.DBStats {
			return map[string]sql.DBStats{"all": {InUse: 6, WaitDuration: time.Minute}}
		},
		PeersUnreachable: func() bool { return unreachable }, DataWritable: func() bool { return !unreachable },
	})
	expectLines(t, scrape(t, m), "charla_people_here 3",
		`charla_streams{route="/events"} 4`, `charla_streams_ended_total{reason="slow"} 5`,
		`charla_database_connections{pool="all",state="busy"} 6`, `charla_database_wait_seconds_total{pool="all"} 60`,
		"charla_nodes_apart 0", "charla_data_writable 1")
	unreachable = true
	metrics := scrape(t, m)
	expectLines(t, metrics, "charla_nodes_apart 1", "charla_data_writable 0")
	if strings.Contains(metrics, "charla_nats_connected") {
		t.Error("a node without a relay has metrics of NATS")
	}
}

func BenchmarkRequest(b *testing.B) {
	m := New("test")
	b.ReportAllocs()
	for b.Loop() {
		m.ObserveRequest("POST /messages", 303, 2*time.Millisecond)
	}
}

func BenchmarkRead(b *testing.B) {
	m := New("test")
	b.ReportAllocs()
	for b.Loop() {
		m.ReadFinished(2*time.Millisecond, false)
	}
}

// BenchmarkScrape measures what a scrape costs.
func BenchmarkScrape(b *testing.B) {
	m := New("test")
	for i := range 40 {
		m.ObserveRequest(strings.Repeat("x", i+1), 200, time.Millisecond)
	}
	for b.Loop() {
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		io.Copy(io.Discard, w.Body)
	}
}

func TestProfileIsServedOnlyToThisMachine(t *testing.T) {
	handler := New("1.2.3").Handler()
	for client, status := range map[string]int{
		"127.0.0.1:4000": 200, "[::1]:4000": 200, "[::ffff:127.0.0.1]:4000": 200, "192.0.2.1:4000": 404, "": 404,
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/debug/pprof/profile?seconds=1", nil)
		r.RemoteAddr = client
		handler.ServeHTTP(w, r)
		const gzipMagic = "\x1f\x8b" // a profile is compressed with gzip
		if w.Code != status || strings.HasPrefix(w.Body.String(), gzipMagic) != (status == 200) {
			t.Errorf("a client at %q got status %d and %q", client, w.Code, w.Body.String()[:20])
		}
	}
}
