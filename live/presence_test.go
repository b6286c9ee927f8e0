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

func TestPeopleComeAndGo(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		watcher := join(t, h, l, viewer(1), chat.Topic{}, -1)
		pass(2 * time.Second)
		other := join(t, h, l, viewer(2), general, -1)
		pass(time.Second)
		expect(t, "came", watcher.seen("@"), "@0:", "@1:p1", "@2:p1,p2")
		other.leave()
		pass(grace - time.Second)
		if !h.Online(2)[2] {
			t.Error("gone within the grace")
		}
		pass(2 * time.Second)
		expect(t, "left", watcher.seen("@"), "@0:", "@1:p1", "@2:p1,p2", "@1:p1")
		if h.Online(2)[2] {
			t.Error("still here after the grace")
		}
	})
}

func TestAPageChangeDoesNotFlicker(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		watcher := join(t, h, l, viewer(1), chat.Topic{}, -1)
		other := join(t, h, l, viewer(2), general, -1)
		pass(2 * time.Second)
		told := len(watcher.seen("@"))
		for range 5 {
			other.leave()
			pass(grace / 2)
			other = join(t, h, l, viewer(2), general, -1)
		}
		pass(2 * grace)
		if now := len(watcher.seen("@")); now != told {
			t.Errorf("%d words about a person who never left", now-told)
		}
	})
}

func TestTwoTabsCountOnce(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		first, second := join(t, h, l, viewer(1), chat.Topic{}, -1), join(t, h, l, viewer(1), chat.Topic{}, -1)
		pass(2 * time.Second)
		if _, n := h.Here(); n != 1 {
			t.Errorf("%d are here", n)
		}
		first.leave()
		pass(2 * grace)
		if !h.Online(1)[1] {
			t.Error("gone with one tab open")
		}
		second.leave()
		pass(2 * grace)
		if h.Online(1)[1] {
			t.Error("here without a tab")
		}
	})
}

func TestPresenceIsToldOnceASecondAndBounded(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		watcher := join(t, h, l, viewer(1), chat.Topic{}, -1)
		pass(2 * time.Second)
		before, start := len(watcher.seen("@")), time.Now()
		for n := range int64(300) {
			join(t, h, l, viewer(n+2), chat.Topic{}, -1)
			pass(10 * time.Millisecond)
		}
		pass(2 * time.Second)
		told := len(watcher.seen("@")) - before
		if most := int(time.Since(start)/tellEvery) + 1; told == 0 || told > most {
			t.Errorf("%d words in %v", told, time.Since(start))
		}
		people, count := h.Here()
		if len(people) != MaxHere || count != 301 {
			t.Errorf("%d listed of %d", len(people), count)
		}
	})
}

func TestUnreadCountsAreToldToWhomTheyConcern(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		ana, ben, eve := join(t, h, l, viewer(1), chat.Topic{}, -1), join(t, h, l, viewer(2), chat.Topic{}, -1), join(t, h, l, viewer(3), chat.Topic{}, -1)
		pass(2 * time.Second)
		states := func() string { return fmt.Sprint(ana.states(), ben.states(), eve.states()) }
		if got := states(); got != "1 1 1" {
			t.Fatalf("at the start: %s", got)
		}
		for i := range 10 {
			h.Publish(l.post(chat.Topic{Low: 1, High: 2}, 1, fmt.Sprint(i)))
		}
		pass(2 * time.Second)
		if got := states(); got != "1 2 1" {
			t.Errorf("after direct messages of ana to ben: %s", got)
		}
		h.Publish(chat.ReadMarked{User: 2, Room: 1002})
		h.Publish(l.post(general, 1, "all"))
		pass(3 * time.Second)
		if got := states(); got != "2 3 2" {
			t.Errorf("after a message to all: %s", got)
		}
	})
}

func TestAStateThatCannotBeReadIsAskedForAgain(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		ana := join(t, h, l, viewer(1), chat.Topic{}, -1)
		pass(2 * time.Second)
		ana.see(errDown)
		h.Publish(l.post(chat.Topic{Low: 1, High: 2}, 2, "hi"))
		pass(5 * time.Second)
		tries := ana.states()
		if tries < 3 {
			t.Errorf("asked %d times", tries)
		}
		ana.see(nil)
		pass(5 * time.Second)
		if more := ana.states() - tries; more != 1 {
			t.Errorf("asked %d times after it could be read", more)
		}
	})
}

func TestAnotherNameIsTold(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		watcher := join(t, h, l, viewer(1), chat.Topic{}, -1)
		join(t, h, l, viewer(2), chat.Topic{}, -1)
		pass(2 * time.Second)
		words, states := len(watcher.seen("@")), watcher.states()
		h.Publish(chat.PersonChanged{Person: chat.Person{ID: 2, Name: "Another"}})
		h.Publish(chat.PersonChanged{Person: chat.Person{ID: 99, Name: "Nobody here"}})
		pass(2 * time.Second)
		if told := len(watcher.seen("@")) - words; told != 1 {
			t.Errorf("%d words about who is here", told)
		}
		if watcher.states() <= states {
			t.Error("the names in the list of conversations were not told")
		}
		people, count := h.Here()
		if count != 2 || people[1].Name != "Another" {
			t.Errorf("here are %v", people)
		}
	})
}

// Two may ask for a state at once, after a hint and at a look. What was read later is told later: a program would take a room
// for left that it joined since.
func TestStatesAreToldInTheOrderInWhichTheyWereRead(t *testing.T) {
	s := newStream(NewHub(newLibrary()), viewer(1), nil)
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
				s.retell(t.Context())
			}
		})
	}
	work.Wait()
	for i, f := range s.queue {
		if string(f.raw) != fmt.Sprint(i+1) {
			t.Fatalf("state %s stands at place %d", f.raw, i+1)
		}
	}
	if len(s.queue) != 200 {
		t.Errorf("%d states are told", len(s.queue))
	}
}
