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

// newRelay joins the hub to other nodes over NATS, if there is to be any. A community is known by a secret in its database.
func newRelay(ctx context.Context, c config, service *chat.Service, hub *live.Hub) (*live.Relay, error) {
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
	heartbeatInterval = 3 * time.Second
	peerTimeout       = 4 * heartbeatInterval
	logEvery          = time.Minute
)

// peerState is when a node said that it was seen, and when we found that changed.
type peerState struct {
	seenAt    chat.Timestamp
	changedAt time.Time
}

// peerMonitor watches for nodes that share the database and not the hints.
type peerMonitor struct {
	store       *db.Store
	self        db.Node
	peers       map[string]peerState
	lastLogged  time.Time
	unreachable atomic.Bool
}

const unreachableNotice = "other nodes share this database and NATS does not join all of them: what one does, others see seconds later, and who is here is wrong. Set NATS_URL on every node"

// notice is for /readyz.
func (n *peerMonitor) notice() string {
	if n.unreachable.Load() {
		return unreachableNotice
	}
	return ""
}

// run looks until ctx ends, and takes leave.
func (n *peerMonitor) run(ctx context.Context) {
	chat.Every(ctx, heartbeatInterval, func() { n.poll(ctx) })
	if err := n.store.DeleteNode(context.WithoutCancel(ctx), n.self.ID); err != nil {
		slog.Warn("leave not taken", "error", err)
	}
}

func (n *peerMonitor) poll(ctx context.Context) {
	now := time.Now()
	n.self.SeenAt = chat.TimestampOf(now)
	others, err := n.store.Heartbeat(ctx, n.self)
	if err != nil {
		slog.Warn("other nodes not looked for", "error", err)
		return
	}
	n.unreachable.Store(n.hasUnreachablePeer(others, now))
	if n.unreachable.Load() && now.Sub(n.lastLogged) >= logEvery {
		n.lastLogged = now
		slog.Error(unreachableNotice)
	}
}

// hasUnreachablePeer tells whether hints fail to reach some other node that lives. One lives that was seen at another time than at
// earlier looks: no clock is compared with that of another machine.
func (n *peerMonitor) hasUnreachablePeer(others []db.Node, now time.Time) (apart bool) {
	seen := map[string]peerState{}
	for _, o := range others {
		s, known := n.peers[o.ID]
		if known && s.seenAt != o.SeenAt {
			s.changedAt = now
		}
		s.seenAt = o.SeenAt
		seen[o.ID] = s
		apart = apart || now.Sub(s.changedAt) < peerTimeout && !(n.self.HasRelay && o.HasRelay)
	}
	n.peers = seen
	return apart
}
