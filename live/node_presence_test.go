package live

import (
	"math/rand/v2"
	"testing"
	"time"

	"charla/chat"
)

func usersWithIDs(ids ...int64) (list []chat.UserSummary) {
	for _, id := range ids {
		list = append(list, viewer(id).User)
	}
	return list
}

func TestMissedAnnouncementIsRequestedAgain(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		if h.applyAnnouncement("b", presenceAnnouncement{Seq: 1, Online: usersWithIDs(1, 2)}) || !h.Online(2)[2] {
			t.Error("the first word was not followed")
		}
		if h.applyAnnouncement("b", presenceAnnouncement{Seq: 1}) {
			t.Error("a beat made us ask")
		}
		if !h.applyAnnouncement("b", presenceAnnouncement{Seq: 3, Offline: []int64{1}}) || !h.Online(1)[1] {
			t.Error("a word out of turn was followed, or not asked about")
		}
		if h.applyAnnouncement("b", presenceAnnouncement{Seq: 3}) {
			t.Error("asked twice at once")
		}
		advance(2 * presenceRequestInterval)
		if !h.applyAnnouncement("b", presenceAnnouncement{Seq: 3}) {
			t.Error("did not ask again")
		}
		h.applyAnnouncement("b", presenceAnnouncement{Seq: 3, Online: usersWithIDs(2), Part: 0, Parts: 2})
		h.applyAnnouncement("b", presenceAnnouncement{Seq: 3, Online: usersWithIDs(3), Part: 1, Parts: 2})
		if here := h.Online(1, 2, 3); here[1] || !here[2] || !here[3] || h.applyAnnouncement("b", presenceAnnouncement{Seq: 3}) {
			t.Errorf("after the whole: %v", here)
		}
	})
}

func TestUsersOfSilentNodeGoOffline(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		watcher := openStream(t, h, l, viewer(1), chat.StreamKey{}, -1)
		h.applyAnnouncement("b", presenceAnnouncement{Seq: 1, Online: usersWithIDs(1, 2)})
		h.applyAnnouncement("c", presenceAnnouncement{Seq: 1, Online: usersWithIDs(2, 3)})
		advance(2 * time.Second)
		expect(t, "came", watcher.received("@")[1:], "@3:p1,p2,p3")
		advance(nodeTimeout - time.Second)
		h.applyAnnouncement("c", presenceAnnouncement{Seq: 1})
		h.removeLostNodes(time.Now())
		if _, n := h.OnlineUsers(); n != 3 {
			t.Errorf("%d are here: each is on another node too", n)
		}
		advance(2 * nodeTimeout)
		h.removeLostNodes(time.Now())
		advance(2 * time.Second)
		expect(t, "left", watcher.received("@")[2:], "@1:p1")
	})
}

func TestMovingBetweenNodesDoesNotFlicker(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		watcher := openStream(t, h, l, viewer(1), chat.StreamKey{}, -1)
		other := openStream(t, h, l, viewer(2), chat.StreamKey{}, -1)
		advance(2 * time.Second)
		told := len(watcher.received("@"))
		other.disconnect()
		advance(time.Second)
		h.applyAnnouncement("b", presenceAnnouncement{Seq: 1, Online: usersWithIDs(2)})
		advance(2 * offlineGrace)
		h.removeNode("b")
		advance(offlineGrace / 2)
		h.applyAnnouncement("c", presenceAnnouncement{Seq: 1, Online: usersWithIDs(2)})
		advance(2 * offlineGrace)
		if now := len(watcher.received("@")); now != told || !h.Online(2)[2] {
			t.Errorf("%d words about a person who never left", now-told)
		}
		h.removeNode("c")
		advance(2 * offlineGrace)
		if h.Online(2)[2] {
			t.Error("here on no node")
		}
	})
}

// Whoever has a stream on some node is here on all, whatever came of the words between them.
func TestPresenceOfNodesConverges(t *testing.T) {
	for seed := range uint64(20) {
		withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
			rnd := rand.New(rand.NewPCG(seed, 2))
			other := NewHub(l)
			other.relay = &Relay{presenceChanged: make(chan struct{}, 1)}
			open := map[int64]*Stream{}
			for range 300 {
				switch id := 1 + rnd.Int64N(6); {
				case rnd.IntN(3) == 0:
					for _, b := range other.takeAnnouncements(false) {
						if rnd.IntN(4) > 0 && h.applyAnnouncement("b", b) && rnd.IntN(2) > 0 {
							for _, b := range other.takeAnnouncements(true) {
								h.applyAnnouncement("b", b)
							}
						}
					}
				case open[id] != nil:
					open[id].Close()
					delete(open, id)
				default:
					open[id], _ = other.Subscribe(t.Context(), viewer(id), chat.StreamKey{}, textEncoder{})
				}
				advance(time.Duration(rnd.IntN(2000)) * time.Millisecond)
				other.sendPresence(time.Now())
			}
			advance(2 * offlineGrace)
			other.sendPresence(time.Now())
			for _, b := range other.takeAnnouncements(false) {
				if h.applyAnnouncement("b", b) {
					h.applyAnnouncement("b", other.takeAnnouncements(true)[0])
				}
			}
			for id := range int64(7) {
				if h.Online(id)[id] != (open[id] != nil) {
					t.Errorf("seed %d: person %d: %v", seed, id, h.Online(id)[id])
				}
			}
			if _, n := h.OnlineUsers(); n != len(open) {
				t.Errorf("seed %d: %d here, %d open", seed, n, len(open))
			}
			for _, s := range open {
				s.Close()
			}
		})
	}
}
