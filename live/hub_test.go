package live

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"charla/chat"
)

// withHub runs f in a bubble of its own time with a running hub, and checks that nothing is left of it.
func withHub(t *testing.T, f func(t *testing.T, h *Hub, l *fakeSource)) {
	synctest.Test(t, func(t *testing.T) {
		l := newFakeSource()
		h := NewHub(l)
		stopped := make(chan struct{})
		ctx := t.Context()
		go func() { h.Run(ctx); close(stopped) }()
		f(t, h, l)
		h.Shutdown()
		if err := h.Wait(ctx); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if n := h.StreamCount(); n != 0 {
			t.Errorf("%d streams are left", n)
		}
		if len(h.conversations) != 0 {
			t.Errorf("%d topics are left", len(h.conversations))
		}
	})
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestChangesArriveInOrder(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		r := openStream(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		one, two, three := l.post(general, 2, "one"), l.post(general, 2, "two"), l.post(general, 2, "three")
		h.Publish(three)
		h.Publish(one)
		h.Publish(two)
		h.Publish(two)
		synctest.Wait()
		expect(t, "lines", r.received("+"), "+1=one", "+2=two", "+3=three")
	})
}

func TestSeqWithoutMessageLeavesNoGap(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		r := openStream(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		h.Publish(l.addMember(general))
		readings := l.reads
		h.Publish(l.post(general, 2, "hello"))
		synctest.Wait()
		expect(t, "lines", r.received("+"), "+2=hello")
		if l.reads != readings {
			t.Error("the database was read although nothing was missing")
		}
	})
}

func TestOutOfOrderChangesWaitForTheirTurn(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		r := openStream(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		l.setFailing(true) // there is nothing to read the gap from
		one, two, three := l.post(general, 2, "one"), l.post(general, 2, "two"), l.post(general, 2, "three")
		h.Publish(three)
		h.Publish(two)
		h.Publish(one)
		synctest.Wait()
		expect(t, "lines", r.received("+"), "+1=one", "+2=two", "+3=three")
	})
}

func TestLostRelayMessageIsFoundByPolling(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		r := openStream(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		l.post(general, 2, "unannounced")
		advance(changePollInterval + time.Second)
		expect(t, "lines", r.received("+"), "+1=unannounced")
	})
}

func TestGapIsFilledAfterDatabaseOutage(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		r := openStream(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		l.post(general, 2, "one")
		l.setFailing(true)
		h.Publish(l.post(general, 2, "two"))
		advance(10 * time.Second)
		expect(t, "while down", r.received("+"))
		l.setFailing(false)
		advance(changePollInterval + time.Second)
		expect(t, "after", r.received("+"), "+1=one", "+2=two")
	})
}

func TestDirectRoomIsCreatedUnderOpenStream(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		pair := chat.StreamKey{Low: 1, High: 2}
		r := openStream(t, h, l, viewer(1), pair, 0)
		synctest.Wait()
		l.post(pair, 2, "lost hint")
		h.Publish(l.post(pair, 2, "hi"))
		synctest.Wait()
		expect(t, "lines", r.received("+"), "+1=lost hint", "+2=hi")
	})
}

func TestReplaySendsMissedChangesOnce(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		for i := range 4 {
			l.post(general, 2, fmt.Sprint("m", i+1))
		}
		l.edit(general, 1, "m1 edited")
		l.edit(general, 4, "m4 edited")
		r := openStream(t, h, l, viewer(1), general, 2)
		synctest.Wait()
		h.Publish(l.post(general, 2, "live"))
		synctest.Wait()
		expect(t, "words", r.received("+~>"), "~1=m1 edited", "+3=m3", "+4=m4 edited", "~4=m4 edited", ">6", "+7=live")
	})
}

func TestReaderTooFarBehindGetsResync(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		l.post(general, 2, "one")
		for _, cursor := range []int64{0, 2} {
			if cursor == 0 {
				for i := range chat.ReplayLimit {
					l.post(general, 2, fmt.Sprint(i))
				}
			} else {
				cursor = 1000
			}
			r := openStream(t, h, l, viewer(1), general, cursor)
			<-r.done
			expect(t, "words", r.received("+~>!"), fmt.Sprint("!", int(EndResync)))
		}
	})
}

// The page at the first cursor and its streams, cut and resumed, show what the database shows, whatever order and losses
// the announcements have.
func TestReadersConverge(t *testing.T) {
	for seed := range uint64(120) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
				l.hijacked = seed%2 == 1
				runRandomChanges(t, h, l, rand.New(rand.NewPCG(seed, 1)))
			})
		})
	}
}

func runRandomChanges(t *testing.T, h *Hub, l *fakeSource, rnd *rand.Rand) {
	readers := []*streamReader{openStream(t, h, l, viewer(1), general, 0), openStream(t, h, l, viewer(2), general, 0)}
	var kept [2][]string
	var late []chat.RoomChange
	for i := range 120 {
		switch n := rnd.IntN(10); {
		case n < 5:
			late = append(late, l.post(general, 3, fmt.Sprint("m", i)))
		case n < 6 && len(l.rooms[general].messages) > 0:
			messages := l.rooms[general].messages
			late = append(late, l.edit(general, messages[rnd.IntN(len(messages))].Seq, fmt.Sprint("e", i)))
		case n < 7:
			late = append(late, l.addMember(general))
		case n < 8:
			which := rnd.IntN(2)
			readers[which].disconnect()
			kept[which] = append(kept[which], readers[which].received("+~>")...)
			readers[which] = openStream(t, h, l, viewer(int64(which+1)), general, lastCursor(kept[which]))
		default:
			rnd.Shuffle(len(late), func(i, j int) { late[i], late[j] = late[j], late[i] })
			for _, e := range late {
				if rnd.IntN(5) > 0 {
					h.Publish(e)
				}
			}
			late = nil
		}
		if rnd.IntN(3) == 0 {
			synctest.Wait()
		}
	}
	advance(2 * changePollInterval)
	for i, r := range readers {
		words := append(kept[i], r.received("+~")...)
		words = slices.DeleteFunc(words, func(w string) bool { return w[0] == '>' })
		expect(t, fmt.Sprint("reader ", i), applyToPage(words), l.bodies(general)...)
	}
}

