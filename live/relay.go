package live

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"charla/chat"
)

// Relay connects a hub to the hubs of the other nodes over NATS. A node that misses a message reads the same change
// from the database. Therefore the relay never waits for the network, and it drops messages when a queue is full.
type Relay struct {
	hub           *Hub
	nodeName      string // random, new at each start
	subjectPrefix string // the start of all subjects of this community
	conn          *nats.Conn
	subscription  *nats.Subscription
	incoming      chan *nats.Msg
	outgoing      chan chat.Event

	// These channels have a capacity of 1 and wake sendLoop.
	reconnected       chan struct{} // a NATS server was connected, so that other nodes may have changed
	presenceChanged   chan struct{} // users came online or went offline on this node
	presenceRequested chan struct{} // another node requested all users of this node

	sent, received, notConnected atomic.Int64 // messages
	dropped                      atomic.Int64 // events that were dropped because outgoing was full
	droppedLogged                int64        // the value of dropped that was last logged; used only by sendLoop
}

const (
	maxOutgoing = 4096 // events that wait for the network
	maxIncoming = 4096 // messages that wait for the hub
	// announceDelay is how long the relay waits after a user came online or went offline, so that one announcement
	// covers several users.
	announceDelay             = 20 * time.Millisecond
	maxReadersPerAnnouncement = 1000
	shutdownTimeout           = time.Second
	// natsPingInterval is how often the relay checks that its NATS server answers. If two checks in a row get no
	// answer, the relay connects to another server.
	natsPingInterval = 2 * time.Second
)

// NewRelay connects hub to the other nodes of a community. The parameter community is a secret that all these nodes
// share. The parameter servers is a list of the URLs of one NATS cluster, separated by commas; the relay keeps trying
// until one of them answers. Call NewRelay before the first stream is opened.
func NewRelay(hub *Hub, servers, community string) (*Relay, error) {
	r := &Relay{
		hub: hub, nodeName: rand.Text(), subjectPrefix: "charla." + community + ".",
		incoming: make(chan *nats.Msg, maxIncoming), outgoing: make(chan chat.Event, maxOutgoing),
		reconnected: make(chan struct{}, 1), presenceChanged: make(chan struct{}, 1),
		presenceRequested: make(chan struct{}, 1),
	}
	conn, err := nats.Connect(servers,
		nats.Name("charla "+r.nodeName), nats.NoEcho(),
		nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true), nats.ReconnectWait(500*time.Millisecond),
		nats.IgnoreAuthErrorAbort(),
		nats.ReconnectBufSize(-1), // because messages from before a reconnect are useless
		nats.PingInterval(natsPingInterval), nats.FlusherTimeout(natsPingInterval),
		nats.ConnectHandler(r.onConnect), nats.ReconnectHandler(r.onConnect), nats.DisconnectErrHandler(r.onDisconnect),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			slog.Warn("relay failed", "error", err)
		}))
	if err != nil {
		return nil, err
	}
	r.conn = conn
	if r.subscription, err = conn.ChanSubscribe(r.subjectPrefix+">", r.incoming); err != nil {
		conn.Close()
		return nil, err
	}
	hub.mu.Lock()
	defer hub.mu.Unlock()
	hub.relay = r
	return r, nil
}

func (r *Relay) onConnect(c *nats.Conn) {
	slog.Info("relay connected", "server", c.ConnectedUrlRedacted())
	signal(r.reconnected)
}

func (r *Relay) onDisconnect(_ *nats.Conn, err error) {
	if err != nil {
		slog.Warn("relay disconnected, polling the database for changes of other nodes", "error", err)
	}
}

// Connected reports whether the relay is connected to a NATS server now.
func (r *Relay) Connected() bool { return r.conn.IsConnected() }

// enqueue queues an event for the other nodes. It never blocks. Without NATS, r is nil and enqueue drops the event.
func (r *Relay) enqueue(e chat.Event) {
	if r == nil {
		return
	}
	select {
	case r.outgoing <- e:
	default:
		r.dropped.Add(1)
	}
}

// announceSoon makes the relay announce soon to the other nodes which users came online or went offline on this node.
func (r *Relay) announceSoon() { signal(r.presenceChanged) }

