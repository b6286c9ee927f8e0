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

// testNode is a hub of a community of nodes, with its relay.
type testNode struct {
	*Hub
	relay *Relay
	stop  func() // says good-bye
}

// startNodes starts n nodes on one library.
func startNodes(t *testing.T, servers string, n int) ([]*testNode, *fakeSource) {
	l := newFakeSource()
	var nodes []*testNode
	for range n {
		nodes = append(nodes, startNode(t, l, servers))
	}
	waitForPeers(t, nodes)
	return nodes, l
}

// waitForPeers waits until every node hears all others.
func waitForPeers(t *testing.T, nodes []*testNode) {
	t.Helper()
	for _, m := range nodes {
		eventually(t, "the nodes hear each other", func() bool { return m.relay.Connected() && m.RemoteNodeCount() == len(nodes)-1 })
	}
}

func startNode(t *testing.T, l *fakeSource, servers string) *testNode {
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
	m := &testNode{Hub: h, relay: relay, stop: func() { h.Shutdown(); h.Wait(context.Background()); stop(); <-running; <-relaying }}
	t.Cleanup(m.stop)
	return m
}

func (m *testNode) onlineCount() int {
	_, n := m.OnlineUsers()
	return n
}

// expectLines waits until a reader has seen all these lines, in this order and no others.
func expectLines(t *testing.T, r *streamReader, want []string) {
	t.Helper()
	eventually(t, "a reader has it all", func() bool { return len(r.received("+")) >= len(want) })
	expect(t, "lines", r.received("+"), want...)
}

func numberedLines(from, to int) (words []string) {
	for i := from; i <= to; i++ {
		words = append(words, fmt.Sprintf("+%d=m%d", i, i))
	}
	return words
}

func TestPostReachesAllNodesWithoutDatabaseReads(t *testing.T) {
	nodes, l := startNodes(t, natstest.New(t).URL(), 3)
	var readers []*streamReader
	for i, m := range nodes {
		readers = append(readers, openStream(t, m.Hub, l, viewer(int64(i+1)), general, -1))
	}
	readings := l.readCount()
	for i := range 200 {
		nodes[0].Publish(l.post(general, 1, fmt.Sprint("m", i+1)))
	}
	for _, r := range readers {
		expectLines(t, r, numberedLines(1, 200))
	}
	if l.readCount() != readings {
		t.Error("the database was read although nothing was missing")
	}
	for i := range 200 { // from all sides, so that hints overtake each other
		nodes[i%3].Publish(l.post(general, 1, fmt.Sprint("m", i+201)))
	}
	for _, r := range readers {
		expectLines(t, r, numberedLines(1, 400))
	}
}

// What these nodes look at knows of no end, so that only a hint can tell.
func TestLogoutReachesOtherNodes(t *testing.T) {
	nodes, l := startNodes(t, natstest.New(t).URL(), 2)
	out, stays := openStream(t, nodes[1].Hub, l, viewer(1), general, -1), openStream(t, nodes[1].Hub, l, viewer(2), general, -1)
	nodes[0].Publish(chat.SessionEnded{Session: 1})
	eventually(t, "the stream ends", func() bool { return len(out.done) > 0 })
	expect(t, "who logged out", out.received("!"), fmt.Sprint("!", int(EndLogout)))
	expect(t, "who stays", stays.received("!"))
}

func TestUnreadCountsReachOtherNodes(t *testing.T) {
	nodes, l := startNodes(t, natstest.New(t).URL(), 2)
	ana, eve := openStream(t, nodes[1].Hub, l, viewer(1), chat.StreamKey{}, -1), openStream(t, nodes[1].Hub, l, viewer(3), chat.StreamKey{}, -1)
	eventually(t, "the first state", func() bool { return ana.stateCount()+eve.stateCount() == 2 })
	nodes[0].Publish(l.post(chat.StreamKey{Low: 1, High: 2}, 2, "hi"))
	eventually(t, "a message counts", func() bool { return ana.stateCount() == 2 })
	nodes[0].Publish(chat.ReadMarkerMoved{User: 1, Room: 1002})
	eventually(t, "a read mark counts", func() bool { return ana.stateCount() == 3 })
	if eve.stateCount() != 1 {
		t.Error("somebody was told whom it does not concern")
	}
}

