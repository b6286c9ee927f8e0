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

// withHub runs f with a running hub in a synctest bubble. Afterwards it checks that no stream and no conversation is
// left.
func withHub(t *testing.T, f func(t *testing.T, h *Hub, db *fakeSource)) {
	synctest.Test(t, func(t *testing.T) {
		db := newFakeSource()
		h := NewHub(db)
		stopped := make(chan struct{})
		ctx := t.Context()
		go func() { h.Run(ctx); close(stopped) }()
		f(t, h, db)
		h.Shutdown()
		if err := h.Wait(ctx); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if n := h.StreamCount(); n != 0 {
			t.Errorf("%d streams are left", n)
		}
		if len(h.conversations) != 0 {
			t.Errorf("%d conversations are left", len(h.conversations))
		}
	})
}

// expect compares what was received with want.
func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestChangesArriveInOrder(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		r := openStream(t, h, db, viewer(1), general, -1)
		synctest.Wait()
		one, two, three := db.post(general, 2, "one"), db.post(general, 2, "two"), db.post(general, 2, "three")
		h.Publish(three)
		h.Publish(one)
		h.Publish(two)
		h.Publish(two)
		synctest.Wait()
		expect(t, "messages", r.received("+"), "+1=one", "+2=two", "+3=three")
	})
}

func TestSeqWithoutMessageLeavesNoGap(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		r := openStream(t, h, db, viewer(1), general, -1)
		synctest.Wait()
		h.Publish(db.addMember(general))
		reads := db.reads
		h.Publish(db.post(general, 2, "hello"))
		synctest.Wait()
		expect(t, "messages", r.received("+"), "+2=hello")
		if db.reads != reads {
			t.Error("the database was read although no change was missing")
		}
	})
}

func TestOutOfOrderChangesWaitForTheirTurn(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		r := openStream(t, h, db, viewer(1), general, -1)
		synctest.Wait()
		db.setFailing(true) // the gap cannot be read from the database
		one, two, three := db.post(general, 2, "one"), db.post(general, 2, "two"), db.post(general, 2, "three")
		h.Publish(three)
		h.Publish(two)
		h.Publish(one)
		synctest.Wait()
		expect(t, "messages", r.received("+"), "+1=one", "+2=two", "+3=three")
	})
}

func TestLostRelayMessageIsFoundByPolling(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		r := openStream(t, h, db, viewer(1), general, -1)
		synctest.Wait()
		db.post(general, 2, "unannounced")
		advance(changePollInterval + time.Second)
		expect(t, "messages", r.received("+"), "+1=unannounced")
	})
}

// TestGapFillSkipsWhatWasDeliveredMeanwhile lets a missing change arrive while the gap is read from the database, which
// also returns a later change. Every change must be delivered once.
func TestGapFillSkipsWhatWasDeliveredMeanwhile(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		r := openStream(t, h, db, viewer(1), general, -1)
		synctest.Wait()
		one, two := db.post(general, 2, "one"), db.post(general, 2, "two")
		db.post(general, 2, "three") // is not announced
		release := db.holdReads()
		h.Publish(two)
		synctest.Wait()
		if db.readCount() == 0 {
			t.Fatal("the gap is not being read")
		}
		h.Publish(one)
		synctest.Wait()
		expect(t, "messages before the read returns", r.received("+"), "+1=one", "+2=two")
		release()
		synctest.Wait()
		expect(t, "messages after the read returned", r.received("+"), "+1=one", "+2=two", "+3=three")
	})
}

func TestGapIsFilledAfterDatabaseOutage(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		r := openStream(t, h, db, viewer(1), general, -1)
		synctest.Wait()
		db.post(general, 2, "one")
		db.setFailing(true)
		h.Publish(db.post(general, 2, "two"))
		advance(10 * time.Second)
		expect(t, "during the outage", r.received("+"))
		db.setFailing(false)
		advance(changePollInterval + time.Second)
		expect(t, "after the outage", r.received("+"), "+1=one", "+2=two")
	})
}

func TestDirectRoomIsCreatedUnderOpenStream(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		direct := chat.StreamKey{Low: 1, High: 2}
		r := openStream(t, h, db, viewer(1), direct, 0)
		synctest.Wait()
		db.post(direct, 2, "not published")
		h.Publish(db.post(direct, 2, "hi"))
		synctest.Wait()
		expect(t, "messages", r.received("+"), "+1=not published", "+2=hi")
	})
}

