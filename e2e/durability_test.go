package e2e

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// TestAcknowledgedMessagesSurviveCrashes lets eight users send as fast as they can while the server is killed three
// times. Each repeats a message with its key until it is acknowledged, as a client must. In the end every acknowledged
// message is stored once, in the order of its sender.
func TestAcknowledgedMessagesSurviveCrashes(t *testing.T) {
	const senders, each, kills = 8, 60, 3
	s := startServer(t)
	people := make([]apiUser, senders)
	for i := range people {
		people[i] = s.newAPIUser(fmt.Sprint("Sender ", i))
	}
	var acknowledged atomic.Int64
	var work sync.WaitGroup
	for i, p := range people {
		work.Go(func() {
			for n := range each {
				p.postUntilAcknowledged(fmt.Sprintf("%d/%d", i, n))
				acknowledged.Add(1)
			}
		})
	}
	for k := range kills {
		waitUntil(t, "some messages were sent", func() (bool, string) {
			n := acknowledged.Load()
			return n >= int64((k+1)*senders*each/(kills+1)), fmt.Sprint(n, " sent")
		})
		s.kill()
		s.start()
	}
	work.Wait()
	next := make([]int, senders)
	for _, m := range people[0].allMessages() {
		var who, n int
		if _, err := fmt.Sscanf(m.Body, "%d/%d", &who, &n); err != nil || n != next[who] {
			t.Fatalf("found %q, but the next message of sender %d is number %d: %v", m.Body, who, next[who], err)
		}
		next[who]++
	}
	for who, n := range next {
		if n != each {
			t.Errorf("%d of %d messages of sender %d are there", n, each, who)
		}
	}
}
