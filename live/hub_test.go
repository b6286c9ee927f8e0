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

// story runs f in a bubble of its own time with a running hub, and checks that nothing is left of it.
func story(t *testing.T, f func(t *testing.T, h *Hub, l *library)) {
	synctest.Test(t, func(t *testing.T) {
		l := newLibrary()
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
		if n := h.Streams(); n != 0 {
			t.Errorf("%d streams are left", n)
		}
		if len(h.topics) != 0 {
			t.Errorf("%d topics are left", len(h.topics))
		}
	})
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestChangesArriveInOrderHoweverTheyAreAnnounced(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		r := join(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		one, two, three := l.post(general, 2, "one"), l.post(general, 2, "two"), l.post(general, 2, "three")
		h.Publish(three)
		h.Publish(one)
		h.Publish(two)
		h.Publish(two)
		synctest.Wait()
		expect(t, "lines", r.seen("+"), "+1=one", "+2=two", "+3=three")
	})
}

func TestANumberThatIsNoMessageLeavesNoGap(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		r := join(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		h.Publish(l.join(general))
		readings := l.readings
		h.Publish(l.post(general, 2, "hello"))
		synctest.Wait()
		expect(t, "lines", r.seen("+"), "+2=hello")
		if l.readings != readings {
			t.Error("the database was read although nothing was missing")
		}
	})
}

func TestWhatIsAnnouncedTooEarlyWaitsForItsTurn(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		r := join(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		l.fail(true) // there is nothing to read the gap from
		one, two, three := l.post(general, 2, "one"), l.post(general, 2, "two"), l.post(general, 2, "three")
		h.Publish(three)
		h.Publish(two)
		h.Publish(one)
		synctest.Wait()
		expect(t, "lines", r.seen("+"), "+1=one", "+2=two", "+3=three")
	})
}

func TestALostHintIsFoundByLooking(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		r := join(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		l.post(general, 2, "unannounced")
		pass(lookForChanges + time.Second)
		expect(t, "lines", r.seen("+"), "+1=unannounced")
	})
}

func TestAGapIsFilledWhenTheDatabaseIsBack(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		r := join(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		l.post(general, 2, "one")
		l.fail(true)
		h.Publish(l.post(general, 2, "two"))
		pass(10 * time.Second)
		expect(t, "while down", r.seen("+"))
		l.fail(false)
		pass(lookForChanges + time.Second)
		expect(t, "after", r.seen("+"), "+1=one", "+2=two")
	})
}

func TestADirectConversationBeginsUnderAnOpenStream(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		pair := chat.Topic{Low: 1, High: 2}
		r := join(t, h, l, viewer(1), pair, 0)
		synctest.Wait()
		l.post(pair, 2, "lost hint")
		h.Publish(l.post(pair, 2, "hi"))
		synctest.Wait()
		expect(t, "lines", r.seen("+"), "+1=lost hint", "+2=hi")
	})
}

func TestReplayBringsWhatWasMissedOnce(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		for i := range 4 {
			l.post(general, 2, fmt.Sprint("m", i+1))
		}
		l.edit(general, 1, "m1 edited")
		l.edit(general, 4, "m4 edited")
		r := join(t, h, l, viewer(1), general, 2)
		synctest.Wait()
		h.Publish(l.post(general, 2, "live"))
		synctest.Wait()
		expect(t, "words", r.seen("+~>"), "~1=m1 edited", "+3=m3", "+4=m4 edited", "~4=m4 edited", ">6", "+7=live")
	})
}

func TestAReaderTooFarBehindFetchesItsPageAgain(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		l.post(general, 2, "one")
		for _, cursor := range []int64{0, 2} {
			if cursor == 0 {
				for i := range chat.ReplayLimit {
					l.post(general, 2, fmt.Sprint(i))
				}
			} else {
				cursor = 1000
			}
			r := join(t, h, l, viewer(1), general, cursor)
			<-r.done
			expect(t, "words", r.seen("+~>!"), fmt.Sprint("!", int(EndResync)))
		}
	})
}

// The page at the first cursor and its streams, cut and resumed, show what the database shows, whatever order and losses
// the announcements have.
func TestReadersConverge(t *testing.T) {
	for seed := range uint64(120) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			story(t, func(t *testing.T, h *Hub, l *library) {
				l.detached = seed%2 == 1
				converge(t, h, l, rand.New(rand.NewPCG(seed, 1)))
			})
		})
	}
}