func TestReplaySendsMissedChangesOnce(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		for i := range 4 {
			db.post(general, 2, fmt.Sprint("m", i+1))
		}
		db.edit(general, 1, "m1 edited")
		db.edit(general, 4, "m4 edited")
		r := openStream(t, h, db, viewer(1), general, 2)
		synctest.Wait()
		h.Publish(db.post(general, 2, "live"))
		synctest.Wait()
		expect(t, "tokens", r.received("+~>"), "~1=m1 edited", "+3=m3", "+4=m4 edited", "~4=m4 edited", ">6", "+7=live")
	})
}

func TestReaderTooFarBehindGetsResync(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		db.post(general, 2, "one")
		for _, cursor := range []int64{0, 2} {
			if cursor == 0 {
				for i := range chat.ReplayLimit {
					db.post(general, 2, fmt.Sprint(i))
				}
			} else {
				cursor = 1000
			}
			r := openStream(t, h, db, viewer(1), general, cursor)
			<-r.done
			expect(t, "tokens", r.received("+~>!"), endToken(EndResync))
		}
	})
}

// TestReadersConverge: whatever order and losses the published changes have, and however often the streams are closed
// and resumed, the pages show in the end what the database contains.
func TestReadersConverge(t *testing.T) {
	for seed := range uint64(120) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
				db.hijacked = seed%2 == 1
				runRandomChanges(t, h, db, rand.New(rand.NewPCG(seed, 1)))
			})
		})
	}
}

func runRandomChanges(t *testing.T, h *Hub, db *fakeSource, rnd *rand.Rand) {
	readers := []*streamReader{
		openStream(t, h, db, viewer(1), general, 0), openStream(t, h, db, viewer(2), general, 0),
	}
	var kept [2][]string // tokens of the earlier streams of each reader
	var unpublished []chat.RoomChange
	for i := range 120 {
		switch n := rnd.IntN(10); {
		case n < 5:
			unpublished = append(unpublished, db.post(general, 3, fmt.Sprint("m", i)))
		case n < 6 && len(db.rooms[general].messages) > 0:
			messages := db.rooms[general].messages
			seq := messages[rnd.IntN(len(messages))].Seq
			unpublished = append(unpublished, db.edit(general, seq, fmt.Sprint("e", i)))
		case n < 7:
			unpublished = append(unpublished, db.addMember(general))
		case n < 8:
			which := rnd.IntN(2)
			readers[which].disconnect()
			kept[which] = append(kept[which], readers[which].received("+~>")...)
			readers[which] = openStream(t, h, db, viewer(int64(which+1)), general, lastCursor(kept[which]))
		default:
			rnd.Shuffle(len(unpublished), func(i, j int) {
				unpublished[i], unpublished[j] = unpublished[j], unpublished[i]
			})
			for _, e := range unpublished {
				if rnd.IntN(5) > 0 {
					h.Publish(e)
				}
			}
			unpublished = nil
		}
		if rnd.IntN(3) == 0 {
			synctest.Wait()
		}
	}
	advance(2 * changePollInterval)
	for i, r := range readers {
		tokens := append(kept[i], r.received("+~")...)
		tokens = slices.DeleteFunc(tokens, func(token string) bool { return token[0] == '>' })
		expect(t, fmt.Sprint("reader ", i), applyToPage(tokens), db.bodies(general)...)
	}
}

// lastCursor returns the last cursor that a reader received.
func lastCursor(tokens []string) (cursor int64) {
	for _, token := range tokens {
		var n int64
		fmt.Sscanf(token, ">%d", &n)
		fmt.Sscanf(token, "+%d=", &n)
		cursor = max(cursor, n)
	}
	return cursor
}

