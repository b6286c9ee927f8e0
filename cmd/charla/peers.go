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

// newRelay connects this node to the other nodes over NATS, so that their hubs exchange events. It returns nil if
// NATS_URL is not set. The name of the NATS subject is derived from a secret in the database, so that only nodes with
// the same database use it.
func newRelay(ctx context.Context, c config, service *chat.Service, hub *live.Hub) (*live.Relay, error) {
	if c.natsURL == "" {
		if c.databaseURL != "" {
			slog.Info("this node runs alone: to run several nodes on one database, set NATS_URL on each")
		}
		return nil, nil
	}
	secret, err := service.Secret(ctx, "relay")
	if err != nil {
		return nil, err
	}
	relay, err := live.NewRelay(hub, c.natsURL, hex.EncodeToString(secret[:12]))
	if err != nil {
		return nil, fmt.Errorf("NATS_URL: %w", err)
	}
	return relay, nil
}

const (
	heartbeatInterval = 3 * time.Second
	peerTimeout       = 4 * heartbeatInterval
	logInterval       = time.Minute // how often a lasting fault is logged
	nodeRetention     = time.Hour   // after which a silent node is deleted from the database
	maxPeers          = 100         // other nodes that are read at each heartbeat
)

// peerState says when another node wrote its last heartbeat.
type peerState struct {
	seenAt    chat.Timestamp // by the clock of that node
	changedAt time.Time      // when this node first saw seenAt, by its own clock
}

// peerMonitor writes heartbeats (signs of life) of this node into the database and reads the heartbeats of other nodes.
// It warns if nodes share the database but are not connected over NATS.
type peerMonitor struct {
	store       *db.Store
	disk        *diskMonitor // learns whether heartbeats can be written
	self        db.Node
	peers       map[string]peerState
	lastLogged  time.Time
	unreachable atomic.Bool
}

const unreachableWarning = "other nodes share this database, but NATS does not connect all of them: " +
	"changes made on one node appear on the others seconds later, and who is online is wrong. " +
	"Set NATS_URL on every node"

// warning returns the text that /readyz shows: unreachableWarning, or an empty string if NATS connects all nodes.
func (m *peerMonitor) warning() string {
	if m.unreachable.Load() {
		return unreachableWarning
	}
	return ""
}

// run writes and reads heartbeats regularly until ctx is done. Then it removes this node from the database.
func (m *peerMonitor) run(ctx context.Context) {
	chat.Every(ctx, heartbeatInterval, func() { m.poll(ctx) })
	if err := m.store.DeleteNode(context.WithoutCancel(ctx), m.self.ID); err != nil {
		slog.Warn("remove node from database failed", "error", err)
	}
}

func (m *peerMonitor) poll(ctx context.Context) {
	now := time.Now()
	m.self.SeenAt = chat.TimestampOf(now)
	others, err := m.store.Heartbeat(ctx, m.self, chat.TimestampOf(now.Add(-nodeRetention)), maxPeers)
	m.disk.recordTx(err)
	if err != nil {
		slog.Warn("heartbeat failed", "error", err)
		return
	}
	m.unreachable.Store(m.hasUnreachablePeer(others, now))
	if m.unreachable.Load() && now.Sub(m.lastLogged) >= logInterval {
		m.lastLogged = now
		slog.Error(unreachableWarning)
	}
}

// hasUnreachablePeer reports whether another node is running that NATS does not connect to this one, because one of the
// two does not use NATS. A node counts as running if its heartbeat changed within the last peerTimeout. This node's own
// clock measures that time, because the clocks of two machines may differ.
func (m *peerMonitor) hasUnreachablePeer(others []db.Node, now time.Time) bool {
	peers, found := map[string]peerState{}, false
	for _, other := range others {
		state, known := m.peers[other.ID]
		if known && state.seenAt != other.SeenAt {
			state.changedAt = now
		}
		state.seenAt = other.SeenAt
		peers[other.ID] = state
		running, connected := now.Sub(state.changedAt) < peerTimeout, m.self.HasRelay && other.HasRelay
		found = found || running && !connected
	}
	m.peers = peers
	return found
}