func converge(t *testing.T, h *Hub, l *library, rnd *rand.Rand) {
	readers := []*reader{join(t, h, l, viewer(1), general, 0), join(t, h, l, viewer(2), general, 0)}
	var kept [2][]string
	var late []chat.Change
	for i := range 120 {
		switch n := rnd.IntN(10); {
		case n < 5:
			late = append(late, l.post(general, 3, fmt.Sprint("m", i)))
		case n < 6 && len(l.rooms[general].messages) > 0:
			messages := l.rooms[general].messages
			late = append(late, l.edit(general, messages[rnd.IntN(len(messages))].Seq, fmt.Sprint("e", i)))
		case n < 7:
			late = append(late, l.join(general))
		case n < 8:
			which := rnd.IntN(2)
			readers[which].leave()
			kept[which] = append(kept[which], readers[which].seen("+~>")...)
			readers[which] = join(t, h, l, viewer(int64(which+1)), general, cursorOf(kept[which]))
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
	pass(2 * lookForChanges)
	for i, r := range readers {
		words := append(kept[i], r.seen("+~")...)
		words = slices.DeleteFunc(words, func(w string) bool { return w[0] == '>' })
		expect(t, fmt.Sprint("reader ", i), page(words), l.lines(general)...)
	}
}

// cursorOf is the last id that a reader was given.
func cursorOf(words []string) int64 {
	var id int64
	for _, w := range words {
		var n int64
		fmt.Sscanf(w, ">%d", &n)
		fmt.Sscanf(w, "+%d=", &n)
		id = max(id, n)
	}
	return id
}

func TestASlowReaderEndsAlone(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		slow := join(t, h, l, viewer(1), general, -1)
		quick := join(t, h, l, viewer(2), general, -1)
		synctest.Wait()
		stuck := make(chan struct{})
		slow.mu.Lock()
		slow.stuck = stuck
		slow.mu.Unlock()
		for i := range 2 * maxQueue {
			h.Publish(l.post(general, 3, fmt.Sprint(i)))
			synctest.Wait()
		}
		if n := len(quick.seen("+")); n != 2*maxQueue {
			t.Errorf("the quick reader has %d lines", n)
		}
		close(stuck)
		<-slow.done
		if n := len(slow.seen("+")); n >= 2*maxQueue {
			t.Errorf("the slow reader got all %d lines", n)
		}
	})
}

func TestLogOutEndsTheStreamsOfThatSession(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		out, stays := join(t, h, l, viewer(1), general, -1), join(t, h, l, viewer(2), general, -1)
		synctest.Wait()
		h.Publish(chat.SessionEnded{Session: 1})
		h.Publish(l.post(general, 2, "after"))
		<-out.done
		synctest.Wait()
		expect(t, "who logged out", out.seen("+!"), fmt.Sprint("!", int(EndLogout)))
		expect(t, "who stays", stays.seen("+!"), "+1=after")
	})
}

func TestALogOutElsewhereIsSeenWithinTwoSeconds(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		r := join(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		l.end(1)
		start := time.Now()
		<-r.done
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestALogOutDuringALongOutageIsSeenAfterIt(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		r := join(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		l.fail(true)
		pass(time.Second)
		l.end(1)
		pass(2 * lookBack)
		l.fail(false)
		pass(2 * lookForEnded)
		expect(t, "words", r.seen("!"), fmt.Sprint("!", int(EndLogout)))
	})
}

func TestASessionHoldsFourStreams(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		oldest := join(t, h, l, viewer(1), general, -1)
		for range 4 {
			join(t, h, l, viewer(1), general, -1)
		}
		<-oldest.done
		expect(t, "the oldest", oldest.seen("!"), fmt.Sprint("!", int(EndReplaced)))
		synctest.Wait()
		if n := h.Streams(); n != 4 {
			t.Errorf("%d streams are open", n)
		}
	})
}

func TestAStreamAgesAndBeats(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		r := join(t, h, l, viewer(1), chat.Topic{}, -1)
		start := time.Now()
		<-r.done
		age := time.Since(start)
		if age < minAge || age > 2*minAge {
			t.Errorf("lived %v", age)
		}
		if beats := len(r.seen(".")); beats < int(age/beatEvery)-1 {
			t.Errorf("%d beats in %v", beats, age)
		}
	})
}

func TestMemoryIsGivenBackAfterAWave(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		given := func() uint32 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.NumForcedGC
		}
		before := given()
		for n := range int64(wave) {
			join(t, h, l, viewer(n+1), chat.Topic{}, -1)
		}
		pass(time.Second)
		if given() > before {
			t.Error("memory was given back while the wave came")
		}
		pass(2 * time.Second)
		expect(t, "times that memory was given back", []string{fmt.Sprint(given() - before)}, "1")
	})
}

func TestAtShutdownEverybodyIsToldToComeBack(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		r := join(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		h.Shutdown()
		<-r.done
		late := join(t, h, l, viewer(2), general, -1)
		<-late.done
		for _, r := range []*reader{r, late} {
			if last := r.seen("!"); !strings.HasSuffix(strings.Join(last, " "), fmt.Sprint("!", int(EndRestart))) {
				t.Errorf("was told %q", last)
			}
		}
	})
}

func TestWhatComesWhileTheReplayIsReadComesOnce(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		s, err := h.Subscribe(t.Context(), viewer(1), general, plain{})
		if err != nil {
			t.Fatal(err)
		}
		h.Publish(l.post(general, 2, "in both"))
		changes, _ := l.Changes(t.Context(), 1, 0, chat.ReplayLimit)
		h.Publish(l.post(general, 2, "in the queue"))
		r := run(t, s, Replay{Changes: changes})
		synctest.Wait()
		expect(t, "lines", r.seen("+"), "+1=in both", "+2=in the queue")
	})
}
