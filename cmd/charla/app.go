package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"charla/chat"
	"charla/db"
	"charla/handlers"
	"charla/live"
	"charla/notify"
	"charla/storage"
)

// app is all of one process that works together, over a store and a vault that are open.
type app struct {
	config   config
	service  *chat.Service
	hub      *live.Hub
	relay    *live.Relay // nil where NATS joins no other nodes
	notifier *notify.Worker
	peers    *peerMonitor
	disk     *diskMonitor
	metrics  *metricsServer // nil where they are off
	handler  http.Handler
}

// newApp is the one place where the parts meet. Nothing runs yet.
func newApp(ctx context.Context, c config, store *db.Store, vault *storage.Store, numbers *metricsServer) (*app, error) {
	hub := live.NewHub(store)
	service := chat.NewService(chat.Options{
		Store: store, Events: hub, Blobs: vault, TimeZone: c.timezone, FileLimits: c.fileLimits,
		Media: chat.Media{Email: c.email != nil, Push: c.ntfy != nil},
	})
	away := &notify.Worker{
		Service: service, Store: store, Presence: hub, BaseURL: c.baseURL, Zone: c.timezone, Email: c.email, Ntfy: c.ntfy,
	}
	secret, err := service.Secret(ctx, "known-browsers")
	if err != nil {
		return nil, err
	}
	if err := claimStorage(ctx, c, vault, secret); err != nil {
		return nil, err
	}
	others, err := newRelay(ctx, c, service, hub)
	if err != nil {
		return nil, err
	}
	watch := &peerMonitor{store: store, self: db.Node{ID: rand.Text(), HasRelay: others != nil}}
	disk := newDiskMonitor(c, store)
	site := handlers.New(service, hub, handlers.Config{
		BaseURL: c.baseURL, TLS: c.tls.enabled(), TimeZone: c.timezone, RateScale: c.rate, TrustedProxies: c.trustedProxies, Ping: store.Ping, CookieSecret: secret,
		Warnings: []func() string{watch.notice, disk.notice}, ObserveRequest: numbers.requestObserver(),
	})
	return &app{c, service, hub, others, away, watch, disk, numbers, site}, nil
}

// start runs all that goes on beside the requests. The function that it returns ends it and waits: that comes after the last
// request, so ctx is not the one that ends those.
func (n *app) start(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { n.hub.Run(ctx) })
	work.Go(func() { runMaintenance(ctx, n.service) })
	work.Go(func() { runErasures(ctx, n.service) })
	work.Go(func() { n.notifier.Run(ctx) })
	work.Go(func() { n.disk.run(ctx) })
	work.Go(n.metrics.serve)
	if n.relay != nil {
		work.Go(func() { n.relay.Run(ctx) })
	}
	if n.config.databaseURL != "" { // SQLite has no other nodes
		work.Go(func() { n.peers.run(ctx) })
	}
	return func() {
		cancel()
		n.metrics.close()
		work.Wait()
	}
}

// runMaintenance forgets dead sessions, files that nobody needs and what the outbox gave up, once an hour.
func runMaintenance(ctx context.Context, service *chat.Service) {
	chat.Every(ctx, time.Hour, func() {
		if err := service.PruneSessions(ctx); err != nil {
			slog.Warn("sessions not pruned", "error", err)
		}
		if err := service.PruneNotifications(ctx); err != nil {
			slog.Warn("outbox not pruned", "error", err)
		}
		if err := service.CollectBlobGarbage(ctx); err != nil {
			slog.Warn("files not swept", "error", err)
		}
	})
}

// How often what deleted accounts left behind is looked for, and the pause between two steps in erasing it: a thousand
// messages a second, which those who read along can follow.
const (
	erasurePollInterval = 2 * time.Second
	erasureStepPause    = 50 * time.Millisecond
)

// runErasures takes away what deleted accounts left behind, also what a stop interrupted.
func runErasures(ctx context.Context, service *chat.Service) {
	for {
		more, err := service.RunErasureStep(ctx)
		if err != nil {
			slog.Warn("deleted account not erased", "error", err)
		}
		pause := erasurePollInterval
		if more {
			pause = erasureStepPause
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}
