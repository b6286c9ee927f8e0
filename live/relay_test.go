package live

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"charla/chat"
	"charla/live/natstest"
)

// member is a hub of a community of nodes, with its relay.
type member struct {
	*Hub
	relay *Relay
	stop  func() // says good-bye
}

// community starts n nodes on one library.
func community(t *testing.T, servers string, n int) ([]*member, *library) {
	l := newLibrary()
	var nodes []*member
	for range n {
		nodes = append(nodes, enlist(t, l, servers))
	}
	acquainted(t, nodes)
	return nodes, l
}

// acquainted waits until every node hears all others.
func acquainted(t *testing.T, nodes []*member) {
	t.Helper()
	for _, m := range nodes {
		eventually(t, "the nodes hear each other", func() bool { return m.relay.Connected() && m.Nodes() == len(nodes)-1 })
	}
}

func enlist(t *testing.T, l *library, servers string) *member {
	t.Helper()
	h := NewHub(l)
	relay, err := NewRelay(h, servers, "test")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	running, relaying := make(chan struct{}), make(chan struct{})
	go func() { defer close(running); h.Run(ctx) }()
	go func() { defer close(relaying); relay.Run(ctx) }()
	m := &member{Hub: h, relay: relay, stop: func() { h.Shutdown(); h.Wait(context.Background()); stop(); <-running; <-relaying }}
	t.Cleanup(m.stop)
	return m
}

func (m *member) count() int {
	_, n := m.Here()
	return n
}

// has waits until a reader has seen all these lines, in this order and no others.
func has(t *testing.T, r *reader, want []string) {
	t.Helper()
	eventually(t, "a reader has it all", func() bool { return len(r.seen("+")) >= len(want) })
	expect(t, "lines", r.seen("+"), want...)
}

func numbered(from, to int) (words []string) {
	for i := from; i <= to; i++ {
		words = append(words, fmt.Sprintf("+%d=m%d", i, i))
	}
	return words
}

func TestAPostOnOneNodeShowsOnAllWithoutTheDatabase(t *testing.T) {
	nodes, l := community(t, natstest.New(t).URL(), 3)
	var readers []*reader
	for i, m := range nodes {
		readers = append(readers, join(t, m.Hub, l, viewer(int64(i+1)), general, -1))
	}
	readings := l.read()
	for i := range 200 {
		nodes[0].Publish(l.post(general, 1, fmt.Sprint("m", i+1)))
	}
	for _, r := range readers {
		has(t, r, numbered(1, 200))
	}
	if l.read() != readings {
		t.Error("the database was read although nothing was missing")
	}
	for i := range 200 { // from all sides, so that hints overtake each other
		nodes[i%3].Publish(l.post(general, 1, fmt.Sprint("m", i+201)))
	}
	for _, r := range readers {
		has(t, r, numbered(1, 400))
	}
}

// What these nodes look at knows of no end, so that only a hint can tell.
func TestALogOutReachesOtherNodes(t *testing.T) {
	nodes, l := community(t, natstest.New(t).URL(), 2)
	out, stays := join(t, nodes[1].Hub, l, viewer(1), general, -1), join(t, nodes[1].Hub, l, viewer(2), general, -1)
	nodes[0].Publish(chat.SessionEnded{Session: 1})
	eventually(t, "the stream ends", func() bool { return len(out.done) > 0 })
	expect(t, "who logged out", out.seen("!"), fmt.Sprint("!", int(EndLogout)))
	expect(t, "who stays", stays.seen("!"))
}

func TestUnreadCountsReachOtherNodes(t *testing.T) {
	nodes, l := community(t, natstest.New(t).URL(), 2)
	ana, eve := join(t, nodes[1].Hub, l, viewer(1), chat.Topic{}, -1), join(t, nodes[1].Hub, l, viewer(3), chat.Topic{}, -1)
	eventually(t, "the first state", func() bool { return ana.states()+eve.states() == 2 })
	nodes[0].Publish(l.post(chat.Topic{Low: 1, High: 2}, 2, "hi"))
	eventually(t, "a message counts", func() bool { return ana.states() == 2 })
	nodes[0].Publish(chat.ReadMarked{User: 1, Room: 1002})
	eventually(t, "a read mark counts", func() bool { return ana.states() == 3 })
	if eve.states() != 1 {
		t.Error("somebody was told whom it does not concern")
	}
}