func TestUserOnSeveralNodesIsOnlineOnce(t *testing.T) {
	t.Parallel()
	nodes, l := startNodes(t, natstest.New(t).URL(), 3)
	everywhere := func(what string, n int) {
		t.Helper()
		eventually(t, what, func() bool {
			return !slices.ContainsFunc(nodes, func(m *testNode) bool { return m.onlineCount() != n })
		})
	}
	ana := openStream(t, nodes[0].Hub, l, viewer(1), general, -1)
	openStream(t, nodes[1].Hub, l, viewer(2), general, -1)
	everywhere("both are here", 2)
	again := openStream(t, nodes[1].Hub, l, viewer(1), general, -1)
	openStream(t, nodes[2].Hub, l, viewer(3), general, -1)
	everywhere("all three are here", 3)
	if here, _ := nodes[2].OnlineUsers(); len(here) != 3 {
		t.Errorf("listed: %v", here)
	}
	again.disconnect()
	late := startNode(t, l, nodes[0].relay.conn.ConnectedUrl())
	nodes = append(nodes, late)
	everywhere("who comes late learns it", 3)
	ana.disconnect()
	everywhere("ana is gone", 2)
	nodes[1].stop()
	nodes = []*testNode{nodes[0], nodes[2], late}
	everywhere("the people of a node that stopped are gone", 1)
}

// A node that dies says nothing: its connection is cut and it is no more.
func TestUsersOfDeadNodeGoOfflineWithin15Seconds(t *testing.T) {
	t.Parallel()
	nodes, l := startNodes(t, natstest.New(t).URL(), 2)
	openStream(t, nodes[0].Hub, l, viewer(1), general, -1)
	openStream(t, nodes[1].Hub, l, viewer(2), general, -1)
	eventually(t, "both are here", func() bool { return nodes[0].onlineCount() == 2 })
	start := time.Now()
	nodes[1].relay.conn.Close()
	eventually(t, "gone", func() bool { return nodes[0].onlineCount() == 1 })
	if took := time.Since(start); took > 15*time.Second || took < nodeTimeout-announceInterval-time.Second {
		t.Errorf("took %v", took)
	}
}

func TestWithoutNATSChangesAreFoundByPollingOnce(t *testing.T) {
	t.Parallel()
	server := natstest.New(t)
	nodes, l := startNodes(t, server.URL(), 2)
	r := openStream(t, nodes[1].Hub, l, viewer(1), general, -1)
	nodes[0].Publish(l.post(general, 2, "m1"))
	expectLines(t, r, numberedLines(1, 1))
	server.Kill()
	start := time.Now()
	for i := 2; i <= 50; i++ {
		nodes[0].Publish(l.post(general, 2, fmt.Sprint("m", i)))
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("49 announcements took %v", took)
	}
	expectLines(t, r, numberedLines(1, 50))
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("found after %v", took)
	}
	server.Start(t)
	for _, m := range nodes {
		eventually(t, "the nodes are connected again", m.relay.Connected) // and their subscriptions soon are
	}
	readings := l.readCount()
	for i := 51; i <= 60; i++ {
		nodes[0].Publish(l.post(general, 2, fmt.Sprint("m", i)))
	}
	expectLines(t, r, numberedLines(1, 60))
	if l.readCount() > readings+1 {
		t.Error("hints do not come again")
	}
	eventually(t, "presence is back", func() bool { return nodes[0].onlineCount() == 1 })
}

func TestClusterSurvivesLossOfOneServer(t *testing.T) {
	servers := natstest.Cluster(t, 3)
	nodes, l := startNodes(t, natstest.URLs(servers), 3)
	readers := make([]*streamReader, len(nodes))
	for i, m := range nodes {
		readers[i] = openStream(t, m.Hub, l, viewer(int64(i+1)), general, -1)
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
		readings := l.readCount()
		nodes[0].Publish(l.post(general, 1, "hello"))
		all := func() bool {
			return !slices.ContainsFunc(readers, func(r *streamReader) bool { return len(r.received("+")) != len(l.bodies(general)) })
		}
		for end := time.Now().Add(50 * time.Millisecond); time.Now().Before(end); <-time.After(time.Millisecond) {
			if all() {
				return l.readCount() == readings
			}
		}
		return false
	})
	t.Log("after", time.Since(start))
}

