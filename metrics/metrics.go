// Package metrics shows an operator the numbers of a node, in the form that Prometheus reads. The parts of Charla count
// for themselves, or tell how long they took, and know nothing of this package.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the numbers of one node. It is a db.Watcher.
type Metrics struct {
	registry *prometheus.Registry

	requests, records *prometheus.CounterVec
	answers           *prometheus.HistogramVec

	reads, writes             prometheus.Observer
	readsFailed, writesFailed prometheus.Counter
	commits, shared           prometheus.Histogram
}

// The bounds of histograms, in seconds: what is usual, what somebody notices, and the limits of the code. A question to
// the database is given up after 5 s, a write after 10.
var (
	answerBounds   = []float64{.001, .005, .025, .1, .25, 1, 2.5, 10}
	databaseBounds = []float64{.0001, .001, .005, .025, .1, .5, 1, 5, 10}
)

// New returns the numbers of a node of some version, with those of the Go runtime and the process.
func New(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.requests = counters("charla_http_requests_total", "Requests answered, by line of the route table and class of status. A stream over HTTP/2 counts when it ends.", "route", "class")
	m.answers = histograms("charla_http_request_seconds", "Time until an answer begins; for a stream, until it is open.", answerBounds, "route")
	m.records = counters("charla_log_records_total", "Warnings and errors written to the log.", "level")
	seconds := histograms("charla_database_seconds", "Time of reads outside of transactions and of whole writes, with all waiting.", databaseBounds, "kind")
	failures := counters("charla_database_failures_total", "Reads and writes that the database did not answer.", "kind")
	m.reads, m.writes = seconds.WithLabelValues("read"), seconds.WithLabelValues("write")
	m.readsFailed, m.writesFailed = failures.WithLabelValues("read"), failures.WithLabelValues("write")
	m.commits = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "charla_commit_seconds", Help: "Time of commits on SQLite, each with all the writes that share it.", Buckets: databaseBounds})
	m.shared = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "charla_commit_writes", Help: "Writes that share a commit on SQLite.", Buckets: []float64{1, 2, 4, 16, 64, 256}})
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "charla_build_info", Help: "Always 1; which version this is.", ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	for _, level := range []string{"warn", "error"} {
		m.records.WithLabelValues(level)
	}
	m.registry.MustRegister(m.requests, m.answers, m.records, seconds, failures, m.commits, m.shared, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func histograms(name, help string, bounds []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: bounds}, labels)
}

// Show adds what the parts of a node count for themselves.
func (m *Metrics) Show(s Sources) { m.registry.MustRegister(s) }

// Handler answers GET /metrics and nothing else, two at a time.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2}))
	return mux
}

var classes = [...]string{"other", "1xx", "2xx", "3xx", "4xx", "5xx"}

// Request counts an answered request. It is a handlers.Observe.
func (m *Metrics) Request(route string, status int, took time.Duration) {
	class := classes[0]
	if n := status / 100; n < len(classes) {
		class = classes[n]
	}
	m.requests.WithLabelValues(route, class).Inc()
	m.answers.WithLabelValues(route).Observe(took.Seconds())
}

// Read is told of by db.Store.
func (m *Metrics) Read(took time.Duration, failed bool) {
	m.reads.Observe(took.Seconds())
	if failed {
		m.readsFailed.Inc()
	}
}

// Wrote is told of by db.Store.
func (m *Metrics) Wrote(took time.Duration, failed bool) {
	m.writes.Observe(took.Seconds())
	if failed {
		m.writesFailed.Inc()
	}
}

// Committed is told of by db.Store.
func (m *Metrics) Committed(writes int, took time.Duration) {
	m.commits.Observe(took.Seconds())
	m.shared.Observe(float64(writes))
}
