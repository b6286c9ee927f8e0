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
	"charla/live"
	"charla/metrics"
)

// metricsServer are what an operator sees, on a listener of their own. Nil where they are off.
type metricsServer struct {
	*metrics.Metrics
	listener net.Listener
	server   *http.Server
}

// startMetrics opens the listener of the numbers, if there is to be one, and begins to count.
func startMetrics(c config, store *db.Store) (*metricsServer, error) {
	if c.metricsAddr == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", c.metricsAddr)
	if err != nil {
		return nil, fmt.Errorf("CHARLA_METRICS_ADDR: %w", err)
	}
	m := metrics.New(versionString())
	slog.SetDefault(slog.New(m.CountLogRecords(slog.Default().Handler())))
	store.SetObserver(m)
	return &metricsServer{m, listener, newHTTPServer(m.Handler())}, nil
}

func (n *metricsServer) requestObserver() handlers.RequestObserver {
	if n == nil {
		return nil
	}
	return n.ObserveRequest
}

// register adds what the hub, the relay, which may be nil, and the database count for themselves, and says where all is.
func (n *metricsServer) register(hub *live.Hub, relay *live.Relay, store *db.Store, watch *peerMonitor, disk *diskMonitor, stdout io.Writer) {
	if n == nil {
		return
	}
	sources := metrics.Sources{Hub: hub.Stats, Pools: store.PoolStats, PeersUnreachable: watch.unreachable.Load, DataWritable: disk.writable}
	if relay != nil {
		sources.Relay = relay.Stats
	}
	n.Register(sources)
	fmt.Fprintf(stdout, "Metrics are at http://%s/metrics\n", n.listener.Addr())
}

// serve answers until close.
func (n *metricsServer) serve() {
	if n == nil {
		return
	}
	if err := n.server.Serve(n.listener); !errors.Is(err, http.ErrServerClosed) {
		slog.Error("metrics are no longer served", "error", err)
	}
}

func (n *metricsServer) close() {
	if n != nil {
		n.server.Close()
		n.listener.Close()
	}
}
