package live

import (
	"testing"
	"testing/synctest"

	"charla/chat"
	"charla/live/natstest"
)

// expectEqual fails the test unless got is want.
func expectEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestStats(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		expectEqual(t, "reasons before any stream ended", len(h.Stats().StreamsEnded), len(endReasonNames)-1)
		first, second := viewer(1), viewer(2)
		first.MetricRoute, second.MetricRoute = "events", "page"
		openStream(t, h, db, first, general, -1)
		reader := openStream(t, h, db, second, general, -1)
		h.Publish(db.post(general, 2, "hello"))
		synctest.Wait()
		s := h.Stats()
		expectEqual(t, "streams of events", s.Streams["events"], 1)
		expectEqual(t, "streams of pages", s.Streams["page"], 1)
		expectEqual(t, "users online", s.Online, 2)
		expectEqual(t, "messages posted", s.MessagesPosted, 1)
		expectEqual(t, "frames sent to two streams", s.FramesSent, 2)
		expectEqual(t, "replays without changes", s.Replays, 0)
		expectEqual(t, "gaps", s.GapsFilled+s.GapsFailed, 0)

		reader.cancel()
		h.dispatch(chat.SessionEnded{Session: 1})
		synctest.Wait()
		s = h.Stats()
		expectEqual(t, "streams", s.Streams["events"]+s.Streams["page"], 0)
		expectEqual(t, "streams ended by their reader", s.StreamsEnded["gone"], 1)
		expectEqual(t, "streams ended by logout", s.StreamsEnded["logout"], 1)

		openStream(t, h, db, first, general, 0)
		synctest.Wait()
		expectEqual(t, "replays", h.Stats().Replays, 1)
		h.dispatch(db.post(general, 2, "from another node"))
		expectEqual(t, "messages posted on this node", h.Stats().MessagesPosted, 1)
	})
}

func TestGapStats(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		openStream(t, h, db, viewer(1), general, -1)
		db.post(general, 2, "not published")
		db.setFailing(true)
		h.Publish(db.post(general, 2, "published"))
		synctest.Wait()
		expectEqual(t, "failed gaps", h.Stats().GapsFailed, 1)
		db.setFailing(false)
		h.Publish(db.post(general, 2, "once more"))
		synctest.Wait()
		expectEqual(t, "filled gaps", h.Stats().GapsFilled, 1)
	})
}

func TestRelayStats(t *testing.T) {
	server := natstest.New(t)
	nodes, db := startNodes(t, server.URL(), 2)
	eventually(t, "the nodes hear each other", func() bool {
		return nodes[0].Stats().RemoteNodes == 1 && nodes[1].Stats().RemoteNodes == 1
	})
	before := nodes[1].relay.Stats()
	nodes[0].Publish(db.post(general, 1, "hello"))
	eventually(t, "a message is received", func() bool { return nodes[1].relay.Stats().Received > before.Received })
	if s := nodes[0].relay.Stats(); !s.Connected || s.Sent == 0 || s.NotConnected+s.QueueFull != 0 {
		t.Errorf("with a server: %+v", s)
	}
	server.Kill()
	eventually(t, "the relay is disconnected", func() bool { return !nodes[0].relay.Stats().Connected })
	nodes[0].Publish(db.post(general, 1, "to nobody"))
	eventually(t, "a message is lost", func() bool { return nodes[0].relay.Stats().NotConnected > 0 })
}

// TestCountingDoesNotAllocate: what runs for every message and each of its readers must be cheap.
func TestCountingDoesNotAllocate(t *testing.T) {
	h := NewHub(newFakeSource())
	message := chat.Message{Room: 1, Seq: 1, ChangedSeq: 1}
	var posted chat.Event = chat.MessagePosted{StreamKey: general, Message: message}
	if n := testing.AllocsPerRun(100, func() { h.Publish(posted) }); n != 0 {
		t.Errorf("publishing allocates %v times", n)
	}
	s := newStream(h, viewer(1), textEncoder{})
	queue := []*frame{{private: []byte("x")}}
	if n := testing.AllocsPerRun(100, func() { s.render(nil, queue, notEnded) }); n != 0 {
		t.Errorf("sending a rendered frame allocates %v times", n)
	}
	if s := h.Stats(); s.MessagesPosted == 0 || s.FramesSent == 0 {
		t.Errorf("nothing was counted: %+v", s)
	}
}
