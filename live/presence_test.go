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
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		watcher := openStream(t, h, db, viewer(1), chat.StreamKey{}, -1)
		advance(2 * time.Second)
		other := openStream(t, h, db, viewer(2), general, -1)
		advance(time.Second)
		expect(t, "came", watcher.received("@"), "@0:", "@1:p1", "@2:p1,p2")
		other.disconnect()
		advance(offlineGrace - time.Second)
		if !h.Online(2)[2] {
			t.Error("the user went offline within the grace period")
		}
		advance(2 * time.Second)
		expect(t, "left", watcher.received("@"), "@0:", "@1:p1", "@2:p1,p2", "@1:p1")
		if h.Online(2)[2] {
			t.Error("the user is online after the grace period")
		}
	})
}

func TestPageLoadDoesNotFlicker(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		watcher := openStream(t, h, db, viewer(1), chat.StreamKey{}, -1)
		other := openStream(t, h, db, viewer(2), general, -1)
		advance(2 * time.Second)
		before := len(watcher.received("@"))
		for range 5 {
			other.disconnect()
			advance(offlineGrace / 2)
			other = openStream(t, h, db, viewer(2), general, -1)
		}
		advance(2 * offlineGrace)
		if now := len(watcher.received("@")); now != before {
			t.Errorf("%d events about a user who stayed online", now-before)
		}
	})
}

func TestTwoTabsCountAsOneUser(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		first := openStream(t, h, db, viewer(1), chat.StreamKey{}, -1)
		second := openStream(t, h, db, viewer(1), chat.StreamKey{}, -1)
		advance(2 * time.Second)
		if _, n := h.OnlineUsers(); n != 1 {
			t.Errorf("%d users are online", n)
		}
		first.disconnect()
		advance(2 * offlineGrace)
		if !h.Online(1)[1] {
			t.Error("the user is offline although a tab is open")
		}
		second.disconnect()
		advance(2 * offlineGrace)
		if h.Online(1)[1] {
			t.Error("the user is online without a tab")
		}
	})
}

func TestPresenceIsRateLimitedAndBounded(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		watcher := openStream(t, h, db, viewer(1), chat.StreamKey{}, -1)
		advance(2 * time.Second)
		before, start := len(watcher.received("@")), time.Now()
		for n := range int64(300) {
			openStream(t, h, db, viewer(n+2), chat.StreamKey{}, -1)
			advance(10 * time.Millisecond)
		}
		advance(2 * time.Second)
		sent := len(watcher.received("@")) - before
		if most := int(time.Since(start)/minSendInterval) + 1; sent == 0 || sent > most {
			t.Errorf("%d events in %v", sent, time.Since(start))
		}
		users, count := h.OnlineUsers()
		if len(users) != MaxListedOnline || count != 301 {
			t.Errorf("%d of %d users are listed", len(users), count)
		}
	})
}

func TestUnreadIsRefreshedForAffectedUsers(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		ana := openStream(t, h, db, viewer(1), chat.StreamKey{}, -1)
		ben := openStream(t, h, db, viewer(2), chat.StreamKey{}, -1)
		eve := openStream(t, h, db, viewer(3), chat.StreamKey{}, -1)
		advance(2 * time.Second)
		states := func() string { return fmt.Sprint(ana.stateCount(), ben.stateCount(), eve.stateCount()) }
		if got := states(); got != "1 1 1" {
			t.Fatalf("at the start: %s", got)
		}
		for i := range 10 {
			h.Publish(db.post(chat.StreamKey{Low: 1, High: 2}, 1, fmt.Sprint(i)))
		}
		advance(2 * time.Second)
		if got := states(); got != "1 2 1" {
			t.Errorf("after direct messages from ana to ben: %s", got)
		}
		h.Publish(chat.ReadMarkerMoved{User: 2, Room: 1002})
		h.Publish(db.post(general, 1, "all"))
		advance(3 * time.Second)
		if got := states(); got != "2 3 2" {
			t.Errorf("after a message to all: %s", got)
		}
	})
}

func TestFailedStateIsRetried(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		ana := openStream(t, h, db, viewer(1), chat.StreamKey{}, -1)
		advance(2 * time.Second)
		ana.setStateError(errDown)
		h.Publish(db.post(chat.StreamKey{Low: 1, High: 2}, 2, "hi"))
		advance(5 * time.Second)
		tries := ana.stateCount()
		if tries < 3 {
			t.Errorf("the state was read %d times", tries)
		}
		ana.setStateError(nil)
		advance(5 * time.Second)
		if more := ana.stateCount() - tries; more != 1 {
			t.Errorf("the state was read %d times after the database recovered", more)
		}
	})
}

func TestRenameIsSent(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		watcher := openStream(t, h, db, viewer(1), chat.StreamKey{}, -1)
		openStream(t, h, db, viewer(2), chat.StreamKey{}, -1)
		advance(2 * time.Second)
		before, states := len(watcher.received("@")), watcher.stateCount()
		h.Publish(chat.UserChanged{User: chat.UserSummary{ID: 2, Name: "Another"}})
		h.Publish(chat.UserChanged{User: chat.UserSummary{ID: 99, Name: "Nobody here"}})
		advance(2 * time.Second)
		if sent := len(watcher.received("@")) - before; sent != 1 {
			t.Errorf("%d events about presence", sent)
		}
		if watcher.stateCount() <= states {
			t.Error("the names in the list of conversations were not refreshed")
		}
		users, count := h.OnlineUsers()
		if count != 2 || users[1].Name != "Another" {
			t.Errorf("the online users are %v", users)
		}
	})
}

// TestStatesAreSentInReadOrder: an event and a poll may refresh a state at the same time. The state that was read later
// must be sent later. Otherwise a program could miss a room that it has joined.
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
			t.Fatalf("state %s is at place %d", f.private, i+1)
		}
	}
	if len(s.queue) != 200 {
		t.Errorf("%d states were sent", len(s.queue))
	}
}
