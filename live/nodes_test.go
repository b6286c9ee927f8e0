package live

import (
	"math/rand/v2"
	"testing"
	"time"

	"charla/chat"
)

func people(ids ...int64) (list []chat.Person) {
	for _, id := range ids {
		list = append(list, viewer(id).Person)
	}
	return list
}

func TestAWordMissedIsAskedFor(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		if h.hear("b", bulletin{Number: 1, Came: people(1, 2)}) || !h.Online(2)[2] {
			t.Error("the first word was not followed")
		}
		if h.hear("b", bulletin{Number: 1}) {
			t.Error("a beat made us ask")
		}
		if !h.hear("b", bulletin{Number: 3, Left: []int64{1}}) || !h.Online(1)[1] {
			t.Error("a word out of turn was followed, or not asked about")
		}
		if h.hear("b", bulletin{Number: 3}) {
			t.Error("asked twice at once")
		}
		pass(2 * askEvery)
		if !h.hear("b", bulletin{Number: 3}) {
			t.Error("did not ask again")
		}
		h.hear("b", bulletin{Number: 3, Came: people(2), Part: 0, Parts: 2})
		h.hear("b", bulletin{Number: 3, Came: people(3), Part: 1, Parts: 2})
		if here := h.Online(1, 2, 3); here[1] || !here[2] || !here[3] || h.hear("b", bulletin{Number: 3}) {
			t.Errorf("after the whole: %v", here)
		}
	})
}

func TestASilentNodeTakesItsPeopleAlong(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		watcher := join(t, h, l, viewer(1), chat.Topic{}, -1)
		h.hear("b", bulletin{Number: 1, Came: people(1, 2)})
		h.hear("c", bulletin{Number: 1, Came: people(2, 3)})
		pass(2 * time.Second)
		expect(t, "came", watcher.seen("@")[1:], "@3:p1,p2,p3")
		pass(nodeLost - time.Second)
		h.hear("c", bulletin{Number: 1})
		h.forget(time.Now())
		if _, n := h.Here(); n != 3 {
			t.Errorf("%d are here: each is on another node too", n)
		}
		pass(2 * nodeLost)
		h.forget(time.Now())
		pass(2 * time.Second)
		expect(t, "left", watcher.seen("@")[2:], "@1:p1")
	})
}

func TestWhoMovesToAnotherNodeDoesNotFlicker(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		watcher := join(t, h, l, viewer(1), chat.Topic{}, -1)
		other := join(t, h, l, viewer(2), chat.Topic{}, -1)
		pass(2 * time.Second)
		told := len(watcher.seen("@"))
		other.leave()
		pass(time.Second)
		h.hear("b", bulletin{Number: 1, Came: people(2)})
		pass(2 * grace)
		h.farewell("b")
		pass(grace / 2)
		h.hear("c", bulletin{Number: 1, Came: people(2)})
		pass(2 * grace)
		if now := len(watcher.seen("@")); now != told || !h.Online(2)[2] {
			t.Errorf("%d words about a person who never left", now-told)
		}
		h.farewell("c")
		pass(2 * grace)
		if h.Online(2)[2] {
			t.Error("here on no node")
		}
	})
}

// Whoever has a stream on some node is here on all, whatever came of the words between them.
func TestPresenceOfNodesConverges(t *testing.T) {
	for seed := range uint64(20) {
		story(t, func(t *testing.T, h *Hub, l *library) {
			rnd := rand.New(rand.NewPCG(seed, 2))
			other := NewHub(l)
			other.relay = &Relay{news: make(chan struct{}, 1)}
			open := map[int64]*Stream{}
			for range 300 {
				switch id := 1 + rnd.Int64N(6); {
				case rnd.IntN(3) == 0:
					for _, b := range other.report(false) {
						if rnd.IntN(4) > 0 && h.hear("b", b) && rnd.IntN(2) > 0 {
							for _, b := range other.report(true) {
								h.hear("b", b)
							}
						}
					}
				case open[id] != nil:
					open[id].Close()
					delete(open, id)
				default:
					open[id], _ = other.Subscribe(t.Context(), viewer(id), chat.Topic{}, plain{})
				}
				pass(time.Duration(rnd.IntN(2000)) * time.Millisecond)
				other.tellPresence(time.Now())
			}
			pass(2 * grace)
			other.tellPresence(time.Now())
			for _, b := range other.report(false) {
				if h.hear("b", b) {
					h.hear("b", other.report(true)[0])
				}
			}
			for id := range int64(7) {
				if h.Online(id)[id] != (open[id] != nil) {
					t.Errorf("seed %d: person %d: %v", seed, id, h.Online(id)[id])
				}
			}
			if _, n := h.Here(); n != len(open) {
				t.Errorf("seed %d: %d here, %d open", seed, n, len(open))
			}
			for _, s := range open {
				s.Close()
			}
		})
	}
}
