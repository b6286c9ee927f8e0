package handlers_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"charla/live/natstest"
)

func TestPostReachesAllNodes(t *testing.T) {
	all := startNodes(t, 3, natstest.New(t).URL())
	ana, berta := all[0].newUser("Ana"), all[0].newUser("Berta")
	var streams []*eventStream
	for _, s := range all {
		st := berta.onNode(s).listen("/events?room=1")
		st.readUntil("the cursor", isBareID)
		streams = append(streams, st)
	}
	var took []time.Duration
	for i := range 300 {
		start := time.Now()
		m := ana.onNode(all[i%3]).sendMessage("room=1", fmt.Sprintf("number %d.", i))
		for n, st := range streams {
			if e := st.waitFor(fmt.Sprintf("number %d.", i)); e.id != formatID(m.Seq) {
				t.Fatalf("on node %d message %d has id %s", n, m.Seq, e.id)
			}
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	p50, p99 := took[len(took)/2], took[len(took)*99/100]
	t.Logf("from the request to the streams of all three nodes: p50 %v, p99 %v, at most %v", p50, p99,
		took[len(took)-1])
	if p50 > time.Second { // polling alone takes about one and a half seconds
		t.Errorf("p50 %v", p50)
	}
	for _, s := range all {
		ana.onNode(s).get("/messages?room=1").is(200).has("number 299.")
	}
}

// Three nodes post into one room at the same time, so their hints can overtake each other.
func TestConcurrentPostsReachAllNodes(t *testing.T) {
	all := startNodes(t, 3, natstest.New(t).URL())
	ana, berta := all[0].newUser("Ana"), all[0].newUser("Berta")
	const posts, pause = 100, 15 * time.Millisecond
	var (
		mu      sync.Mutex // guards started and took
		started = map[string]time.Time{}
		took    []time.Duration
		work    sync.WaitGroup
	)
	body := regexp.MustCompile(`>(from \d number \d+)<`)
	for _, s := range all {
		st := berta.onNode(s).listen("/events?room=1")
		st.readUntil("the cursor", isBareID)
		work.Go(func() {
			for seen := 0; seen < posts*len(all); {
				e, err := st.next()
				now := time.Now()
				if err != nil {
					t.Error(err)
					return
				}
				if m := body.FindStringSubmatch(e.data); m != nil {
					seen++
					mu.Lock()
					took = append(took, now.Sub(started[m[1]]))
					mu.Unlock()
				}
			}
		})
	}
	for n, s := range all {
		work.Go(func() {
			for i := range posts {
				text := fmt.Sprintf("from %d number %d", n, i)
				mu.Lock()
				started[text] = time.Now()
				mu.Unlock()
				ana.onNode(s).sendMessage("room=1", text)
				<-time.After(pause)
			}
		})
	}
	work.Wait()
	slices.Sort(took)
	t.Logf("200 posts a second: p50 %v, p99 %v, at most %v", took[len(took)/2], took[len(took)*99/100],
		took[len(took)-1])
	equal(t, "lines seen", len(took), posts*len(all)*len(all))
	if took[len(took)*99/100] > time.Second {
		t.Error("too slow")
	}
}

func TestRevocationReachesOtherNodes(t *testing.T) {
	t.Parallel()
	all := startNodes(t, 2, natstest.New(t).URL())
	ana, berta := all[0].newUser("Ana"), all[0].newUser("Berta")
	out, stays := ana.onNode(all[1]).listen("/events?room=1"), berta.onNode(all[1]).listen("/events?room=1")
	out.readUntil("the cursor", isBareID)
	stays.readUntil("the cursor", isBareID)
	ana.post("/logout", nil).is(303)
	out.readUntil("log-out", func(e event) bool { return e.name == "logout" })
	berta.onNode(all[0]).sendMessage("room=1", "after")
	stays.waitFor("after")
	for e := range out.events {
		lacks(t, e.data, "after")
	}
	ana.onNode(all[1]).get("/messages?room=1").is(303)
}

func TestPresenceOfAllNodes(t *testing.T) {
	t.Parallel()
	all := startNodes(t, 3, natstest.New(t).URL())
	ana, berta := all[0].newUser("Ana"), all[0].newUser("Berta")
	watcher := ana.listen("/events")
	st := berta.onNode(all[1]).listen("/events")
	berta.onNode(all[2]).listen("/events")
	watcher.waitForElement("[hx-target='#online-list']", "Berta")
	for i, s := range all {
		eventually(t, fmt.Sprint("both are here on node ", i),
			func() bool { _, n := s.hub.OnlineUsers(); return n == 2 })
		ana.onNode(s).get("/chat").is(200).has(">Berta<")
	}
	st.cancel()
	ana.onNode(all[2]).sendMessage(berta.peerQuery(), "unread on another node")
	berta.onNode(all[0]).listen("/events").waitFor("unread")
}

func TestNATSOutage(t *testing.T) {
	t.Parallel()
	server := natstest.New(t)
	all := startNodes(t, 3, server.URL())
	ana := all[0].newUser("Ana")
	var readers []*streamReader
	for _, s := range all {
		readers = append(readers, openReader(ana.onNode(s), htmlReader, "room=1"),
			openReader(ana.onNode(s), jsonReader, "room=1"))
	}
	defer func() {
		for _, r := range readers {
			r.close()
		}
	}()
	said := 0
	say := func(n int) {
		for range n {
			said++
			ana.onNode(all[said%3]).sendMessage("room=1", fmt.Sprintf("number %d.", said))
		}
	}
	converge := func(what string, within time.Duration) {
		t.Helper()
		start := time.Now()
		for _, r := range readers {
			fresh := r.freshView().lines()
			eventually(t, what, func() bool { return r.difference(fresh) == "" })
		}
		t.Logf("%s: %v", what, time.Since(start))
		if took := time.Since(start); took > within {
			t.Errorf("%s took %v", what, took)
		}
	}
	say(10)
	converge("with NATS", 2*time.Second)
	server.Kill()
	say(10)
	converge("without NATS", 5*time.Second)
	out := all[0].newSession(ana.user)
	st := out.onNode(all[1]).listen("/events?room=1")
	st.readUntil("the cursor", isBareID)
	start := time.Now()
	out.post("/logout", nil).is(303)
	st.readUntil("log-out", func(e event) bool { return e.name == "logout" })
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("the log-out took %v", took)
	}
	server.Start(t)
	say(20)
	converge("NATS back", 5*time.Second)
	for _, r := range readers { // each window began before the first message
		lines := r.shown()
		for i := range said {
			equal(
				t,
				fmt.Sprintf("lines with number %d", i+1),
				strings.Count(lines, fmt.Sprintf("number %d.<", i+1))+strings.Count(lines,
					fmt.Sprintf(`"HTML":"number %d."`, i+1)),
				1,
			)
		}
	}
}
