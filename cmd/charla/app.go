package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"sync"

	"charla/chat"
	"charla/db"
	"charla/handlers"
	"charla/live"
	"charla/notify"
	"charla/storage"
)

// app holds the parts of a running Charla process, apart from its database and its file storage.
type app struct {
	config   config
	store    *db.Store
	service  *chat.Service
	hub      *live.Hub
	relay    *live.Relay // nil if this node does not use NATS
	notifier *notify.Worker
	peers    *peerMonitor
	disk     *diskMonitor
	metrics  *metricsServer // nil if metrics are off
	handler  http.Handler
}

// newApp creates all parts of Charla and connects them. Nothing runs in the background before start is called.
func newApp(
	ctx context.Context, c config, store *db.Store, files *storage.Store, metrics *metricsServer,
) (*app, error) {
	hub := live.NewHub(store)
	disk := newDiskMonitor(c, store)
	service := chat.NewService(chat.Options{
		Store: watchedStore{store, disk}, Events: hub, Blobs: watchedBlobs{files, disk}, TimeZone: c.timezone,
		FileLimits: c.fileLimits,
		Media:      chat.Media{Email: c.email != nil, Push: c.ntfy != nil},
		NeedsSetup: c.needsSetupLink(),
	})
	notifier := &notify.Worker{
		Service: service, Store: store, Presence: hub, BaseURL: c.baseURL, Zone: c.timezone,
		Email: c.email, Ntfy: c.ntfy,
	}
	secret, err := service.Secret(ctx, "known-browsers")
	if err != nil {
		return nil, err
	}
	if err := service.AssignHandles(ctx); err != nil {
		return nil, err
	}
	if err := claimStorage(ctx, c, files, secret); err != nil {
		return nil, err
	}
	relay, err := newRelay(ctx, c, service, hub)
	if err != nil {
		return nil, err
	}
	peers := &peerMonitor{store: store, disk: disk, self: db.Node{ID: rand.Text(), HasRelay: relay != nil}}
	handler := handlers.New(service, hub, handlers.Config{
		BaseURL: c.baseURL, TLS: c.tls.enabled(), TimeZone: c.timezone, RateScale: c.rate,
		TrustedProxies: c.trustedProxies, SecurityContact: c.securityContact, Ping: store.Ping, CookieSecret: secret,
		Warnings:       []func() string{peers.warning, disk.warning},
		ObserveRequest: metrics.requestObserver(),
	})
	return &app{c, store, service, hub, relay, notifier, peers, disk, metrics, handler}, nil
}

// start starts the background work, such as notifications and maintenance. The returned function stops that work and
// waits until it has ended. The caller calls it after the last request has ended, because requests need the background
// work. For the same reason, ctx must not be canceled while requests are still running.
func (a *app) start(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var tasks sync.WaitGroup
	tasks.Go(func() { a.hub.Run(ctx) })
	tasks.Go(func() { runMaintenance(ctx, a.service) })
	tasks.Go(func() { runPageSlots(ctx, a.service, a.hub) })
	tasks.Go(func() { runErasures(ctx, a.service) })
	tasks.Go(func() { runSearchIndex(ctx, a.service) })
	if a.config.databaseURL == "" {
		tasks.Go(func() { runPurges(ctx, a.store) })
	}
	tasks.Go(func() { a.notifier.Run(ctx) })
	tasks.Go(func() { a.disk.run(ctx) })
	tasks.Go(a.metrics.serve)
	if a.relay != nil {
		tasks.Go(func() { a.relay.Run(ctx) })
	}
	if a.config.databaseURL != "" { // nodes cannot share a SQLite database
		tasks.Go(func() { a.peers.run(ctx) })
	}
	return func() {
		cancel()
		a.metrics.close()
		tasks.Wait()
	}
}
