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

func TestNodesWithoutNATSNoticeEachOther(t *testing.T) {
	url := dbtest.Postgres(t)
	first := begin(t, context.Background(), "DATABASE_URL="+url)
	if log := first.stderr.String(); !strings.Contains(log, "serves alone") {
		t.Errorf("a node alone does not say so:\n%s", log)
	}
	if ready := first.get(t, "/readyz"); ready != "ok\n" {
		t.Errorf("alone: %q", ready)
	}
	second := begin(t, context.Background(), "DATABASE_URL="+url)
	for _, p := range []*process{first, second} {
		eventually(t, "a node notices", func() bool { return strings.Contains(p.get(t, "/readyz"), "NATS") })
	}
	if log := second.stderr.String(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "Set NATS_URL on every node") {
		t.Errorf("nobody shouts:\n%s", log)
	}
	second.stop()
	<-second.code
	eventually(t, "all is well again", func() bool { return first.get(t, "/readyz") == "ok\n" })
}

func TestNodesWithNATS(t *testing.T) {
	url, nats := dbtest.Postgres(t), natstest.New(t).URL()
	first := begin(t, context.Background(), "DATABASE_URL="+url, "NATS_URL="+nats)
	second := begin(t, context.Background(), "DATABASE_URL="+url, "NATS_URL="+nats)
	first.register(t, "ana@example.org")
	stream := first.events(t)
	stream.until(t, "here-count")
	eventually(t, "the other node knows who is here", func() bool {
		second.http.Jar = first.http.Jar // cookies know no ports
		return strings.Contains(second.get(t, "/chat"), ">Ana<")
	})
	if ready := second.get(t, "/readyz"); ready != "ok\n" {
		t.Errorf("ready: %q", ready)
	}
}

func TestWhoIsApart(t *testing.T) {
	start := time.Now()
	for _, c := range []struct {
		name        string
		me, other   bool
		seen        []chat.Micros // at each look
		apart, last bool          // at some look, at the last
	}{
		{"both without", false, false, []chat.Micros{1, 2, 3, 3, 4}, true, true},
		{"one without", true, false, []chat.Micros{1, 2}, true, true},
		{"both with", true, true, []chat.Micros{1, 2, 3}, false, false},
		{"one that died before we came", false, false, []chat.Micros{1, 1, 1, 1}, false, false},
		{"one that died", false, false, []chat.Micros{1, 2, 2, 2, 2, 2, 2}, true, false},
		{"one that left", false, false, []chat.Micros{1, 2, 0}, true, false},
	} {
		n := &neighbours{me: db.Node{ID: "me", Relay: c.me}}
		var apart, last bool
		for i, at := range c.seen {
			var others []db.Node
			if at > 0 {
				others = []db.Node{{ID: "other", SeenAt: at, Relay: c.other}}
			}
			last = n.judge(others, start.Add(time.Duration(i)*touchEvery))
			apart = apart || last
		}
		if apart != c.apart || last != c.last {
			t.Errorf("%s: apart %v, at last %v", c.name, apart, last)
		}
	}
}
