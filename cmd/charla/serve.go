package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"charla/chat"
	"charla/courier"
	"charla/db"
	"charla/handlers"
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
	listener, err := net.Listen("tcp", c.addr)
	if err != nil {
		return err
	}
	hub := live.NewHub(store)
	vault, err := openVault(ctx, c)
	if err != nil {
		return fmt.Errorf("open the files: %w", err)
	}
	defer vault.Close()
	service := chat.NewService(store, hub, c.zone)
	service.UseVault(vault, c.files)
	away := &courier.Courier{Chat: service, Here: hub, Base: c.baseURL, Zone: c.zone, Mail: c.mail, Push: c.push}
	service.Open(away.Reach())
	secret, err := service.Secret(ctx, "known-browsers")
	if err != nil {
		return err
	}
	if listener, err = secure(c, listener); err != nil {
		return err
	}
	others, err := relay(ctx, c, service, hub)
	if err != nil {
		return err
	}
	watch := &neighbours{store: store, me: db.Node{ID: rand.Text(), Relay: others != nil}}
	site := handlers.New(service, hub, handlers.Config{
		BaseURL: c.baseURL, TLS: c.tls.on(), Zone: c.zone, Rate: c.rate, TrustedProxies: c.proxies, Ping: store.Ping, Notice: watch.notice, Secret: secret,
		Observe: numbers.observe(),
	})
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var work sync.WaitGroup
	work.Go(func() { hub.Run(background) })
	work.Go(func() { tidy(background, service) })
	work.Go(func() { erase(background, service) })
	work.Go(func() { away.Run(background) })
	work.Go(numbers.serve)
	if others != nil {
		work.Go(func() { others.Run(background) })
	}
	if c.databaseURL != "" {
		work.Go(func() { watch.run(background) })
	}
	numbers.show(hub, others, store, watch, stdout)
	fmt.Fprintf(stdout, "Charla is at %s\n", address(c, listener))
	err = listen(ctx, listener, site, hub)
	stop()
	numbers.close()
	work.Wait()
	return err
}

func open(ctx context.Context, c config) (*db.Store, error) {
	if c.databaseURL != "" {
		store, err := db.OpenPostgres(ctx, c.databaseURL)
		if err != nil && errors.Unwrap(err) != nil {
			err = fmt.Errorf("PostgreSQL does not answer: %w", errors.Unwrap(err))
		}
		return store, err
	}
	return db.OpenSQLite(ctx, c.data)
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

// newServer returns the server of a site with its limits.
func newServer(site http.Handler) *http.Server {
	return &http.Server{
		Handler:           site,
		ReadHeaderTimeout: headersWithin,
		ReadTimeout:       requestWithin,
		WriteTimeout:      answerWithin,
		IdleTimeout:       idleFor,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
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

// tidy forgets dead sessions, files that nobody needs and what the outbox gave up, once an hour.
func tidy(ctx context.Context, service *chat.Service) {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	for {
		if err := service.PruneSessions(ctx); err != nil {
			slog.Warn("sessions not pruned", "error", err)
		}
		if err := service.PruneOutbox(ctx); err != nil {
			slog.Warn("outbox not pruned", "error", err)
		}
		if err := service.Sweep(ctx); err != nil {
			slog.Warn("files not swept", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// How often what deleted accounts left behind is looked for, and the pause between two steps in erasing it: a thousand
// messages a second, which those who read along can follow.
const (
	eraseEvery = 2 * time.Second
	erasePause = 50 * time.Millisecond
)

// erase takes away what deleted accounts left behind, also what a stop interrupted.
func erase(ctx context.Context, service *chat.Service) {
	for {
		more, err := service.EraseSome(ctx)
		if err != nil {
			slog.Warn("deleted account not erased", "error", err)
		}
		pause := eraseEvery
		if more {
			pause = erasePause
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}
