package handlers_test

import (
	"context"
	"testing"
	"time"

	"charla/db/dbtest"
	"charla/live"
)

// Without a relay, nodes that share a database find each other's changes by polling.
func TestTwoNodesWithoutRelay(t *testing.T) {
	url := dbtest.PostgresURL(t)
	here, there := openPostgres(t, url), openPostgres(t, url)
	ana, ben := here.newUser("Ana"), here.newUser("Ben")
	away := ben.clone()
	away.server = there
	stream := away.listen("/events?" + ana.peerQuery() + "&after=0")

	ana.sendMessage(ben.peerQuery(), "from the other node")
	start := time.Now()
	stream.waitFor("from the other node")
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the message took %v to reach the other node", took)
	}
	away.get("/messages?"+ana.peerQuery(), asJSON).is(200).has("from the other node")

	ben.post("/logout", nil).is(303)
	start = time.Now()
	if names := stream.readToEnd(); len(names) != 2 || names[0] != "logout" || names[1] != "bye" {
		t.Errorf("the stream on the other node ended with %q", names)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("the log-out took %v to reach the other node", took)
	}
	away.get("/chat", asJSON).is(401)
}

// startNodes starts servers that share a database and a relay.
func startNodes(t *testing.T, n int, servers string) []*testServer {
	t.Helper()
	url := dbtest.PostgresURL(t)
	var list []*testServer
	for range n {
		s := openPostgres(t, url)
		relay, err := live.NewRelay(s.hub, servers, "test")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { defer close(ended); relay.Run(ctx) }()
		t.Cleanup(func() { stop(); <-ended })
		list = append(list, s)
	}
	for _, s := range list {
		eventually(t, "the nodes hear each other", func() bool { return s.hub.RemoteNodeCount() == n-1 })
	}
	return list
}

// onNode returns the same client, with its requests going to another node.
func (b *client) onNode(s *testServer) *client {
	c := b.clone()
	c.server = s
	return c
}
