package live

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"charla/chat"
	"charla/live/natstest"
)

// testNode is a hub with its relay, one of several nodes.
type testNode struct {
	*Hub
	relay *Relay
	stop  func() // shuts the node down
}

// startNodes starts n nodes that share one database.
func startNodes(t *testing.T, servers string, n int) ([]*testNode, *fakeSource) {
	db := newFakeSource()
	var nodes []*testNode
	for range n {
		nodes = append(nodes, startNode(t, db, servers))
	}
	waitForPeers(t, nodes)
	return nodes, db
}

// waitForPeers waits until every node hears all other nodes.
func waitForPeers(t *testing.T, nodes []*testNode) {
	t.Helper()
	for _, m := range nodes {
		eventually(t, "all nodes hear each other", func() bool {
			return m.relay.Connected() && m.RemoteNodeCount() == len(nodes)-1
		})
	}
}

// startNode starts a node. It is shut down at the end of the test.
func startNode(t *testing.T, db *fakeSource, servers string) *testNode {
	t.Helper()
	h := NewHub(db)
	relay, err := NewRelay(h, servers, "test")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	running, relaying := make(chan struct{}), make(chan struct{})
	go func() { defer close(running); h.Run(ctx) }()
	go func() { defer close(relaying); relay.Run(ctx) }()
	m := &testNode{Hub: h, relay: relay, stop: func() {
		h.Shutdown()
		h.Wait(context.Background())
		stop()
		<-running
		<-relaying
	}}
	t.Cleanup(m.stop)
	return m
}

// onlineCount returns how many users are online as far as the node knows.
func (m *testNode) onlineCount() int {
	_, n := m.OnlineUsers()
	return n
}

// expectLines waits until a reader has received these new messages, in this order and no others.
func expectLines(t *testing.T, r *streamReader, want []string) {
	t.Helper()
	eventually(t, "a reader received all messages", func() bool { return len(r.received("+")) >= len(want) })
	expect(t, "messages", r.received("+"), want...)
}

// numberedLines returns the tokens of messages with the bodies "m" + seq.
func numberedLines(from, to int) (tokens []string) {
	for i := from; i <= to; i++ {
		tokens = append(tokens, fmt.Sprintf("+%d=m%d", i, i))
	}
	return tokens
}

func TestPostReachesAllNodesWithoutDatabaseReads(t *testing.T) {
	nodes, db := startNodes(t, natstest.New(t).URL(), 3)
	var readers []*streamReader
	for i, m := range nodes {
		readers = append(readers, openStream(t, m.Hub, db, viewer(int64(i+1)), general, -1))
	}
	reads := db.readCount()
	for i := range 200 {
		nodes[0].Publish(db.post(general, 1, fmt.Sprint("m", i+1)))
	}
	for _, r := range readers {
		expectLines(t, r, numberedLines(1, 200))
	}
	if db.readCount() != reads {
		t.Error("the database was read although no change was missing")
	}
	for i := range 200 { // on all nodes, so that relay messages overtake each other
		nodes[i%3].Publish(db.post(general, 1, fmt.Sprint("m", i+201)))
	}
	for _, r := range readers {
		expectLines(t, r, numberedLines(1, 400))
	}
}

// TestLogoutReachesOtherNodes: the database of these nodes contains no ended session, so that only the relay can tell.
func TestLogoutReachesOtherNodes(t *testing.T) {
	nodes, db := startNodes(t, natstest.New(t).URL(), 2)
	loggedOut := openStream(t, nodes[1].Hub, db, viewer(1), general, -1)
	staying := openStream(t, nodes[1].Hub, db, viewer(2), general, -1)
	nodes[0].Publish(chat.SessionEnded{Session: 1})
	eventually(t, "the stream ends", func() bool { return len(loggedOut.done) > 0 })
	expect(t, "the logged-out user", loggedOut.received("!"), endToken(EndLogout))
	expect(t, "the staying user", staying.received("!"))
}

func TestUnreadCountsReachOtherNodes(t *testing.T) {
	nodes, db := startNodes(t, natstest.New(t).URL(), 2)
	ana := openStream(t, nodes[1].Hub, db, viewer(1), chat.StreamKey{}, -1)
	eve := openStream(t, nodes[1].Hub, db, viewer(3), chat.StreamKey{}, -1)
	eventually(t, "both states were read once", func() bool { return ana.stateCount()+eve.stateCount() == 2 })
	nodes[0].Publish(db.post(chat.StreamKey{Low: 1, High: 2}, 2, "hi"))
	eventually(t, "a message refreshes the state", func() bool { return ana.stateCount() == 2 })
	nodes[0].Publish(chat.ReadMarkerMoved{User: 1, Room: 1002})
	eventually(t, "a read marker refreshes the state", func() bool { return ana.stateCount() == 3 })
	if eve.stateCount() != 1 {
		t.Error("the state of an uninvolved user was refreshed")
	}
}

