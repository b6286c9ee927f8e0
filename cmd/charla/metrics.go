package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"

	"charla/db"
	"charla/handlers"
	"charla/metrics"
)

// metricsServer serves metrics to Prometheus at an address of its own. A nil metricsServer means that metrics are off;
// its methods do nothing.
type metricsServer struct {
	*metrics.Metrics
	listener net.Listener
	server   *http.Server
}

// openMetrics opens the listener for metrics and starts to count log records. It returns nil if CHARLA_METRICS_ADDR is
// not set.
func openMetrics(c config) (*metricsServer, error) {
	if c.metricsAddr == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", c.metricsAddr)
	if err != nil {
		return nil, fmt.Errorf("CHARLA_METRICS_ADDR: %w", err)
	}
	m := metrics.New(versionString())
	slog.SetDefault(slog.New(m.CountLogRecords(slog.Default().Handler())))
	return &metricsServer{m, listener, newHTTPServer(m.Handler())}, nil
}

// databaseOptions makes a database that is opened with them report its operations.
func (s *metricsServer) databaseOptions() []db.Option {
	if s == nil {
		return nil
	}
	return []db.Option{db.WithObserver(s.Metrics)}
}

func (s *metricsServer) requestObserver() handlers.RequestObserver {
	if s == nil {
		return nil
	}
	return s.ObserveRequest
}

// register adds the metrics of the app's parts, such as open streams. It also prints the URL at which all metrics are
// served.
func (s *metricsServer) register(a *app, store *db.Store, stdout io.Writer) {
	if s == nil {
		return
	}
	sources := metrics.Sources{
		Hub: a.hub.Stats, Pools: store.PoolStats,
		PeersUnreachable: a.peers.unreachable.Load, DataWritable: a.disk.writable,
	}
	if a.relay != nil {
		sources.Relay = a.relay.Stats
	}
	s.Register(sources)
	fmt.Fprintf(stdout, "Metrics are at http://%s/metrics\n", s.listener.Addr())
}

// serve answers requests for metrics until close is called.
func (s *metricsServer) serve() {
	if s == nil {
		return
	}
	if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		slog.Error("serve metrics failed", "error", err)
	}
}

func (s *metricsServer) close() {
	if s != nil {
		s.server.Close()
		s.listener.Close()
	}
}
