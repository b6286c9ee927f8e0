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

// numbers are what an operator sees, on a listener of their own. Nil where they are off.
type numbers struct {
	*metrics.Metrics
	listener net.Listener
	server   *http.Server
}

// count opens the listener of the numbers, if there is to be one, and begins to count.
func count(c config, store *db.Store) (*numbers, error) {
	if c.metricsAddr == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", c.metricsAddr)
	if err != nil {
		return nil, fmt.Errorf("CHARLA_METRICS_ADDR: %w", err)
	}
	m := metrics.New(version())
	slog.SetDefault(slog.New(m.CountLog(slog.Default().Handler())))
	store.Watch(m)
	return &numbers{m, listener, newServer(m.Handler())}, nil
}

func (n *numbers) observe() handlers.Observe {
	if n == nil {
		return nil
	}
	return n.Request
}

// show adds what the hub, the relay, which may be nil, and the database count for themselves, and says where all is.
func (n *numbers) show(hub *live.Hub, relay *live.Relay, store *db.Store, watch *neighbours, disk *disk, stdout io.Writer) {
	if n == nil {
		return
	}
	sources := metrics.Sources{Hub: hub.Stats, Pools: store.Pools, Apart: watch.apart.Load, Writable: disk.writable}
	if relay != nil {
		sources.Relay = relay.Stats
	}
	n.Show(sources)
	fmt.Fprintf(stdout, "Metrics are at http://%s/metrics\n", n.listener.Addr())
}

// serve answers until close.
func (n *numbers) serve() {
	if n == nil {
		return
	}
	if err := n.server.Serve(n.listener); !errors.Is(err, http.ErrServerClosed) {
		slog.Error("metrics are no longer served", "error", err)
	}
}

func (n *numbers) close() {
	if n != nil {
		n.server.Close()
		n.listener.Close()
	}
}
