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

// Relay joins a hub to those of the other nodes over NATS. Everything it carries is a hint: a node that misses one finds
// it in the database. So nothing here waits for the network, and what finds no room is dropped.
type Relay struct {
	hub               *Hub
	nodeName          string     // of this node, new at each start
	subjectPrefix     string     // of all subjects of this community
	conn              *nats.Conn // set before Run
	incoming          chan *nats.Msg
	outgoing          chan chat.Event
	reconnected       chan struct{}      // one slot: there is a server again, and others who may have gone on meanwhile
	presenceChanged   chan struct{}      // one slot: the people of this node changed
	presenceRequested chan struct{}      // one slot: somebody missed something about them
	subscription      *nats.Subscription // set before Run

	sent, received, notConnected atomic.Int64 // hints
	dropped                      atomic.Int64 // hints that found no room in out
	droppedLogged                int64        // how many of those the log knows of; for talk alone
}

const (
	maxOutgoing               = 4096                  // hints that wait for the network
	maxIncoming               = 4096                  // hints that wait for the hub
	announceDelay             = 20 * time.Millisecond // comings, goings and read marks wait for others to join them
	maxReadersPerAnnouncement = 1000                  // read marks in one hint
	shutdownTimeout           = time.Second
	natsPingInterval          = 2 * time.Second // a server that does not answer twice is left for another
)

// NewRelay joins hub to the nodes of one community, known by a secret that they share, over the servers of one NATS
// cluster, separated by commas. Call it before the first stream. The servers need not answer yet: the relay tries until
// they do.
func NewRelay(hub *Hub, servers, community string) (*Relay, error) {
	r := &Relay{
		hub: hub, nodeName: rand.Text(), subjectPrefix: "charla." + community + ".",
		incoming: make(chan *nats.Msg, maxIncoming), outgoing: make(chan chat.Event, maxOutgoing),
		reconnected: make(chan struct{}, 1), presenceChanged: make(chan struct{}, 1), presenceRequested: make(chan struct{}, 1),
	}
	conn, err := nats.Connect(servers,
		nats.Name("charla "+r.nodeName), nats.NoEcho(),
		nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true), nats.ReconnectWait(500*time.Millisecond), nats.IgnoreAuthErrorAbort(),
		nats.ReconnectBufSize(-1), // hints that are late are no use
		nats.PingInterval(natsPingInterval), nats.FlusherTimeout(natsPingInterval),
		nats.ConnectHandler(r.onConnect), nats.ReconnectHandler(r.onConnect), nats.DisconnectErrHandler(r.onDisconnect),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { slog.Warn("relay", "error", err) }))
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
		slog.Warn("relay cut off: what other nodes do is found by looking", "error", err)
	}
}

// Connected tells whether hints reach a NATS server now.
func (r *Relay) Connected() bool { return r.conn.IsConnected() }

// enqueue queues an event for the other nodes. It never waits. A nil relay has no other nodes.
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

// announceSoon asks for the other nodes to be told who is here.
func (r *Relay) announceSoon() { signal(r.presenceChanged) }

func signal(door chan struct{}) {
	select {
	case door <- struct{}{}:
	default:
	}
}

// Run carries hints until ctx ends, then says good-bye. It runs once.
func (r *Relay) Run(ctx context.Context) {
	var work sync.WaitGroup
	work.Go(func() { r.receiveLoop(ctx) })
	r.sendLoop(ctx)
	work.Wait()
	if r.Connected() {
		r.publish(relayMessage{Kind: kindShutdown})
		r.conn.FlushTimeout(shutdownTimeout)
	}
	r.conn.Close()
}

// sendLoop tells the other nodes what is queued, and about this node: soon after something changed, and at every beat.
func (r *Relay) sendLoop(ctx context.Context) {
	beat := time.NewTicker(announceInterval)
	defer beat.Stop()
	var (
		read  = map[int64]bool{}
		whole bool
		due   <-chan time.Time // nil while nothing waits to be told
	)
	for {
		select {
		case <-ctx.Done():
			r.sendRemaining()
			return
		case e := <-r.outgoing:
			mark, ok := e.(chat.ReadMarkerMoved)
			if !ok {
				r.sendEvent(e)
				continue
			}
			if len(read) < maxReadersPerAnnouncement {
				read[mark.User] = true
			}
		case <-r.reconnected:
			r.publish(relayMessage{Kind: kindPresenceRequest})
		case <-r.presenceChanged:
		case <-r.presenceRequested:
			whole = true
		case <-due:
			r.announce(whole, read)
			whole, due = false, nil
			continue
		case now := <-beat.C:
			r.hub.removeLostNodes(now)
			r.logDropped()
		}
		if due == nil {
			due = time.After(announceDelay)
		}
	}
}

// sendRemaining passes on what is queued at the end.
func (r *Relay) sendRemaining() {
	for len(r.outgoing) > 0 {
		r.sendEvent(<-r.outgoing)
	}
}

func (r *Relay) sendEvent(e chat.Event) {
	recoverPanic("hint", func() {
		if in, travels := newRelayMessage(e); travels {
			r.publish(in)
		}
	})
}

// announce tells of this node and empties read.
func (r *Relay) announce(whole bool, read map[int64]bool) {
	list := r.hub.takeAnnouncements(whole)
	list[0].ReadBy = slices.Collect(maps.Keys(read))
	clear(read)
	for _, b := range list {
		r.publish(relayMessage{Kind: kindPresence, Presence: &b})
	}
}

// publish hands a hint to the network. Without a connection it is gone.
func (r *Relay) publish(in relayMessage) {
	in.Version, in.Node = relayVersion, r.nodeName
	if r.conn.Publish(r.subjectPrefix+in.subject(), marshalJSON(in)) == nil {
		r.sent.Add(1)
	} else {
		r.notConnected.Add(1)
	}
}

func (r *Relay) logDropped() {
	if n := r.dropped.Load(); n > r.droppedLogged {
		slog.Warn("relay too slow: other nodes find by looking", "dropped", n-r.droppedLogged)
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
			recoverPanic("hint", func() { r.handle(m.Data) })
		}
	}
}

// drain acts on what another node tells. What it cannot read is left alone.
func (r *Relay) handle(data []byte) {
	var in relayMessage
	if json.Unmarshal(data, &in) != nil || in.Version > relayVersion || in.Node == r.nodeName {
		return
	}
	switch in.Kind {
	case kindPresence:
		if in.Presence != nil && r.hub.applyAnnouncement(in.Node, *in.Presence) {
			r.publish(relayMessage{Kind: kindPresenceRequest, To: in.Node})
		}
	case kindPresenceRequest:
		if in.To == r.nodeName || in.To == "" {
			signal(r.presenceRequested)
		}
	case kindShutdown:
		r.hub.removeNode(in.Node)
	default:
		if e, ok := in.decodeEvent(); ok {
			r.hub.dispatch(e)
		} else if in.Key != nil {
			r.hub.noteRemoteSeq(*in.Key, chat.RoomSeq{Room: in.Room, LastSeq: in.Seq})
		}
	}
}
