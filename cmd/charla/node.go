package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"charla/chat"
	"charla/courier"
	"charla/db"
	"charla/files"
	"charla/handlers"
	"charla/live"
)

// node is all of one process that works together, over a store and a vault that are open.
type node struct {
	config  config
	service *chat.Service
	hub     *live.Hub
	others  *live.Relay // nil where NATS joins no other nodes
	away    *courier.Courier
	watch   *neighbours
	disk    *disk
	numbers *numbers // nil where they are off
	site    http.Handler
}

// wire is the one place where the parts meet. Nothing runs yet.
func wire(ctx context.Context, c config, store *db.Store, vault *files.Vault, numbers *numbers) (*node, error) {
	hub := live.NewHub(store)
	service := chat.NewService(store, hub, c.zone)
	service.UseVault(vault, c.files)
	away := &courier.Courier{Chat: service, Here: hub, Base: c.baseURL, Zone: c.zone, Mail: c.mail, Push: c.push}
	service.Open(away.Reach())
	secret, err := service.Secret(ctx, "known-browsers")
	if err != nil {
		return nil, err
	}
	if err := claim(ctx, c, vault, secret); err != nil {
		return nil, err
	}
	others, err := relay(ctx, c, service, hub)
	if err != nil {
		return nil, err
	}
	watch := &neighbours{store: store, me: db.Node{ID: rand.Text(), Relay: others != nil}}
	disk := newDisk(c, store)
	site := handlers.New(service, hub, handlers.Config{
		BaseURL: c.baseURL, TLS: c.tls.on(), Zone: c.zone, Rate: c.rate, TrustedProxies: c.proxies, Ping: store.Ping, Secret: secret,
		Notices: []func() string{watch.notice, disk.notice}, Observe: numbers.observe(),
	})
	return &node{c, service, hub, others, away, watch, disk, numbers, site}, nil
}

// start runs all that goes on beside the requests. The function that it returns ends it and waits: that comes after the last
// request, so ctx is not the one that ends those.
func (n *node) start(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { n.hub.Run(ctx) })
	work.Go(func() { tidy(ctx, n.service) })
	work.Go(func() { erase(ctx, n.service) })
	work.Go(func() { n.away.Run(ctx) })
	work.Go(func() { n.disk.run(ctx) })
	work.Go(n.numbers.serve)
	if n.others != nil {
		work.Go(func() { n.others.Run(ctx) })
	}
	if n.config.databaseURL != "" { // SQLite has no other nodes
		work.Go(func() { n.watch.run(ctx) })
	}
	return func() {
		cancel()
		n.numbers.close()
		work.Wait()
	}
}

// tidy forgets dead sessions, files that nobody needs and what the outbox gave up, once an hour.
func tidy(ctx context.Context, service *chat.Service) {
	every(ctx, time.Hour, func() {
		if err := service.PruneSessions(ctx); err != nil {
			slog.Warn("sessions not pruned", "error", err)
		}
		if err := service.PruneOutbox(ctx); err != nil {
			slog.Warn("outbox not pruned", "error", err)
		}
		if err := service.Sweep(ctx); err != nil {
			slog.Warn("files not swept", "error", err)
		}
	})
}

// every does something at once and then again and again, until ctx ends.
func every(ctx context.Context, d time.Duration, do func()) {
	ticker := time.NewTicker(d)
	defer ticker.Stop()
	for {
		do()
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