// Run sends and receives messages until ctx ends, then announces that this node shuts down. It may be called once.
func (r *Relay) Run(ctx context.Context) {
	var receiver sync.WaitGroup
	receiver.Go(func() { r.receiveLoop(ctx) })
	r.sendLoop(ctx)
	receiver.Wait()
	if r.Connected() {
		r.publish(relayMessage{Kind: kindShutdown})
		r.conn.FlushTimeout(shutdownTimeout)
	}
	r.conn.Close()
}

// sendLoop sends queued events. It also sends announcements about the users of this node, soon after a change and at
// every announceInterval.
func (r *Relay) sendLoop(ctx context.Context) {
	ticker := time.NewTicker(announceInterval)
	defer ticker.Stop()
	var (
		readers  = map[int64]bool{} // users who read something since the last announcement
		whole    bool               // the next announcement must contain all users
		announce <-chan time.Time   // nil while there is nothing to announce
	)
	for {
		select {
		case <-ctx.Done():
			r.sendRemaining()
			return
		case e := <-r.outgoing:
			moved, ok := e.(chat.ReadMarkerMoved)
			if !ok {
				r.sendEvent(e)
				continue
			}
			if len(readers) < maxReadersPerAnnouncement {
				readers[moved.User] = true
			}
		case <-r.reconnected:
			r.publish(relayMessage{Kind: kindPresenceRequest})
		case <-r.presenceChanged:
		case <-r.presenceRequested:
			whole = true
		case <-announce:
			r.announce(whole, readers)
			whole, announce = false, nil
			continue
		case now := <-ticker.C:
			r.hub.removeLostNodes(now)
			r.logDropped()
		}
		if announce == nil {
			announce = time.After(announceDelay)
		}
	}
}

// sendRemaining sends the events that are still queued when the node shuts down.
func (r *Relay) sendRemaining() {
	for len(r.outgoing) > 0 {
		r.sendEvent(<-r.outgoing)
	}
}

func (r *Relay) sendEvent(e chat.Event) {
	recoverPanic("send relay message", func() {
		if m, ok := newRelayMessage(e); ok {
			r.publish(m)
		}
	})
}

// announce tells the other nodes which users are online on this node: all of them if whole is true, otherwise only what
// has changed. It also tells them which users have read messages, which are the keys of readers, and empties readers.
func (r *Relay) announce(whole bool, readers map[int64]bool) {
	announcements := r.hub.takeAnnouncements(whole)
	announcements[0].ReadBy = slices.Collect(maps.Keys(readers))
	clear(readers)
	for _, a := range announcements {
		r.publish(relayMessage{Kind: kindPresence, Presence: &a})
	}
}

// publish sends a message to the other nodes through NATS. If no NATS server is connected, the message is lost.
func (r *Relay) publish(m relayMessage) {
	m.Version, m.Node = relayVersion, r.nodeName
	if err := r.conn.Publish(r.subjectPrefix+m.subject(), MarshalJSON(m)); err != nil {
		r.notConnected.Add(1)
		return
	}
	r.sent.Add(1)
}

// logDropped logs how many events were dropped since its last log line.
func (r *Relay) logDropped() {
	if n := r.dropped.Load(); n > r.droppedLogged {
		slog.Warn("relay queue full, other nodes must poll for changes", "dropped", n-r.droppedLogged)
		r.droppedLogged = n
	}
}

func (r *Relay) receiveLoop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-r.incoming:
			r.received.Add(1)
			recoverPanic("handle relay message", func() { r.handle(m.Data) })
		}
	}
}

// handle processes a message from another node. It ignores messages that it cannot decode.
func (r *Relay) handle(data []byte) {
	var m relayMessage
	if json.Unmarshal(data, &m) != nil || m.Version > relayVersion || m.Node == r.nodeName {
		return
	}
	switch m.Kind {
	case kindPresence:
		if m.Presence != nil && r.hub.applyAnnouncement(m.Node, *m.Presence) {
			r.publish(relayMessage{Kind: kindPresenceRequest, To: m.Node})
		}
	case kindPresenceRequest:
		if m.To == r.nodeName || m.To == "" {
			signal(r.presenceRequested)
		}
	case kindShutdown:
		r.hub.removeNode(m.Node)
	default:
		if e, ok := m.decodeEvent(); ok {
			r.hub.dispatch(e)
		} else if m.Key != nil {
			r.hub.noteRemoteSeq(*m.Key, chat.RoomSeq{Room: m.Room, LastSeq: m.Seq})
		}
	}
}
