package live

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"charla/chat"
)

func TestUsersComeOnlineAndGoOffline(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		watcher := openStream(t, h, l, viewer(1), chat.StreamKey{}, -1)
		advance(2 * time.Second)
		other := openStream(t, h, l, viewer(2), general, -1)
		advance(time.Second)
		expect(t, "came", watcher.received("@"), "@0:", "@1:p1", "@2:p1,p2")
		other.disconnect()
		advance(offlineGrace - time.Second)
		if !h.Online(2)[2] {
			t.Error("gone within the grace")
		}
		advance(2 * time.Second)
		expect(t, "left", watcher.received("@"), "@0:", "@1:p1", "@2:p1,p2", "@1:p1")
		if h.Online(2)[2] {
			t.Error("still here after the grace")
		}
	})
}

func TestPageLoadDoesNotFlicker(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		watcher := openStream(t, h, l, viewer(1), chat.StreamKey{}, -1)
		other := openStream(t, h, l, viewer(2), general, -1)
		advance(2 * time.Second)
		told := len(watcher.received("@"))
		for range 5 {
			other.disconnect()
			advance(offlineGrace / 2)
			other = openStream(t, h, l, viewer(2), general, -1)
		}
		advance(2 * offlineGrace)
		if now := len(watcher.received("@")); now != told {
			t.Errorf("%d words about a person who never left", now-told)
		}
	})
}

func TestTwoTabsCountAsOneUser(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		first, second := openStream(t, h, l, viewer(1), chat.StreamKey{}, -1), openStream(t, h, l, viewer(1), chat.StreamKey{}, -1)
		advance(2 * time.Second)
		if _, n := h.OnlineUsers(); n != 1 {
			t.Errorf("%d are here", n)
		}
		first.disconnect()
		advance(2 * offlineGrace)
		if !h.Online(1)[1] {
			t.Error("gone with one tab open")
		}
		second.disconnect()
		advance(2 * offlineGrace)
		if h.Online(1)[1] {
			t.Error("here without a tab")
		}
	})
}

func TestPresenceIsRateLimitedAndBounded(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		watcher := openStream(t, h, l, viewer(1), chat.StreamKey{}, -1)
		advance(2 * time.Second)
		before, start := len(watcher.received("@")), time.Now()
		for n := range int64(300) {
			openStream(t, h, l, viewer(n+2), chat.StreamKey{}, -1)
			advance(10 * time.Millisecond)
		}
		advance(2 * time.Second)
		told := len(watcher.received("@")) - before
		if most := int(time.Since(start)/minSendInterval) + 1; told == 0 || told > most {
			t.Errorf("%d words in %v", told, time.Since(start))
		}
		people, count := h.OnlineUsers()
		if len(people) != MaxListedOnline || count != 301 {
			t.Errorf("%d listed of %d", len(people), count)
		}
	})
}

func TestUnreadIsRefreshedForAffectedUsers(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		ana, ben, eve := openStream(t, h, l, viewer(1), chat.StreamKey{}, -1), openStream(t, h, l, viewer(2), chat.StreamKey{}, -1), openStream(t, h, l, viewer(3), chat.StreamKey{}, -1)
		advance(2 * time.Second)
		states := func() string { return fmt.Sprint(ana.stateCount(), ben.stateCount(), eve.stateCount()) }
		if got := states(); got != "1 1 1" {
			t.Fatalf("at the start: %s", got)
		}
		for i := range 10 {
			h.Publish(l.post(chat.StreamKey{Low: 1, High: 2}, 1, fmt.Sprint(i)))
		}
		advance(2 * time.Second)
		if got := states(); got != "1 2 1" {
			t.Errorf("after direct messages of ana to ben: %s", got)
		}
		h.Publish(chat.ReadMarkerMoved{User: 2, Room: 1002})
		h.Publish(l.post(general, 1, "all"))
		advance(3 * time.Second)
		if got := states(); got != "2 3 2" {
			t.Errorf("after a message to all: %s", got)
		}
	})
}

func TestFailedStateIsRetried(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		ana := openStream(t, h, l, viewer(1), chat.StreamKey{}, -1)
		advance(2 * time.Second)
		ana.setStateError(errDown)
		h.Publish(l.post(chat.StreamKey{Low: 1, High: 2}, 2, "hi"))
		advance(5 * time.Second)
		tries := ana.stateCount()
		if tries < 3 {
			t.Errorf("asked %d times", tries)
		}
		ana.setStateError(nil)
		advance(5 * time.Second)
		if more := ana.stateCount() - tries; more != 1 {
			t.Errorf("asked %d times after it could be read", more)
		}
	})
}

func TestRenameIsSent(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		watcher := openStream(t, h, l, viewer(1), chat.StreamKey{}, -1)
		openStream(t, h, l, viewer(2), chat.StreamKey{}, -1)
		advance(2 * time.Second)
		words, states := len(watcher.received("@")), watcher.stateCount()
		h.Publish(chat.UserChanged{User: chat.UserSummary{ID: 2, Name: "Another"}})
		h.Publish(chat.UserChanged{User: chat.UserSummary{ID: 99, Name: "Nobody here"}})
		advance(2 * time.Second)
		if told := len(watcher.received("@")) - words; told != 1 {
			t.Errorf("%d words about who is here", told)
		}
		if watcher.stateCount() <= states {
			t.Error("the names in the list of conversations were not told")
		}
		people, count := h.OnlineUsers()
		if count != 2 || people[1].Name != "Another" {
			t.Errorf("here are %v", people)
		}
	})
}

// Two may ask for a state at once, after a hint and at a look. What was read later is told later: a program would take a room
// for left that it joined since.
func TestStatesAreSentInReadOrder(t *testing.T) {
	s := newStream(NewHub(newFakeSource()), viewer(1), nil)
	read := 0
	s.state = func(context.Context) ([]byte, error) {
		read++
		now := read
		runtime.Gosched()
		return fmt.Append(nil, now), nil
	}
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for range 25 {
				s.refreshState(t.Context())
			}
		})
	}
	work.Wait()
	for i, f := range s.queue {
		if string(f.private) != fmt.Sprint(i+1) {
			t.Fatalf("state %s stands at place %d", f.private, i+1)
		}
	}
	if len(s.queue) != 200 {
		t.Errorf("%d states are told", len(s.queue))
	}
}
