package live

import (
	"testing"
	"testing/synctest"

	"charla/chat"
	"charla/live/natstest"
)

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, not %v", what, got, want)
	}
}

func TestWhatIsCounted(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		same(t, "reasons before anything ended", len(h.Stats().Ended), len(reasons)-1)
		first, second := viewer(1), viewer(2)
		first.Kind, second.Kind = "events", "page"
		join(t, h, l, first, general, -1)
		reader := join(t, h, l, second, general, -1)
		h.Publish(l.post(general, 2, "hello"))
		synctest.Wait()
		s := h.Stats()
		same(t, "streams of events", s.Streams["events"], 1)
		same(t, "streams of pages", s.Streams["page"], 1)
		same(t, "here", s.Here, 2)
		same(t, "posted", s.Posted, 1)
		same(t, "told, to each of two", s.Frames, 2)
		same(t, "replays of nothing", s.Replays, 0)
		same(t, "gaps", s.GapsRead+s.GapsFailed, 0)

		reader.cancel()
		h.happen(chat.SessionEnded{Session: 1})
		synctest.Wait()
		s = h.Stats()
		same(t, "streams", s.Streams["events"]+s.Streams["page"], 0)
		same(t, "ended by their reader", s.Ended["gone"], 1)
		same(t, "ended with their session", s.Ended["logout"], 1)

		join(t, h, l, first, general, 0)
		synctest.Wait()
		same(t, "replays", h.Stats().Replays, 1)
		h.happen(l.post(general, 2, "from another node"))
		same(t, "posted here", h.Stats().Posted, 1)
	})
}

func TestGapsAreCounted(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		join(t, h, l, viewer(1), general, -1)
		l.post(general, 2, "nobody says so")
		l.fail(true)
		h.Publish(l.post(general, 2, "and this is announced"))
		synctest.Wait()
		same(t, "gaps not read", h.Stats().GapsFailed, 1)
		l.fail(false)
		h.Publish(l.post(general, 2, "once more"))
		synctest.Wait()
		same(t, "gaps read", h.Stats().GapsRead, 1)
	})
}

func TestHintsAreCounted(t *testing.T) {
	server := natstest.New(t)
	nodes, l := community(t, server.URL(), 2)
	eventually(t, "the nodes hear each other", func() bool { return nodes[0].Stats().Nodes == 1 && nodes[1].Stats().Nodes == 1 })
	before := nodes[1].relay.Stats()
	nodes[0].Publish(l.post(general, 1, "hello"))
	eventually(t, "a hint is received", func() bool { return nodes[1].relay.Stats().Received > before.Received })
	if s := nodes[0].relay.Stats(); !s.Connected || s.Sent == 0 || s.CutOff+s.TooSlow != 0 {
		t.Errorf("with a server: %+v", s)
	}
	server.Kill()
	eventually(t, "the server is missed", func() bool { return !nodes[0].relay.Stats().Connected })
	nodes[0].Publish(l.post(general, 1, "to nobody"))
	eventually(t, "a hint is gone", func() bool { return nodes[0].relay.Stats().CutOff > 0 })
}

// What happens for every message and for every reader of it must stay cheap: counting it takes no memory.
func TestCountingAllocatesNothing(t *testing.T) {
	h := NewHub(newLibrary())
	var posted chat.Event = chat.MessagePosted{Topic: general, Message: chat.Message{Room: 1, Seq: 1, ChangedSeq: 1}}
	if n := testing.AllocsPerRun(100, func() { h.Publish(posted) }); n != 0 {
		t.Errorf("publishing allocates %v times", n)
	}
	s := newStream(h, viewer(1), plain{})
	queue := []*frame{{raw: []byte("x")}}
	if n := testing.AllocsPerRun(100, func() { s.render(nil, queue, open) }); n != 0 {
		t.Errorf("rendering what is rendered allocates %v times", n)
	}
	if s := h.Stats(); s.Posted == 0 || s.Frames == 0 {
		t.Errorf("nothing was counted: %+v", s)
	}
}
