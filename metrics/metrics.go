// Package metrics exposes the metrics of a node in the format of Prometheus. The other packages do not import it:
// they count for themselves, or call a function with what they measured.
package metrics

import (
	"net/http"
	"net/http/pprof"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics collects the metrics of one node. It implements db.Observer.
type Metrics struct {
	registry *prometheus.Registry

	requests, logRecords *prometheus.CounterVec
	requestSeconds       *prometheus.HistogramVec

	readSeconds, writeSeconds   prometheus.Observer
	readFailures, writeFailures prometheus.Counter
	commitSeconds, commitWrites prometheus.Histogram
}

// The upper bounds of histogram buckets, in seconds. They cover the usual durations, durations that users notice, and
// the timeouts of the code, which are 5 s for a read and 10 s for a write.
var (
	requestBuckets  = []float64{.001, .005, .025, .1, .25, 1, 2.5, 10}
	databaseBuckets = []float64{.0001, .001, .005, .025, .1, .5, 1, 5, 10}
)

// commitBuckets are the upper bounds of the buckets for the number of writes in a commit.
var commitBuckets = []float64{1, 2, 4, 16, 64, 256}

// New returns the metrics of a node that runs this version of Charla. They include those of the Go runtime and of the
// process.
func New(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.addRequestMetrics()
	m.addDatabaseMetrics()
	m.logRecords = m.newCounterVec("charla_log_records_total", "Warnings and errors in the log.", "level")
	for _, level := range []string{"warn", "error"} {
		m.logRecords.WithLabelValues(level)
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "charla_build_info", Help: "The version. The value is always 1.",
		ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *Metrics) addRequestMetrics() {
	m.requests = m.newCounterVec("charla_http_requests_total",
		"Answered requests by route and class of status. A stream over HTTP/2 counts when it ends.", "route", "class")
	m.requestSeconds = m.newHistogramVec("charla_http_request_seconds",
		"Time until a response begins, or until a stream is open.", requestBuckets, "route")
}

func (m *Metrics) addDatabaseMetrics() {
	seconds := m.newHistogramVec("charla_database_seconds",
		"Duration of reads outside transactions and of whole writes, including waiting.", databaseBuckets, "kind")
	failures := m.newCounterVec("charla_database_failures_total", "Failed reads and writes.", "kind")
	m.readSeconds, m.writeSeconds = seconds.WithLabelValues("read"), seconds.WithLabelValues("write")
	m.readFailures, m.writeFailures = failures.WithLabelValues("read"), failures.WithLabelValues("write")
	m.commitSeconds = m.newHistogram("charla_commit_seconds",
		"Duration of commits on SQLite, each with all the writes that share it.", databaseBuckets)
	m.commitWrites = m.newHistogram("charla_commit_writes",
		"Number of writes that share a commit on SQLite.", commitBuckets)
}

func (m *Metrics) newCounterVec(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) newHistogramVec(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	m.registry.MustRegister(h)
	return h
}

func (m *Metrics) newHistogram(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	m.registry.MustRegister(h)
	return h
}

// Register adds the metrics whose values s returns.
func (m *Metrics) Register(s Sources) { m.registry.MustRegister(s) }

// Handler returns a handler that answers GET /metrics, at most two requests at a time. To clients on the same machine
// it also answers GET /debug/pprof/profile?seconds=N with a CPU profile; N must be less than the write timeout of the
// server, in seconds.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2}))
	mux.HandleFunc("GET /debug/pprof/profile", serveProfile)
	return mux
}

// serveProfile answers with a CPU profile of this process. A profile costs time and shows how the server works, so only
// clients on the loopback interface get one.
func serveProfile(w http.ResponseWriter, r *http.Request) {
	client, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !client.Addr().Unmap().IsLoopback() {
		http.NotFound(w, r)
		return
	}
	pprof.Profile(w, r)
}

// statusClasses are the labels for the HTTP status codes that begin with a digit, with the digit as the index. Index 0
// is for invalid codes.
var statusClasses = [...]string{"other", "1xx", "2xx", "3xx", "4xx", "5xx"}

// ObserveRequest counts an answered request by its route and status, and records how long the answer took. It is a
// handlers.RequestObserver.
func (m *Metrics) ObserveRequest(route string, status int, took time.Duration) {
	class := statusClasses[0]
	if n := status / 100; n < len(statusClasses) {
		class = statusClasses[n]
	}
	m.requests.WithLabelValues(route, class).Inc()
	m.requestSeconds.WithLabelValues(route).Observe(took.Seconds())
}

// ReadFinished implements db.Observer: it records how long a read outside a transaction took, and whether it failed.
func (m *Metrics) ReadFinished(took time.Duration, failed bool) {
	m.readSeconds.Observe(took.Seconds())
	if failed {
		m.readFailures.Inc()
	}
}

// WriteFinished implements db.Observer: it records how long a transaction took, and whether it failed.
func (m *Metrics) WriteFinished(took time.Duration, failed bool) {
	m.writeSeconds.Observe(took.Seconds())
	if failed {
		m.writeFailures.Inc()
	}
}

// BatchCommitted implements db.Observer: it records how many writes a commit on SQLite contained, and how long it took.
func (m *Metrics) BatchCommitted(writes int, took time.Duration) {
	m.commitSeconds.Observe(took.Seconds())
	m.commitWrites.Observe(float64(writes))
}
