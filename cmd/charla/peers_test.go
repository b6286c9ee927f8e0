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
	if log := first.stderr.String(); !strings.Contains(log, "runs alone") {
		t.Errorf("a node without NATS does not log that it runs alone:\n%s", log)
	}
	if ready := first.get(t, "/readyz"); ready != "ok\n" {
		t.Errorf("a single node is not ready: %q", ready)
	}
	second := startServer(t, context.Background(), "DATABASE_URL="+url)
	for _, s := range []*testServer{first, second} {
		eventually(t, "a node warns at /readyz", func() bool { return strings.Contains(s.get(t, "/readyz"), "NATS") })
	}
	log := second.stderr.String()
	if !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "Set NATS_URL on every node") {
		t.Errorf("no node logs an error:\n%s", log)
	}
	second.stop()
	<-second.exitCode
	eventually(t, "the remaining node stops warning", func() bool { return first.get(t, "/readyz") == "ok\n" })
}

func TestNodesWithNATS(t *testing.T) {
	url, nats := dbtest.PostgresURL(t), natstest.New(t).URL()
	first := startServer(t, context.Background(), "DATABASE_URL="+url, "NATS_URL="+nats)
	second := startServer(t, context.Background(), "DATABASE_URL="+url, "NATS_URL="+nats)
	first.register(t, "ana@example.org")
	stream := first.openStream(t)
	stream.readUntil(t, "online-count")
	eventually(t, "the other node shows who is online", func() bool {
		second.http.Jar = first.http.Jar // cookies are valid for all ports
		return strings.Contains(second.get(t, "/chat"), ">Ana<")
	})
	if ready := second.get(t, "/readyz"); ready != "ok\n" {
		t.Errorf("/readyz returned %q", ready)
	}
}

func TestHasUnreachablePeer(t *testing.T) {
	start := time.Now()
	for _, c := range []struct {
		name      string
		me, other bool
		seen      []chat.Timestamp // the heartbeat of the other node at each poll; 0 for none
		any, last bool             // whether it counts as unreachable at any poll, and at the last
	}{
		{"both without NATS", false, false, []chat.Timestamp{1, 2, 3, 3, 4}, true, true},
		{"one without NATS", true, false, []chat.Timestamp{1, 2}, true, true},
		{"both with NATS", true, true, []chat.Timestamp{1, 2, 3}, false, false},
		{"one died before the first poll", false, false, []chat.Timestamp{1, 1, 1, 1}, false, false},
		{"one died", false, false, []chat.Timestamp{1, 2, 2, 2, 2, 2, 2}, true, false},
		{"one left", false, false, []chat.Timestamp{1, 2, 0}, true, false},
	} {
		m := &peerMonitor{self: db.Node{ID: "me", HasRelay: c.me}}
		var any, last bool
		for i, at := range c.seen {
			var others []db.Node
			if at > 0 {
				others = []db.Node{{ID: "other", SeenAt: at, HasRelay: c.other}}
			}
			last = m.hasUnreachablePeer(others, start.Add(time.Duration(i)*heartbeatInterval))
			any = any || last
		}
		if any != c.any || last != c.last {
			t.Errorf("%s: unreachable at any poll: %v, at the last poll: %v", c.name, any, last)
		}
	}
}