func TestPublishNeverBlocks(t *testing.T) {
	h := NewHub(newFakeSource())
	relay, err := NewRelay(h, "nats://127.0.0.1:1", "test") // nobody is there, and nobody carries
	if err != nil {
		t.Fatal(err)
	}
	defer relay.conn.Close()
	for i := range 2 * maxOutgoing {
		h.Publish(chat.SessionEnded{Session: int64(i)})
	}
	if n := relay.dropped.Load(); n != maxOutgoing {
		t.Errorf("%d hints found no room", n)
	}
}

// Nodes of two versions work together: what a newer one adds does no harm, and a message of another form is read from
// the database.
func TestRelayMessagesOfOtherVersions(t *testing.T) {
	nodes, l := startNodes(t, natstest.New(t).URL(), 1)
	h := nodes[0]
	r := openStream(t, h.Hub, l, viewer(1), general, -1)
	for _, useless := range []string{
		"", "{", "[]", `"x"`, "null", `{"v":1}`, `{"v":1,"kind":"dance","node":"n"}`, `{"v":1,"kind":"about","node":"n"}`,
		`{"v":2,"kind":"SessionEnded","node":"n","event":{"Session":1}}`, `{"v":1,"kind":"SessionEnded","node":"n","event":{"Session":1}}`,
		`{"v":1,"kind":"MessagePosted","node":"n","event":7}`, `{"v":"1"}`, `{"v":1,"kind":"about","node":"n","about":{"Parts":1,"Part":3}}`,
	} {
		h.relay.handle([]byte(useless))
	}
	in, _ := newRelayMessage(l.post(general, 2, "of another form"))
	in.Version, in.Node, in.Fingerprint = relayVersion, "other", 1
	h.relay.handle(marshalJSON(in))
	expectLines(t, r, []string{"+1=of another form"})
	in, _ = newRelayMessage(l.post(general, 2, "with more"))
	in.Version, in.Node = relayVersion, "other"
	h.relay.handle([]byte(strings.Replace(string(marshalJSON(in)), "{", `{"new":[{"x":1}],`, 1)))
	expectLines(t, r, []string{"+1=of another form", "+2=with more"})
	in, _ = newRelayMessage(chat.SessionEnded{Session: 1})
	in.Version, in.Node = relayVersion, h.relay.nodeName
	h.relay.handle(marshalJSON(in))
	expect(t, "its own hints mean nothing", r.received("!"))
	in.Node = "other"
	h.relay.handle(marshalJSON(in))
	<-r.done
}

func TestRelayMessageCarriesWholeEvent(t *testing.T) {
	m := chat.Message{ID: 1, Room: 2, Seq: 3, ChangedSeq: 4, AuthorID: 5, AuthorName: "Zoë <&>", Key: "k", Body: "a <b> & \u2028", HTML: "<p>a</p>",
		PostedAt: 6, EditedAt: 7, DeletedAt: 8, StartsGroup: true, StartsDay: true}
	for _, e := range []chat.Event{
		chat.MessagePosted{StreamKey: general, Message: m}, chat.MessageChanged{StreamKey: chat.StreamKey{Low: 1, High: 2}, Message: m},
		chat.MemberJoined{StreamKey: general, User: chat.UserSummary{ID: 1, Name: "Ana"}, Seq: 9}, chat.SessionEnded{Session: 10},
	} {
		in, _ := newRelayMessage(e)
		if got, ok := in.decodeEvent(); !ok || got != e {
			t.Errorf("%+v came as %+v", e, got)
		}
	}
}

// Every event of package chat travels, but read marks, which travel together.
func TestEveryEventIsRelayed(t *testing.T) {
	source, err := os.ReadFile("../chat/events.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^func \((?:\w+ )?(\w+)\) event\(\)`).FindAllStringSubmatch(string(source), -1)
	if len(found) < 5 {
		t.Fatalf("found %v", found)
	}
	for _, f := range found {
		if _, ok := eventTypes[f[1]]; !ok && f[1] != "ReadMarkerMoved" {
			t.Errorf("%s does not travel: it belongs in kinds", f[1])
		}
	}
}
