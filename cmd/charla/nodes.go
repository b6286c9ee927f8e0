package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"charla/chat"
	"charla/db"
	"charla/live"
)

// relay joins the hub to other nodes over NATS, if there is to be any. A community is known by a secret in its database.
func relay(ctx context.Context, c config, service *chat.Service, hub *live.Hub) (*live.Relay, error) {
	if c.natsURL == "" {
		if c.databaseURL != "" {
			slog.Info("this node serves alone: for several on one database set NATS_URL on each")
		}
		return nil, nil
	}
	secret, err := service.Secret(ctx, "relay")
	if err != nil {
		return nil, err
	}
	others, err := live.NewRelay(hub, c.natsURL, hex.EncodeToString(secret[:12]))
	if err != nil {
		return nil, fmt.Errorf("NATS_URL: %w", err)
	}
	return others, nil
}

const (
	touchEvery = 3 * time.Second
	deadAfter  = 4 * touchEvery
	shoutEvery = time.Minute
)

// sighting is when a node said that it was seen, and when we found that changed.
type sighting struct {
	at    chat.Micros
	moved time.Time
}

// neighbours watches for nodes that share the database and not the hints.
type neighbours struct {
	store   *db.Store
	me      db.Node
	seen    map[string]sighting
	shouted time.Time
	apart   atomic.Bool
}

const apartNotice = "other nodes share this database and NATS does not join all of them: what one does, others see seconds later, and who is here is wrong. Set NATS_URL on every node"

// notice is for /readyz.
func (n *neighbours) notice() string {
	if n.apart.Load() {
		return apartNotice
	}
	return ""
}

// run looks until ctx ends, and takes leave.
func (n *neighbours) run(ctx context.Context) {
	every(ctx, touchEvery, func() { n.look(ctx) })
	if err := n.store.Leave(context.WithoutCancel(ctx), n.me.ID); err != nil {
		slog.Warn("leave not taken", "error", err)
	}
}

func (n *neighbours) look(ctx context.Context) {
	now := time.Now()
	n.me.SeenAt = chat.At(now)
	others, err := n.store.Touch(ctx, n.me)
	if err != nil {
		slog.Warn("other nodes not looked for", "error", err)
		return
	}
	n.apart.Store(n.judge(others, now))
	if n.apart.Load() && now.Sub(n.shouted) >= shoutEvery {
		n.shouted = now
		slog.Error(apartNotice)
	}
}

// judge tells whether hints fail to reach some other node that lives. One lives that was seen at another time than at
// earlier looks: no clock is compared with that of another machine.
func (n *neighbours) judge(others []db.Node, now time.Time) (apart bool) {
	seen := map[string]sighting{}
	for _, o := range others {
		s, known := n.seen[o.ID]
		if known && s.at != o.SeenAt {
			s.moved = now
		}
		s.at = o.SeenAt
		seen[o.ID] = s
		apart = apart || now.Sub(s.moved) < deadAfter && !(n.me.Relay && o.Relay)
	}
	n.seen = seen
	return apart
}