func TestUserOnSeveralNodesIsOnlineOnce(t *testing.T) {
	t.Parallel()
	nodes, db := startNodes(t, natstest.New(t).URL(), 3)
	expectOnline := func(what string, n int) {
		t.Helper()
		eventually(t, what, func() bool {
			return !slices.ContainsFunc(nodes, func(m *testNode) bool { return m.onlineCount() != n })
		})
	}
	ana := openStream(t, nodes[0].Hub, db, viewer(1), general, -1)
	openStream(t, nodes[1].Hub, db, viewer(2), general, -1)
	expectOnline("both users are online", 2)
	again := openStream(t, nodes[1].Hub, db, viewer(1), general, -1)
	openStream(t, nodes[2].Hub, db, viewer(3), general, -1)
	expectOnline("all three users are online", 3)
	if online, _ := nodes[2].OnlineUsers(); len(online) != 3 {
		t.Errorf("listed as online: %v", online)
	}
	again.disconnect()
	late := startNode(t, db, nodes[0].relay.conn.ConnectedUrl())
	nodes = append(nodes, late)
	expectOnline("a node that starts later knows all three", 3)
	ana.disconnect()
	expectOnline("ana is offline", 2)
	nodes[1].stop()
	nodes = []*testNode{nodes[0], nodes[2], late}
	expectOnline("the users of the stopped node are offline", 1)
}

// TestUsersOfDeadNodeGoOfflineWithin15Seconds closes the connection of a node, so that it cannot announce its shutdown.
func TestUsersOfDeadNodeGoOfflineWithin15Seconds(t *testing.T) {
	t.Parallel()
	nodes, db := startNodes(t, natstest.New(t).URL(), 2)
	openStream(t, nodes[0].Hub, db, viewer(1), general, -1)
	openStream(t, nodes[1].Hub, db, viewer(2), general, -1)
	eventually(t, "both users are online", func() bool { return nodes[0].onlineCount() == 2 })
	start := time.Now()
	nodes[1].relay.conn.Close()
	eventually(t, "the user is offline", func() bool { return nodes[0].onlineCount() == 1 })
	if took := time.Since(start); took > 15*time.Second || took < nodeTimeout-announceInterval-time.Second {
		t.Errorf("the user went offline after %v", took)
	}
}

func TestWithoutNATSChangesAreFoundByPollingOnce(t *testing.T) {
	t.Parallel()
	server := natstest.New(t)
	nodes, db := startNodes(t, server.URL(), 2)
	r := openStream(t, nodes[1].Hub, db, viewer(1), general, -1)
	nodes[0].Publish(db.post(general, 2, "m1"))
	expectLines(t, r, numberedLines(1, 1))
	server.Kill()
	start := time.Now()
	for i := 2; i <= 50; i++ {
		nodes[0].Publish(db.post(general, 2, fmt.Sprint("m", i)))
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("publishing 49 messages took %v", took)
	}
	expectLines(t, r, numberedLines(1, 50))
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the messages arrived after %v", took)
	}
	server.Start(t)
	for _, m := range nodes {
		eventually(t, "the nodes are connected again", m.relay.Connected) // their subscriptions follow soon
	}
	reads := db.readCount()
	for i := 51; i <= 60; i++ {
		nodes[0].Publish(db.post(general, 2, fmt.Sprint("m", i)))
	}
	expectLines(t, r, numberedLines(1, 60))
	if db.readCount() > reads+1 {
		t.Error("the relay does not deliver again")
	}
	eventually(t, "presence is complete again", func() bool { return nodes[0].onlineCount() == 1 })
}

func TestClusterSurvivesLossOfOneServer(t *testing.T) {
	servers := natstest.Cluster(t, 3)
	nodes, db := startNodes(t, natstest.URLs(servers), 3)
	readers := make([]*streamReader, len(nodes))
	for i, m := range nodes {
		readers[i] = openStream(t, m.Hub, db, viewer(int64(i+1)), general, -1)
	}
	used := nodes[0].relay.conn.ConnectedUrl()
	for _, s := range servers {
		if s.URL() == used {
			s.Kill()
		}
	}
	for _, m := range nodes {
		eventually(t, "the nodes connected to another server", func() bool {
			return m.relay.Connected() && m.relay.conn.ConnectedUrl() != used
		})
	}
	start := time.Now()
	eventually(t, "the relay delivers to all nodes", func() bool {
		reads := db.readCount()
		nodes[0].Publish(db.post(general, 1, "hello"))
		all := func() bool {
			return !slices.ContainsFunc(readers, func(r *streamReader) bool {
				return len(r.received("+")) != len(db.bodies(general))
			})
		}
		for end := time.Now().Add(50 * time.Millisecond); time.Now().Before(end); <-time.After(time.Millisecond) {
			if all() {
				return db.readCount() == reads
			}
		}
		return false
	})
	t.Log("after", time.Since(start))
}

