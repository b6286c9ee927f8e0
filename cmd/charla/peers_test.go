package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"charla/chat"
	"charla/db"
	"charla/db/dbtest"
	"charla/live/natstest"
)

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	dbtest.Eventually(t, what, ok)
}

func TestNodesWithoutNATSWarn(t *testing.T) {
	url := dbtest.PostgresURL(t)
	first := startServer(t, context.Background(), "DATABASE_URL="+url)
	if log := first.stderr.String(); !strings.Contains(log, "serves alone") {
		t.Errorf("a node alone does not say so:\n%s", log)
	}
	if ready := first.get(t, "/readyz"); ready != "ok\n" {
		t.Errorf("alone: %q", ready)
	}
	second := startServer(t, context.Background(), "DATABASE_URL="+url)
	for _, p := range []*testServer{first, second} {
		eventually(t, "a node notices", func() bool { return strings.Contains(p.get(t, "/readyz"), "NATS") })
	}
	if log := second.stderr.String(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "Set NATS_URL on every node") {
		t.Errorf("nobody shouts:\n%s", log)
	}
	second.stop()
	<-second.exitCode
	eventually(t, "all is well again", func() bool { return first.get(t, "/readyz") == "ok\n" })
}

func TestNodesWithNATS(t *testing.T) {
	url, nats := dbtest.PostgresURL(t), natstest.New(t).URL()
	first := startServer(t, context.Background(), "DATABASE_URL="+url, "NATS_URL="+nats)
	second := startServer(t, context.Background(), "DATABASE_URL="+url, "NATS_URL="+nats)
	first.register(t, "ana@example.org")
	stream := first.openStream(t)
	stream.readUntil(t, "online-count")
	eventually(t, "the other node knows who is here", func() bool {
		second.http.Jar = first.http.Jar // cookies know no ports
		return strings.Contains(second.get(t, "/chat"), ">Ana<")
	})
	if ready := second.get(t, "/readyz"); ready != "ok\n" {
		t.Errorf("ready: %q", ready)
	}
}

func TestHasUnreachablePeer(t *testing.T) {
	start := time.Now()
	for _, c := range []struct {
		name        string
		me, other   bool
		seen        []chat.Timestamp // at each look
		apart, last bool             // at some look, at the last
	}{
		{"both without", false, false, []chat.Timestamp{1, 2, 3, 3, 4}, true, true},
		{"one without", true, false, []chat.Timestamp{1, 2}, true, true},
		{"both with", true, true, []chat.Timestamp{1, 2, 3}, false, false},
		{"one that died before we came", false, false, []chat.Timestamp{1, 1, 1, 1}, false, false},
		{"one that died", false, false, []chat.Timestamp{1, 2, 2, 2, 2, 2, 2}, true, false},
		{"one that left", false, false, []chat.Timestamp{1, 2, 0}, true, false},
	} {
		n := &peerMonitor{self: db.Node{ID: "me", HasRelay: c.me}}
		var apart, last bool
		for i, at := range c.seen {
			var others []db.Node
			if at > 0 {
				others = []db.Node{{ID: "other", SeenAt: at, HasRelay: c.other}}
			}
			last = n.hasUnreachablePeer(others, start.Add(time.Duration(i)*heartbeatInterval))
			apart = apart || last
		}
		if apart != c.apart || last != c.last {
			t.Errorf("%s: apart %v, at last %v", c.name, apart, last)
		}
	}
}
