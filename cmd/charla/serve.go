package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"charla/chat"
	"charla/db"
	"charla/handlers/web"
	"charla/live"
)

// Time limits of connections. An event stream extends its own write deadline and has no read deadline.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	shutdownTimeout   = 10 * time.Second
)

// maxHeaderBytes is how many bytes net/http reads of the head of a request before it answers 431 and closes the
// connection. It adds about 4 KB for HTTP/1 and 320 bytes for HTTP/2. The exact limit is web.MaxHeadBytes.
const maxHeaderBytes = web.MaxHeadBytes

// serve runs Charla until ctx is done. Then it lets requests finish and asks the clients of event streams to reconnect.
// It takes its ports before it opens the database, so that a second start by mistake does not migrate the schema under
// the running server.
func serve(ctx context.Context, c config, in invocation) error {
	listener, err := openListener(c)
	if err != nil {
		return err
	}
	defer listener.Close()
	metrics, err := openMetrics(c)
	if err != nil {
		return err
	}
	defer metrics.close()
	store, err := openDatabase(ctx, c, metrics.databaseOptions()...)
	if err != nil {
		return err
	}
	defer store.Close()
	files, err := openStorage(ctx, c)
	if err != nil {
		return err
	}
	defer files.Close()
	a, err := newApp(ctx, c, store, files, metrics)
	if err != nil {
		return err
	}
	stop := a.start(context.WithoutCancel(ctx))
	defer stop()
	metrics.register(a, store, in.stdout)
	slog.Info("started", "version", versionString(), "postgres", c.databaseURL != "", "nats", c.natsURL != "",
		"s3", c.s3URL != "", "email", c.email != nil, "ntfy", c.ntfy != nil)
	if c.needsSetupLink() {
		announceSetupLink(ctx, c, a.service, in.stdout)
	}
	fmt.Fprintf(in.stdout, "Charla is at %s\n", publicAddress(c, listener))
	return serveHTTP(ctx, listener, a.handler, a.hub)
}

// openListener listens at the address that users connect to. It accepts TLS connections if TLS is configured.
func openListener(c config) (net.Listener, error) {
	listener, err := net.Listen("tcp", c.addr)
	if err != nil {
		return nil, fmt.Errorf("CHARLA_ADDR: %w", err)
	}
	tlsListener, err := withTLS(c, listener)
	if err != nil {
		listener.Close()
		return nil, err
	}
	return tlsListener, nil
}

// openDatabase opens the database and migrates its schema. Its errors begin with the name of the setting that selects
// the database.
func openDatabase(ctx context.Context, c config, options ...db.Option) (*db.Store, error) {
	if c.databaseURL == "" {
		store, err := db.OpenSQLite(ctx, c.data, options...)
		return store, sqliteError(c, err)
	}
	store, err := db.OpenPostgres(ctx, c.databaseURL, options...)
	return store, postgresError(err)
}

// sqliteError adds the name of the setting to an error of opening SQLite. It returns nil if err is nil.
func sqliteError(c config, err error) error {
	if chat.CodeOf(err) == chat.Unavailable {
		err = cmp.Or(probeWritable(c.data), err) // SQLite reports a full disk only as an I/O error
	}
	if err != nil {
		return fmt.Errorf("CHARLA_DATA: %w", err)
	}
	return nil
}

// postgresError adds the name of the setting to an error of opening PostgreSQL. It returns nil if err is nil.
func postgresError(err error) error {
	if chat.CodeOf(err) == chat.Unavailable {
		err = fmt.Errorf("cannot use PostgreSQL: %w", errors.Unwrap(err))
	}
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	return nil
}

// publicAddress returns the URL that Charla prints after the start, at which users can open it.
func publicAddress(c config, l net.Listener) string {
	if c.baseURL != nil {
		return fmt.Sprintf("%s (listening on %s)", c.baseURL, l.Addr())
	}
	if c.tls.enabled() {
		return "https://" + l.Addr().String()
	}
	return "http://" + l.Addr().String()
}

// newHTTPServer returns an HTTP server with the time and size limits of this file.
func newHTTPServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(connectionLogger{}, "", 0),
	}
}

// connectionLogger forwards the log of net/http to slog. It logs errors of single connections, which scanners and
// phones cause all the time, only at debug level.
type connectionLogger struct{}

func (connectionLogger) Write(line []byte) (int, error) {
	text, level := strings.TrimSpace(string(line)), slog.LevelDebug
	switch {
	case strings.HasPrefix(text, "http: Accept error"):
		level = slog.LevelWarn
	case strings.HasPrefix(text, "http: panic"):
		level = slog.LevelError
	}
	slog.Log(context.Background(), level, "connection failed", "error", text)
	return len(line), nil
}

// serveHTTP answers requests until ctx is done. Then it first ends the event streams, because they would otherwise
// delay the shutdown of the server, and then shuts the server down.
func serveHTTP(ctx context.Context, l net.Listener, handler http.Handler, hub *live.Hub) error {
	server := newHTTPServer(handler)
	result := make(chan error, 1)
	go func() { result <- server.Serve(l) }()
	select {
	case err := <-result:
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
	if err := <-result; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