func TestPublishNeverBlocks(t *testing.T) {
	h := NewHub(newFakeSource())
	relay, err := NewRelay(h, "nats://127.0.0.1:1", "test") // no server, and Run is not called
	if err != nil {
		t.Fatal(err)
	}
	defer relay.conn.Close()
	for i := range 2 * maxOutgoing {
		h.Publish(chat.SessionEnded{Session: int64(i)})
	}
	if n := relay.dropped.Load(); n != maxOutgoing {
		t.Errorf("%d events were dropped", n)
	}
}

// TestRelayMessagesOfOtherVersions: nodes of two versions work together. A node ignores what a newer version adds, and
// reads a change from the database if the event has another type.
func TestRelayMessagesOfOtherVersions(t *testing.T) {
	nodes, db := startNodes(t, natstest.New(t).URL(), 1)
	h := nodes[0]
	r := openStream(t, h.Hub, db, viewer(1), general, -1)
	for _, ignored := range []string{
		"", "{", "[]", `"x"`, "null", `{"v":1}`, `{"v":1,"kind":"dance","node":"n"}`,
		`{"v":1,"kind":"about","node":"n"}`,
		`{"v":2,"kind":"SessionEnded","node":"n","event":{"Session":1}}`,
		`{"v":1,"kind":"SessionEnded","node":"n","event":{"Session":1}}`,
		`{"v":1,"kind":"MessagePosted","node":"n","event":7}`, `{"v":"1"}`,
		`{"v":1,"kind":"about","node":"n","about":{"Parts":1,"Part":3}}`,
	} {
		h.relay.handle([]byte(ignored))
	}
	m, _ := newRelayMessage(db.post(general, 2, "of another type"))
	m.Version, m.Node, m.Fingerprint = relayVersion, "other", 1
	h.relay.handle(MarshalJSON(m))
	expectLines(t, r, []string{"+1=of another type"})
	m, _ = newRelayMessage(db.post(general, 2, "with a new field"))
	m.Version, m.Node = relayVersion, "other"
	h.relay.handle([]byte(strings.Replace(string(MarshalJSON(m)), "{", `{"new":[{"x":1}],`, 1)))
	expectLines(t, r, []string{"+1=of another type", "+2=with a new field"})
	m, _ = newRelayMessage(chat.SessionEnded{Session: 1})
	m.Version, m.Node = relayVersion, h.relay.nodeName
	h.relay.handle(MarshalJSON(m))
	expect(t, "its own messages are ignored", r.received("!"))
	m.Node = "other"
	h.relay.handle(MarshalJSON(m))
	<-r.done
}

func TestRelayMessageCarriesWholeEvent(t *testing.T) {
	message := chat.Message{
		ID: 1, Room: 2, Seq: 3, ChangedSeq: 4, AuthorID: 5, AuthorName: "Zoë <&>", Key: "k",
		Body: "a <b> & \u2028", HTML: "<p>a</p>",
		PostedAt: 6, EditedAt: 7, DeletedAt: 8, StartsGroup: true, StartsDay: true,
		Reactions: chat.Reactions{{Emoji: "🎉", User: chat.UserSummary{ID: 1, Name: "Ana"}}},
		Files:     []chat.File{{ID: 2, Name: "a \t <b>", Animated: true}},
	}
	for _, e := range []chat.Event{
		chat.MessagePosted{StreamKey: general, Message: message},
		chat.MessageChanged{StreamKey: chat.StreamKey{Low: 1, High: 2}, Message: message},
		chat.MemberJoined{StreamKey: general, User: chat.UserSummary{ID: 1, Name: "Ana"}, Seq: 9},
		chat.SessionEnded{Session: 10},
	} {
		m, _ := newRelayMessage(e)
		if got, ok := m.decodeEvent(); !ok || !reflect.DeepEqual(got, e) {
			t.Errorf("%+v arrived as %+v", e, got)
		}
	}
}

// TestEveryEventIsRelayed: the relay sends every event of package chat except read markers, which are part of
// announcements.
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
			t.Errorf("%s is missing in eventTypes", f[1])
		}
	}
}