func TestPeopleOnSeveralNodesAreHereOnce(t *testing.T) {
	t.Parallel()
	nodes, l := community(t, natstest.New(t).URL(), 3)
	everywhere := func(what string, n int) {
		t.Helper()
		eventually(t, what, func() bool {
			return !slices.ContainsFunc(nodes, func(m *member) bool { return m.count() != n })
		})
	}
	ana := join(t, nodes[0].Hub, l, viewer(1), general, -1)
	join(t, nodes[1].Hub, l, viewer(2), general, -1)
	everywhere("both are here", 2)
	again := join(t, nodes[1].Hub, l, viewer(1), general, -1)
	join(t, nodes[2].Hub, l, viewer(3), general, -1)
	everywhere("all three are here", 3)
	if here, _ := nodes[2].Here(); len(here) != 3 {
		t.Errorf("listed: %v", here)
	}
	again.leave()
	late := enlist(t, l, nodes[0].relay.conn.ConnectedUrl())
	nodes = append(nodes, late)
	everywhere("who comes late learns it", 3)
	ana.leave()
	everywhere("ana is gone", 2)
	nodes[1].stop()
	nodes = []*member{nodes[0], nodes[2], late}
	everywhere("the people of a node that stopped are gone", 1)
}

// A node that dies says nothing: its connection is cut and it is no more.
func TestThePeopleOfADeadNodeAreGoneWithin15Seconds(t *testing.T) {
	t.Parallel()
	nodes, l := community(t, natstest.New(t).URL(), 2)
	join(t, nodes[0].Hub, l, viewer(1), general, -1)
	join(t, nodes[1].Hub, l, viewer(2), general, -1)
	eventually(t, "both are here", func() bool { return nodes[0].count() == 2 })
	start := time.Now()
	nodes[1].relay.conn.Close()
	eventually(t, "gone", func() bool { return nodes[0].count() == 1 })
	if took := time.Since(start); took > 15*time.Second || took < nodeLost-nodeBeat-time.Second {
		t.Errorf("took %v", took)
	}
}

func TestWithoutNATSNodesFindByLookingAndNothingComesTwice(t *testing.T) {
	t.Parallel()
	server := natstest.New(t)
	nodes, l := community(t, server.URL(), 2)
	r := join(t, nodes[1].Hub, l, viewer(1), general, -1)
	nodes[0].Publish(l.post(general, 2, "m1"))
	has(t, r, numbered(1, 1))
	server.Kill()
	start := time.Now()
	for i := 2; i <= 50; i++ {
		nodes[0].Publish(l.post(general, 2, fmt.Sprint("m", i)))
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("49 announcements took %v", took)
	}
	has(t, r, numbered(1, 50))
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("found after %v", took)
	}
	server.Start(t)
	for _, m := range nodes {
		eventually(t, "the nodes are connected again", m.relay.Connected) // and their subscriptions soon are
	}
	readings := l.read()
	for i := 51; i <= 60; i++ {
		nodes[0].Publish(l.post(general, 2, fmt.Sprint("m", i)))
	}
	has(t, r, numbered(1, 60))
	if l.read() > readings+1 {
		t.Error("hints do not come again")
	}
	eventually(t, "presence is back", func() bool { return nodes[0].count() == 1 })
}

func TestAClusterWorksOnWithoutOneServer(t *testing.T) {
	servers := natstest.Cluster(t, 3)
	nodes, l := community(t, natstest.URLs(servers), 3)
	readers := make([]*reader, len(nodes))
	for i, m := range nodes {
		readers[i] = join(t, m.Hub, l, viewer(int64(i+1)), general, -1)
	}
	used := nodes[0].relay.conn.ConnectedUrl()
	for _, s := range servers {
		if s.URL() == used {
			s.Kill()
		}
	}
	for _, m := range nodes {
		eventually(t, "the nodes found another server", func() bool {
			return m.relay.Connected() && m.relay.conn.ConnectedUrl() != used
		})
	}
	start := time.Now()
	eventually(t, "hints reach everybody", func() bool {
		readings := l.read()
		nodes[0].Publish(l.post(general, 1, "hello"))
		all := func() bool {
			return !slices.ContainsFunc(readers, func(r *reader) bool { return len(r.seen("+")) != len(l.lines(general)) })
		}
		for end := time.Now().Add(50 * time.Millisecond); time.Now().Before(end); <-time.After(time.Millisecond) {
			if all() {
				return l.read() == readings
			}
		}
		return false
	})
	t.Log("after", time.Since(start))
}

