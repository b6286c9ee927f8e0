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
	headersWithin = 5 * time.Second
	requestWithin = 15 * time.Second
	answerWithin  = 30 * time.Second
	idleFor       = 2 * time.Minute
	stopWithin    = 10 * time.Second
)

// serve runs Charla until ctx ends, then lets requests finish and tells the streams to come back.
func serve(ctx context.Context, c config, stdout io.Writer) error {
	store, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer store.Close()
	numbers, err := count(c, store)
	if err != nil {
		return err
	}
	defer numbers.close()
	vault, err := openVault(ctx, c)
	if err != nil {
		return err
	}
	defer vault.Close()
	listener, err := bind(c)
	if err != nil {
		return err
	}
	defer listener.Close()
	n, err := wire(ctx, c, store, vault, numbers)
	if err != nil {
		return err
	}
	defer n.start(context.WithoutCancel(ctx))()
	numbers.show(n.hub, n.others, store, n.watch, n.disk, stdout)
	slog.Info("started", "version", version(), "postgres", c.databaseURL != "", "nats", c.natsURL != "", "s3", c.s3URL != "", "mail", c.mail != nil, "push", c.push != nil)
	fmt.Fprintf(stdout, "Charla is at %s\n", address(c, listener))
	return listen(ctx, listener, n.site, n.hub)
}

// bind listens where people come in, with TLS if it ends here.
func bind(c config) (net.Listener, error) {
	listener, err := net.Listen("tcp", c.addr)
	if err != nil {
		return nil, fmt.Errorf("CHARLA_ADDR: %w", err)
	}
	secured, err := secure(c, listener)
	if err != nil {
		listener.Close()
	}
	return secured, err
}

// open opens the database. An error names the setting that leads there.
func open(ctx context.Context, c config) (*db.Store, error) {
	if c.databaseURL == "" {
		store, err := db.OpenSQLite(ctx, c.data)
		if chat.CodeOf(err) == chat.Unavailable {
			err = cmp.Or(takes(c.data), err) // a full disk is an "I/O error" to SQLite
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

func address(c config, l net.Listener) string {
	if c.baseURL != nil {
		return fmt.Sprintf("%s (listening on %s)", c.baseURL, l.Addr())
	}
	if c.tls.on() {
		return "https://" + l.Addr().String()
	}
	return "http://" + l.Addr().String()
}

// maxHead lets a token of 1 MB through to the answer that all bad tokens get. A connection costs so much for five seconds at most.
const maxHead = 1 << 20

// newServer returns the server of a site with its limits.
func newServer(site http.Handler) *http.Server {
	return &http.Server{
		Handler:           site,
		ReadHeaderTimeout: headersWithin,
		ReadTimeout:       requestWithin,
		WriteTimeout:      answerWithin,
		IdleTimeout:       idleFor,
		MaxHeaderBytes:    maxHead,
		ErrorLog:          log.New(connectionLog{}, "", 0),
	}
}

// connectionLog takes what net/http says of connections. Scanners and telephones that went are nobody's concern; that nobody can
// come in any more is, and so is a panic.
type connectionLog struct{}

func (connectionLog) Write(line []byte) (int, error) {
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

// listen serves until ctx ends. The streams are told to end first, because the rest of the stop waits for them.
func listen(ctx context.Context, l net.Listener, site http.Handler, hub *live.Hub) error {
	server := newServer(site)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	slog.Info("stopping", "streams", hub.Streams())
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	hub.Shutdown()
	if err := server.Shutdown(stopping); err != nil {
		server.Close()
	}
	if err := hub.Wait(stopping); err != nil && hub.Streams() > 0 {
		slog.Warn("streams did not end in time", "streams", hub.Streams())
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
