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

	requests, logRecords *prometheus.CounterVec
	requestSeconds       *prometheus.HistogramVec

	readSeconds, writeSeconds   prometheus.Observer
	readFailures, writeFailures prometheus.Counter
	commitSeconds, commitWrites prometheus.Histogram
}

// The bounds of histograms, in seconds: what is usual, what somebody notices, and the limits of the code. A question to
// the database is given up after 5 s, a write after 10.
var (
	requestBuckets  = []float64{.001, .005, .025, .1, .25, 1, 2.5, 10}
	databaseBuckets = []float64{.0001, .001, .005, .025, .1, .5, 1, 5, 10}
)

// New returns the numbers of a node of some version, with those of the Go runtime and the process.
func New(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.requests = newCounterVec("charla_http_requests_total", "Requests answered, by line of the route table and class of status. A stream over HTTP/2 counts when it ends.", "route", "class")
	m.requestSeconds = newHistogramVec("charla_http_request_seconds", "Time until an answer begins; for a stream, until it is open.", requestBuckets, "route")
	m.logRecords = newCounterVec("charla_log_records_total", "Warnings and errors written to the log.", "level")
	seconds := newHistogramVec("charla_database_seconds", "Time of reads outside of transactions and of whole writes, with all waiting.", databaseBuckets, "kind")
	failures := newCounterVec("charla_database_failures_total", "Reads and writes that the database did not answer.", "kind")
	m.readSeconds, m.writeSeconds = seconds.WithLabelValues("read"), seconds.WithLabelValues("write")
	m.readFailures, m.writeFailures = failures.WithLabelValues("read"), failures.WithLabelValues("write")
	m.commitSeconds = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "charla_commit_seconds", Help: "Time of commits on SQLite, each with all the writes that share it.", Buckets: databaseBuckets})
	m.commitWrites = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "charla_commit_writes", Help: "Writes that share a commit on SQLite.", Buckets: []float64{1, 2, 4, 16, 64, 256}})
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "charla_build_info", Help: "Always 1; which version this is.", ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	for _, level := range []string{"warn", "error"} {
		m.logRecords.WithLabelValues(level)
	}
	m.registry.MustRegister(m.requests, m.requestSeconds, m.logRecords, seconds, failures, m.commitSeconds, m.commitWrites, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func newCounterVec(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func newHistogramVec(name, help string, bounds []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: bounds}, labels)
}

// Register adds what the parts of a node count for themselves.
func (m *Metrics) Register(s Sources) { m.registry.MustRegister(s) }

// Handler answers GET /metrics and nothing else, two at a time.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2}))
	return mux
}

var statusClasses = [...]string{"other", "1xx", "2xx", "3xx", "4xx", "5xx"}

// ObserveRequest counts an answered request. It is a handlers.Observe.
func (m *Metrics) ObserveRequest(route string, status int, took time.Duration) {
	class := statusClasses[0]
	if n := status / 100; n < len(statusClasses) {
		class = statusClasses[n]
	}
	m.requests.WithLabelValues(route, class).Inc()
	m.requestSeconds.WithLabelValues(route).Observe(took.Seconds())
}

// ReadFinished is told of by db.Store.
func (m *Metrics) ReadFinished(took time.Duration, failed bool) {
	m.readSeconds.Observe(took.Seconds())
	if failed {
		m.readFailures.Inc()
	}
}

// WriteFinished is told of by db.Store.
func (m *Metrics) WriteFinished(took time.Duration, failed bool) {
	m.writeSeconds.Observe(took.Seconds())
	if failed {
		m.writeFailures.Inc()
	}
}

// BatchCommitted is told of by db.Store.
func (m *Metrics) BatchCommitted(writes int, took time.Duration) {
	m.commitSeconds.Observe(took.Seconds())
	m.commitWrites.Observe(float64(writes))
}