func TestSlowReaderIsDroppedAlone(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		slow := openStream(t, h, db, viewer(1), general, -1)
		quick := openStream(t, h, db, viewer(2), general, -1)
		synctest.Wait()
		stuck := make(chan struct{})
		slow.mu.Lock()
		slow.blockWrites = stuck
		slow.mu.Unlock()
		for i := range 2 * maxQueue {
			h.Publish(db.post(general, 3, fmt.Sprint(i)))
			synctest.Wait()
		}
		if n := len(quick.received("+")); n != 2*maxQueue {
			t.Errorf("the quick reader received %d messages", n)
		}
		close(stuck)
		<-slow.done
		if n := len(slow.received("+")); n >= 2*maxQueue {
			t.Errorf("the slow reader received all %d messages", n)
		}
	})
}

func TestLogoutEndsStreamsOfItsSession(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		loggedOut, staying := openStream(t, h, db, viewer(1), general, -1), openStream(t, h, db, viewer(2), general, -1)
		synctest.Wait()
		h.Publish(chat.SessionEnded{Session: 1})
		h.Publish(db.post(general, 2, "after"))
		<-loggedOut.done
		synctest.Wait()
		expect(t, "the logged-out user", loggedOut.received("+!"), endToken(EndLogout))
		expect(t, "the staying user", staying.received("+!"), "+1=after")
	})
}

func TestLogoutOnAnotherNodeEndsStreamWithinTwoSeconds(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		r := openStream(t, h, db, viewer(1), general, -1)
		synctest.Wait()
		db.endSession(1)
		start := time.Now()
		<-r.done
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("the stream ended after %v", took)
		}
	})
}

func TestLogoutDuringOutageIsSeenAfterwards(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		r := openStream(t, h, db, viewer(1), general, -1)
		synctest.Wait()
		db.setFailing(true)
		advance(time.Second)
		db.endSession(1)
		advance(2 * pollOverlap)
		db.setFailing(false)
		advance(2 * revocationPollInterval)
		expect(t, "tokens", r.received("!"), endToken(EndLogout))
	})
}

func TestSessionMayHaveFourStreams(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		oldest := openStream(t, h, db, viewer(1), general, -1)
		for range 4 {
			openStream(t, h, db, viewer(1), general, -1)
		}
		<-oldest.done
		expect(t, "the oldest stream", oldest.received("!"), endToken(EndReplaced))
		synctest.Wait()
		if n := h.StreamCount(); n != 4 {
			t.Errorf("%d streams are open", n)
		}
	})
}

func TestStreamAgesAndSendsHeartbeats(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		r := openStream(t, h, db, viewer(1), chat.StreamKey{}, -1)
		start := time.Now()
		<-r.done
		age := time.Since(start)
		if age < minAge || age > 2*minAge {
			t.Errorf("the stream ended after %v", age)
		}
		if beats := len(r.received(".")); beats < int(age/heartbeatInterval)-1 {
			t.Errorf("%d heartbeats in %v", beats, age)
		}
	})
}

func TestMemoryIsFreedAfterBurst(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		freed := func() uint32 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.NumForcedGC
		}
		before := freed()
		for n := range int64(freeMemoryThreshold) {
			openStream(t, h, db, viewer(n+1), chat.StreamKey{}, -1)
		}
		advance(time.Second)
		if freed() > before {
			t.Error("memory was freed during the burst")
		}
		advance(2 * time.Second)
		expect(t, "how often memory was freed", []string{fmt.Sprint(freed() - before)}, "1")
	})
}

func TestShutdownSendsRestart(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		r := openStream(t, h, db, viewer(1), general, -1)
		synctest.Wait()
		h.Shutdown()
		<-r.done
		late := openStream(t, h, db, viewer(2), general, -1)
		<-late.done
		for _, r := range []*streamReader{r, late} {
			if last := r.received("!"); !strings.HasSuffix(strings.Join(last, " "), endToken(EndRestart)) {
				t.Errorf("the reader received %q", last)
			}
		}
	})
}

func TestChangesDuringReplayArriveOnce(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		s, err := h.Subscribe(t.Context(), viewer(1), general, textEncoder{})
		if err != nil {
			t.Fatal(err)
		}
		h.Publish(db.post(general, 2, "in both"))
		changes, _ := db.Changes(t.Context(), 1, 0, chat.ReplayLimit)
		h.Publish(db.post(general, 2, "in the queue"))
		r := readStream(t, s, Replay{Changes: changes})
		synctest.Wait()
		expect(t, "messages", r.received("+"), "+1=in both", "+2=in the queue")
	})
}
