package live

import (
	"math/rand/v2"
	"testing"
	"time"

	"charla/chat"
)

// usersWithIDs returns the users of viewers.
func usersWithIDs(ids ...int64) (list []chat.UserSummary) {
	for _, id := range ids {
		list = append(list, viewer(id).User)
	}
	return list
}

func TestMissedAnnouncementIsRequestedAgain(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		if h.applyAnnouncement("b", presenceAnnouncement{Seq: 1, Online: usersWithIDs(1, 2)}) || !h.Online(2)[2] {
			t.Error("the first announcement was not applied")
		}
		if h.applyAnnouncement("b", presenceAnnouncement{Seq: 1}) {
			t.Error("an announcement without changes caused a request")
		}
		if !h.applyAnnouncement("b", presenceAnnouncement{Seq: 3, Offline: []int64{1}}) || !h.Online(1)[1] {
			t.Error("an announcement after a missed one was applied, or caused no request")
		}
		if h.applyAnnouncement("b", presenceAnnouncement{Seq: 3}) {
			t.Error("the second request followed at once")
		}
		advance(2 * presenceRequestInterval)
		if !h.applyAnnouncement("b", presenceAnnouncement{Seq: 3}) {
			t.Error("there was no second request")
		}
		h.applyAnnouncement("b", presenceAnnouncement{Seq: 3, Online: usersWithIDs(2), Part: 0, Parts: 2})
		h.applyAnnouncement("b", presenceAnnouncement{Seq: 3, Online: usersWithIDs(3), Part: 1, Parts: 2})
		online := h.Online(1, 2, 3)
		if online[1] || !online[2] || !online[3] || h.applyAnnouncement("b", presenceAnnouncement{Seq: 3}) {
			t.Errorf("after all users were announced: %v", online)
		}
	})
}

func TestUsersOfSilentNodeGoOffline(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		watcher := openStream(t, h, db, viewer(1), chat.StreamKey{}, -1)
		h.applyAnnouncement("b", presenceAnnouncement{Seq: 1, Online: usersWithIDs(1, 2)})
		h.applyAnnouncement("c", presenceAnnouncement{Seq: 1, Online: usersWithIDs(2, 3)})
		advance(2 * time.Second)
		expect(t, "came", watcher.received("@")[1:], "@3:p1,p2,p3")
		advance(nodeTimeout - time.Second)
		h.applyAnnouncement("c", presenceAnnouncement{Seq: 1})
		h.removeLostNodes(time.Now())
		if _, n := h.OnlineUsers(); n != 3 {
			t.Errorf("%d users are online, although each is on another node too", n)
		}
		advance(2 * nodeTimeout)
		h.removeLostNodes(time.Now())
		advance(2 * time.Second)
		expect(t, "left", watcher.received("@")[2:], "@1:p1")
	})
}

func TestMovingBetweenNodesDoesNotFlicker(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		watcher := openStream(t, h, db, viewer(1), chat.StreamKey{}, -1)
		other := openStream(t, h, db, viewer(2), chat.StreamKey{}, -1)
		advance(2 * time.Second)
		before := len(watcher.received("@"))
		other.disconnect()
		advance(time.Second)
		h.applyAnnouncement("b", presenceAnnouncement{Seq: 1, Online: usersWithIDs(2)})
		advance(2 * offlineGrace)
		h.removeNode("b")
		advance(offlineGrace / 2)
		h.applyAnnouncement("c", presenceAnnouncement{Seq: 1, Online: usersWithIDs(2)})
		advance(2 * offlineGrace)
		if now := len(watcher.received("@")); now != before || !h.Online(2)[2] {
			t.Errorf("%d events about a user who stayed online", now-before)
		}
		h.removeNode("c")
		advance(2 * offlineGrace)
		if h.Online(2)[2] {
			t.Error("the user is online on no node")
		}
	})
}

// TestPresenceOfNodesConverges: a user with a stream on one node is online on the other, whatever announcements were
// lost.
func TestPresenceOfNodesConverges(t *testing.T) {
	for seed := range uint64(20) {
		withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
			rnd := rand.New(rand.NewPCG(seed, 2))
			other := NewHub(db)
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
					t.Errorf("seed %d: user %d online: %v", seed, id, h.Online(id)[id])
				}
			}
			if _, n := h.OnlineUsers(); n != len(open) {
				t.Errorf("seed %d: %d users are online, %d streams are open", seed, n, len(open))
			}
			for _, s := range open {
				s.Close()
			}
		})
	}
}