func TestPublishingNeverWaits(t *testing.T) {
	h := NewHub(newLibrary())
	relay, err := NewRelay(h, "nats://127.0.0.1:1", "test") // nobody is there, and nobody carries
	if err != nil {
		t.Fatal(err)
	}
	defer relay.conn.Close()
	for i := range 2 * maxOut {
		h.Publish(chat.SessionEnded{Session: int64(i)})
	}
	if n := relay.dropped.Load(); n != maxOut {
		t.Errorf("%d hints found no room", n)
	}
}

// Nodes of two versions work together: what a newer one adds does no harm, and a message of another form is read from
// the database.
func TestHintsOfOtherVersions(t *testing.T) {
	nodes, l := community(t, natstest.New(t).URL(), 1)
	h := nodes[0]
	r := join(t, h.Hub, l, viewer(1), general, -1)
	for _, useless := range []string{
		"", "{", "[]", `"x"`, "null", `{"v":1}`, `{"v":1,"kind":"dance","node":"n"}`, `{"v":1,"kind":"about","node":"n"}`,
		`{"v":2,"kind":"SessionEnded","node":"n","event":{"Session":1}}`, `{"v":1,"kind":"SessionEnded","node":"n","event":{"Session":1}}`,
		`{"v":1,"kind":"MessagePosted","node":"n","event":7}`, `{"v":"1"}`, `{"v":1,"kind":"about","node":"n","about":{"Parts":1,"Part":3}}`,
	} {
		h.relay.take([]byte(useless))
	}
	in, _ := hintOf(l.post(general, 2, "of another form"))
	in.Version, in.Node, in.Shape = hintVersion, "other", 1
	h.relay.take(marshal(in))
	has(t, r, []string{"+1=of another form"})
	in, _ = hintOf(l.post(general, 2, "with more"))
	in.Version, in.Node = hintVersion, "other"
	h.relay.take([]byte(strings.Replace(string(marshal(in)), "{", `{"new":[{"x":1}],`, 1)))
	has(t, r, []string{"+1=of another form", "+2=with more"})
	in, _ = hintOf(chat.SessionEnded{Session: 1})
	in.Version, in.Node = hintVersion, h.relay.name
	h.relay.take(marshal(in))
	expect(t, "its own hints mean nothing", r.seen("!"))
	in.Node = "other"
	h.relay.take(marshal(in))
	<-r.done
}

func TestAHintCarriesTheWholeEvent(t *testing.T) {
	m := chat.Message{ID: 1, Room: 2, Seq: 3, ChangedSeq: 4, AuthorID: 5, AuthorName: "Zoë <&>", Key: "k", Body: "a <b> & \u2028", HTML: "<p>a</p>",
		PostedAt: 6, EditedAt: 7, DeletedAt: 8, Leads: true, OpensDay: true}
	for _, e := range []chat.Event{
		chat.MessagePosted{Topic: general, Message: m}, chat.MessageChanged{Topic: chat.Topic{Low: 1, High: 2}, Message: m},
		chat.MemberJoined{Topic: general, Person: chat.Person{ID: 1, Name: "Ana"}, Seq: 9}, chat.SessionEnded{Session: 10},
	} {
		in, _ := hintOf(e)
		if got, ok := in.event(); !ok || got != e {
			t.Errorf("%+v came as %+v", e, got)
		}
	}
}

// Every event of package chat travels, but read marks, which travel together.
func TestEveryEventTravels(t *testing.T) {
	source, err := os.ReadFile("../chat/events.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^func \((?:\w+ )?(\w+)\) event\(\)`).FindAllStringSubmatch(string(source), -1)
	if len(found) < 5 {
		t.Fatalf("found %v", found)
	}
	for _, f := range found {
		if _, ok := kinds[f[1]]; !ok && f[1] != "ReadMarked" {
			t.Errorf("%s does not travel: it belongs in kinds", f[1])
		}
	}
}
