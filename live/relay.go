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
	hub    *Hub
	name   string     // of this node, new at each start
	prefix string     // of all subjects of this community
	conn   *nats.Conn // set before Run
	in     chan *nats.Msg
	out    chan chat.Event
	joined chan struct{}      // one slot: there is a server again, and others who may have gone on meanwhile
	news   chan struct{}      // one slot: the people of this node changed
	asked  chan struct{}      // one slot: somebody missed something about them
	hears  *nats.Subscription // set before Run

	sent, received, cutOff atomic.Int64 // hints
	dropped                atomic.Int64 // hints that found no room in out
	told                   int64        // how many of those the log knows of; for talk alone
}

const (
	maxOut   = 4096                  // hints that wait for the network
	maxIn    = 4096                  // hints that wait for the hub
	gather   = 20 * time.Millisecond // comings, goings and read marks wait for others to join them
	maxRead  = 1000                  // read marks in one hint
	sayBye   = time.Second
	pingNATS = 2 * time.Second // a server that does not answer twice is left for another
)

// NewRelay joins hub to the nodes of one community, known by a secret that they share, over the servers of one NATS
// cluster, separated by commas. Call it before the first stream. The servers need not answer yet: the relay tries until
// they do.
func NewRelay(hub *Hub, servers, community string) (*Relay, error) {
	r := &Relay{
		hub: hub, name: rand.Text(), prefix: "charla." + community + ".",
		in: make(chan *nats.Msg, maxIn), out: make(chan chat.Event, maxOut),
		joined: make(chan struct{}, 1), news: make(chan struct{}, 1), asked: make(chan struct{}, 1),
	}
	conn, err := nats.Connect(servers,
		nats.Name("charla "+r.name), nats.NoEcho(),
		nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true), nats.ReconnectWait(500*time.Millisecond), nats.IgnoreAuthErrorAbort(),
		nats.ReconnectBufSize(-1), // hints that are late are no use
		nats.PingInterval(pingNATS), nats.FlusherTimeout(pingNATS),
		nats.ConnectHandler(r.connected), nats.ReconnectHandler(r.connected), nats.DisconnectErrHandler(r.disconnected),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { slog.Warn("relay", "error", err) }))
	if err != nil {
		return nil, err
	}
	r.conn = conn
	if r.hears, err = conn.ChanSubscribe(r.prefix+">", r.in); err != nil {
		conn.Close()
		return nil, err
	}
	hub.mu.Lock()
	defer hub.mu.Unlock()
	hub.relay = r
	return r, nil
}

func (r *Relay) connected(c *nats.Conn) {
	slog.Info("relay connected", "server", c.ConnectedUrlRedacted())
	knock(r.joined)
}

func (r *Relay) disconnected(_ *nats.Conn, err error) {
	if err != nil {
		slog.Warn("relay cut off: what other nodes do is found by looking", "error", err)
	}
}

// Connected tells whether hints reach a NATS server now.
func (r *Relay) Connected() bool { return r.conn.IsConnected() }

// send queues an event for the other nodes. It never waits. A nil relay has no other nodes.
func (r *Relay) send(e chat.Event) {
	if r == nil {
		return
	}
	select {
	case r.out <- e:
	default:
		r.dropped.Add(1)
	}
}

// soon asks for the other nodes to be told who is here.
func (r *Relay) soon() { knock(r.news) }

func knock(door chan struct{}) {
	select {
	case door <- struct{}{}:
	default:
	}
}

// Run carries hints until ctx ends, then says good-bye. It runs once.
func (r *Relay) Run(ctx context.Context) {
	var work sync.WaitGroup
	work.Go(func() { r.listen(ctx) })
	r.talk(ctx)
	work.Wait()
	if r.Connected() {
		r.tell(hint{Kind: kindBye})
		r.conn.FlushTimeout(sayBye)
	}
	r.conn.Close()
}

// talk tells the other nodes what is queued, and about this node: soon after something changed, and at every beat.
func (r *Relay) talk(ctx context.Context) {
	beat := time.NewTicker(nodeBeat)
	defer beat.Stop()
	var (
		read  = map[int64]bool{}
		whole bool
		due   <-chan time.Time // nil while nothing waits to be told
	)
	for {
		select {
		case <-ctx.Done():
			r.rest()
			return
		case e := <-r.out:
			mark, ok := e.(chat.ReadMarked)
			if !ok {
				r.pass(e)
				continue
			}
			if len(read) < maxRead {
				read[mark.User] = true
			}
		case <-r.joined:
			r.tell(hint{Kind: kindAsk})
		case <-r.news:
		case <-r.asked:
			whole = true
		case <-due:
			r.about(whole, read)
			whole, due = false, nil
			continue
		case now := <-beat.C:
			r.hub.forget(now)
			r.lost()
		}
		if due == nil {
			due = time.After(gather)
		}
	}
}

// rest passes on what is queued at the end.
func (r *Relay) rest() {
	for len(r.out) > 0 {
		r.pass(<-r.out)
	}
}

func (r *Relay) pass(e chat.Event) {
	guard("hint", func() {
		if in, travels := hintOf(e); travels {
			r.tell(in)
		}
	})
}

// about tells of this node and empties read.
func (r *Relay) about(whole bool, read map[int64]bool) {
	list := r.hub.report(whole)
	list[0].Read = slices.Collect(maps.Keys(read))
	clear(read)
	for _, b := range list {
		r.tell(hint{Kind: kindAbout, About: &b})
	}
}

// tell hands a hint to the network. Without a connection it is gone.
func (r *Relay) tell(in hint) {
	in.Version, in.Node = hintVersion, r.name
	if r.conn.Publish(r.prefix+in.subject(), marshal(in)) == nil {
		r.sent.Add(1)
	} else {
		r.cutOff.Add(1)
	}
}

func (r *Relay) lost() {
	if n := r.dropped.Load(); n > r.told {
		slog.Warn("relay too slow: other nodes find by looking", "dropped", n-r.told)
		r.told = n
	}
}

func (r *Relay) listen(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-r.in:
			r.received.Add(1)
			guard("hint", func() { r.take(m.Data) })
		}
	}
}

// take acts on what another node tells. What it cannot read is left alone.
func (r *Relay) take(data []byte) {
	var in hint
	if json.Unmarshal(data, &in) != nil || in.Version > hintVersion || in.Node == r.name {
		return
	}
	switch in.Kind {
	case kindAbout:
		if in.About != nil && r.hub.hear(in.Node, *in.About) {
			r.tell(hint{Kind: kindAsk, To: in.Node})
		}
	case kindAsk:
		if in.To == r.name || in.To == "" {
			knock(r.asked)
		}
	case kindBye:
		r.hub.farewell(in.Node)
	default:
		if e, ok := in.event(); ok {
			r.hub.happen(e)
		} else if in.At != nil {
			r.hub.rumour(*in.At, chat.RoomSeq{Room: in.Room, LastSeq: in.Seq})
		}
	}
}
