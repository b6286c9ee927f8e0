package live

import (
	"testing"
	"testing/synctest"

	"charla/chat"
	"charla/live/natstest"
)

func expectEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, not %v", what, got, want)
	}
}

func TestStats(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		expectEqual(t, "reasons before anything ended", len(h.Stats().StreamsEnded), len(endReasonNames)-1)
		first, second := viewer(1), viewer(2)
		first.MetricRoute, second.MetricRoute = "events", "page"
		openStream(t, h, l, first, general, -1)
		reader := openStream(t, h, l, second, general, -1)
		h.Publish(l.post(general, 2, "hello"))
		synctest.Wait()
		s := h.Stats()
		expectEqual(t, "streams of events", s.Streams["events"], 1)
		expectEqual(t, "streams of pages", s.Streams["page"], 1)
		expectEqual(t, "here", s.Online, 2)
		expectEqual(t, "posted", s.MessagesPosted, 1)
		expectEqual(t, "told, to each of two", s.FramesSent, 2)
		expectEqual(t, "replays of nothing", s.Replays, 0)
		expectEqual(t, "gaps", s.GapsFilled+s.GapsFailed, 0)

		reader.cancel()
		h.dispatch(chat.SessionEnded{Session: 1})
		synctest.Wait()
		s = h.Stats()
		expectEqual(t, "streams", s.Streams["events"]+s.Streams["page"], 0)
		expectEqual(t, "ended by their reader", s.StreamsEnded["gone"], 1)
		expectEqual(t, "ended with their session", s.StreamsEnded["logout"], 1)

		openStream(t, h, l, first, general, 0)
		synctest.Wait()
		expectEqual(t, "replays", h.Stats().Replays, 1)
		h.dispatch(l.post(general, 2, "from another node"))
		expectEqual(t, "posted here", h.Stats().MessagesPosted, 1)
	})
}

func TestGapStats(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		openStream(t, h, l, viewer(1), general, -1)
		l.post(general, 2, "nobody says so")
		l.setFailing(true)
		h.Publish(l.post(general, 2, "and this is announced"))
		synctest.Wait()
		expectEqual(t, "gaps not read", h.Stats().GapsFailed, 1)
		l.setFailing(false)
		h.Publish(l.post(general, 2, "once more"))
		synctest.Wait()
		expectEqual(t, "gaps read", h.Stats().GapsFilled, 1)
	})
}

func TestRelayStats(t *testing.T) {
	server := natstest.New(t)
	nodes, l := startNodes(t, server.URL(), 2)
	eventually(t, "the nodes hear each other", func() bool { return nodes[0].Stats().RemoteNodes == 1 && nodes[1].Stats().RemoteNodes == 1 })
	before := nodes[1].relay.Stats()
	nodes[0].Publish(l.post(general, 1, "hello"))
	eventually(t, "a hint is received", func() bool { return nodes[1].relay.Stats().Received > before.Received })
	if s := nodes[0].relay.Stats(); !s.Connected || s.Sent == 0 || s.NotConnected+s.QueueFull != 0 {
		t.Errorf("with a server: %+v", s)
	}
	server.Kill()
	eventually(t, "the server is missed", func() bool { return !nodes[0].relay.Stats().Connected })
	nodes[0].Publish(l.post(general, 1, "to nobody"))
	eventually(t, "a hint is gone", func() bool { return nodes[0].relay.Stats().NotConnected > 0 })
}

// What happens for every message and for every reader of it must stay cheap: counting it takes no memory.
func TestCountingDoesNotAllocate(t *testing.T) {
	h := NewHub(newFakeSource())
	var posted chat.Event = chat.MessagePosted{StreamKey: general, Message: chat.Message{Room: 1, Seq: 1, ChangedSeq: 1}}
	if n := testing.AllocsPerRun(100, func() { h.Publish(posted) }); n != 0 {
		t.Errorf("publishing allocates %v times", n)
	}
	s := newStream(h, viewer(1), textEncoder{})
	queue := []*frame{{private: []byte("x")}}
	if n := testing.AllocsPerRun(100, func() { s.render(nil, queue, notEnded) }); n != 0 {
		t.Errorf("rendering what is rendered allocates %v times", n)
	}
	if s := h.Stats(); s.MessagesPosted == 0 || s.FramesSent == 0 {
		t.Errorf("nothing was counted: %+v", s)
	}
}