// lastCursor is the last id that a reader was given.
func lastCursor(words []string) int64 {
	var id int64
	for _, w := range words {
		var n int64
		fmt.Sscanf(w, ">%d", &n)
		fmt.Sscanf(w, "+%d=", &n)
		id = max(id, n)
	}
	return id
}

func TestSlowReaderIsDroppedAlone(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		slow := openStream(t, h, l, viewer(1), general, -1)
		quick := openStream(t, h, l, viewer(2), general, -1)
		synctest.Wait()
		stuck := make(chan struct{})
		slow.mu.Lock()
		slow.blockWrites = stuck
		slow.mu.Unlock()
		for i := range 2 * maxQueue {
			h.Publish(l.post(general, 3, fmt.Sprint(i)))
			synctest.Wait()
		}
		if n := len(quick.received("+")); n != 2*maxQueue {
			t.Errorf("the quick reader has %d lines", n)
		}
		close(stuck)
		<-slow.done
		if n := len(slow.received("+")); n >= 2*maxQueue {
			t.Errorf("the slow reader got all %d lines", n)
		}
	})
}

func TestLogoutEndsStreamsOfItsSession(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		out, stays := openStream(t, h, l, viewer(1), general, -1), openStream(t, h, l, viewer(2), general, -1)
		synctest.Wait()
		h.Publish(chat.SessionEnded{Session: 1})
		h.Publish(l.post(general, 2, "after"))
		<-out.done
		synctest.Wait()
		expect(t, "who logged out", out.received("+!"), fmt.Sprint("!", int(EndLogout)))
		expect(t, "who stays", stays.received("+!"), "+1=after")
	})
}

func TestLogoutOnAnotherNodeEndsStreamWithinTwoSeconds(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		r := openStream(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		l.endSession(1)
		start := time.Now()
		<-r.done
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestLogoutDuringOutageIsSeenAfterwards(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		r := openStream(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		l.setFailing(true)
		advance(time.Second)
		l.endSession(1)
		advance(2 * pollOverlap)
		l.setFailing(false)
		advance(2 * revocationPollInterval)
		expect(t, "words", r.received("!"), fmt.Sprint("!", int(EndLogout)))
	})
}

func TestASessionHoldsFourStreams(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		oldest := openStream(t, h, l, viewer(1), general, -1)
		for range 4 {
			openStream(t, h, l, viewer(1), general, -1)
		}
		<-oldest.done
		expect(t, "the oldest", oldest.received("!"), fmt.Sprint("!", int(EndReplaced)))
		synctest.Wait()
		if n := h.StreamCount(); n != 4 {
			t.Errorf("%d streams are open", n)
		}
	})
}

func TestStreamAgesAndSendsHeartbeats(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		r := openStream(t, h, l, viewer(1), chat.StreamKey{}, -1)
		start := time.Now()
		<-r.done
		age := time.Since(start)
		if age < minAge || age > 2*minAge {
			t.Errorf("lived %v", age)
		}
		if beats := len(r.received(".")); beats < int(age/heartbeatInterval)-1 {
			t.Errorf("%d beats in %v", beats, age)
		}
	})
}

func TestMemoryIsFreedAfterBurst(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		given := func() uint32 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.NumForcedGC
		}
		before := given()
		for n := range int64(freeMemoryThreshold) {
			openStream(t, h, l, viewer(n+1), chat.StreamKey{}, -1)
		}
		advance(time.Second)
		if given() > before {
			t.Error("memory was given back while the wave came")
		}
		advance(2 * time.Second)
		expect(t, "times that memory was given back", []string{fmt.Sprint(given() - before)}, "1")
	})
}

func TestShutdownSendsRestart(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		r := openStream(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		h.Shutdown()
		<-r.done
		late := openStream(t, h, l, viewer(2), general, -1)
		<-late.done
		for _, r := range []*streamReader{r, late} {
			if last := r.received("!"); !strings.HasSuffix(strings.Join(last, " "), fmt.Sprint("!", int(EndRestart))) {
				t.Errorf("was told %q", last)
			}
		}
	})
}

func TestChangesDuringReplayArriveOnce(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		s, err := h.Subscribe(t.Context(), viewer(1), general, textEncoder{})
		if err != nil {
			t.Fatal(err)
		}
		h.Publish(l.post(general, 2, "in both"))
		changes, _ := l.Changes(t.Context(), 1, 0, chat.ReplayLimit)
		h.Publish(l.post(general, 2, "in the queue"))
		r := readStream(t, s, Replay{Changes: changes})
		synctest.Wait()
		expect(t, "lines", r.received("+"), "+1=in both", "+2=in the queue")
	})
}
