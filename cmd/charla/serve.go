package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"charla/chat"
	"charla/db"
	"charla/live"
)

// Limits of a connection. A stream renews its own write deadline and has no read deadline.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	shutdownTimeout   = 10 * time.Second
)

// serve runs Charla until ctx ends, then lets requests finish and tells the streams to come back.
func serve(ctx context.Context, c config, stdout io.Writer) error {
	store, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer store.Close()
	numbers, err := startMetrics(c, store)
	if err != nil {
		return err
	}
	defer numbers.close()
	vault, err := openStorage(ctx, c)
	if err != nil {
		return err
	}
	defer vault.Close()
	listener, err := openListener(c)
	if err != nil {
		return err
	}
	defer listener.Close()
	n, err := newApp(ctx, c, store, vault, numbers)
	if err != nil {
		return err
	}
	defer n.start(context.WithoutCancel(ctx))()
	numbers.register(n.hub, n.relay, store, n.peers, n.disk, stdout)
	slog.Info("started", "version", versionString(), "postgres", c.databaseURL != "", "nats", c.natsURL != "", "s3", c.s3URL != "", "mail", c.email != nil, "push", c.ntfy != nil)
	fmt.Fprintf(stdout, "Charla is at %s\n", publicAddress(c, listener))
	return serveHTTP(ctx, listener, n.handler, n.hub)
}

// openListener listens where people come in, with TLS if it ends here.
func openListener(c config) (net.Listener, error) {
	listener, err := net.Listen("tcp", c.addr)
	if err != nil {
		return nil, fmt.Errorf("CHARLA_ADDR: %w", err)
	}
	secured, err := withTLS(c, listener)
	if err != nil {
		listener.Close()
	}
	return secured, err
}

// openDatabase opens the database. An error names the setting that leads there.
func openDatabase(ctx context.Context, c config) (*db.Store, error) {
	if c.databaseURL == "" {
		store, err := db.OpenSQLite(ctx, c.data)
		if chat.CodeOf(err) == chat.Unavailable {
			err = cmp.Or(probeWritable(c.data), err) // a full disk is an "I/O error" to SQLite
		}
		if err != nil {
			return nil, fmt.Errorf("CHARLA_DATA: %w", err)
		}
		return store, nil
	}
	store, err := db.OpenPostgres(ctx, c.databaseURL)
	if chat.CodeOf(err) == chat.Unavailable {
		err = fmt.Errorf("PostgreSQL cannot be used: %w", errors.Unwrap(err))
	}
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	return store, nil
}

func publicAddress(c config, l net.Listener) string {
	if c.baseURL != nil {
		return fmt.Sprintf("%s (listening on %s)", c.baseURL, l.Addr())
	}
	if c.tls.enabled() {
		return "https://" + l.Addr().String()
	}
	return "http://" + l.Addr().String()
}

// maxHeaderBytes lets a token of 1 MB through to the answer that all bad tokens get. A connection costs so much for five seconds at most.
const maxHeaderBytes = 1 << 20

// newHTTPServer returns the server of a site with its limits.
func newHTTPServer(site http.Handler) *http.Server {
	return &http.Server{
		Handler:           site,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(connectionLogger{}, "", 0),
	}
}

// connectionLogger takes what net/http says of connections. Scanners and telephones that went are nobody's concern; that nobody can
// come in any more is, and so is a panic.
type connectionLogger struct{}

func (connectionLogger) Write(line []byte) (int, error) {
	text, level := strings.TrimSpace(string(line)), slog.LevelDebug
	switch {
	case strings.HasPrefix(text, "http: Accept error"):
		level = slog.LevelWarn
	case strings.HasPrefix(text, "http: panic"):
		level = slog.LevelError
	}
	slog.Log(context.Background(), level, "connections", "error", text)
	return len(line), nil
}

// serveHTTP serves until ctx ends. The streams are told to end first, because the rest of the stop waits for them.
func serveHTTP(ctx context.Context, l net.Listener, site http.Handler, hub *live.Hub) error {
	server := newHTTPServer(site)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	slog.Info("stopping", "streams", hub.StreamCount())
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	hub.Shutdown()
	if err := server.Shutdown(stopping); err != nil {
		server.Close()
	}
	if err := hub.Wait(stopping); err != nil && hub.StreamCount() > 0 {
		slog.Warn("streams did not end in time", "streams", hub.StreamCount())
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
