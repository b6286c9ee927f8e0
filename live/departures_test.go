package live

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"charla/chat"
)

var farewell = fmt.Sprint("!", int(EndLeft))

// parting runs a story of somebody who is removed from general, and of somebody who stays.
func parting(t *testing.T, f func(h *Hub, l *library), removed, stays []string) {
	t.Helper()
	story(t, func(t *testing.T, h *Hub, l *library) {
		out, in := join(t, h, l, viewer(1), general, -1), join(t, h, l, viewer(2), general, -1)
		synctest.Wait()
		f(h, l)
		pass(2 * lookForChanges)
		expect(t, "who was removed", out.seen("+~!"), removed...)
		expect(t, "who stays", in.seen("+~!"), stays...)
		if h.Streams() != 1 {
			t.Errorf("%d streams are open", h.Streams())
		}
	})
}

func TestWhoIsRemovedHearsNothingMore(t *testing.T) {
	parting(t, func(h *Hub, l *library) {
		h.Publish(l.post(general, 3, "before"))
		h.Publish(l.remove(general, 1))
		h.Publish(l.post(general, 3, "after"))
	}, []string{"+1=before", farewell}, []string{"+1=before", "+3=after"})
}

func TestADepartureAnnouncedLateOrNeverIsFoundInTheGap(t *testing.T) {
	parting(t, func(h *Hub, l *library) {
		left, after := l.remove(general, 1), l.post(general, 3, "after")
		h.Publish(after)
		synctest.Wait()
		h.Publish(left)
	}, []string{farewell}, []string{"+2=after"})
	parting(t, func(h *Hub, l *library) {
		l.remove(general, 1)
		l.post(general, 3, "after")
	}, []string{farewell}, []string{"+2=after"})
}

func TestWhatWasChangedAfterADepartureIsNotToldBeforeIt(t *testing.T) {
	parting(t, func(h *Hub, l *library) {
		l.post(general, 3, "before")
		l.remove(general, 1)
		l.edit(general, 1, "changed since")
	}, []string{farewell}, []string{"+1=changed since", "~1=changed since"})
}

func TestADepartureElsewhereIsSeenWithinTwoSeconds(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		r := join(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		l.remove(general, 1)
		start := time.Now()
		<-r.done
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("took %v", took)
		}
		expect(t, "words", r.seen("+!"), farewell)
	})
}

func TestADepartureIsSeenWhenTheDatabaseIsBack(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		r := join(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		l.fail(true)
		l.remove(general, 1)
		h.Publish(l.post(general, 3, "after"))
		pass(10 * time.Second)
		expect(t, "while down", r.seen("+!"))
		l.fail(false)
		<-r.done
		expect(t, "after", r.seen("+!"), farewell)
	})
}

func TestWhoCameBackStays(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		join(t, h, l, viewer(2), general, -1) // keeps the numbers of the topic, which lag behind
		synctest.Wait()
		l.remove(general, 1)
		l.join(general)
		back := join(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		h.Publish(l.post(general, 3, "welcome back"))
		pass(2 * lookForChanges)
		expect(t, "words", back.seen("+!"), "+3=welcome back")
	})
}

func TestOnlyTheStreamsOfThatRoomEnd(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		pair := chat.Topic{Low: 1, High: 2}
		l.post(pair, 2, "hello")
		elsewhere, nowhere := join(t, h, l, viewer(1), pair, -1), join(t, h, l, viewer(1), chat.Topic{}, -1)
		rooms := []*reader{join(t, h, l, viewer(1), general, -1), join(t, h, l, viewer(1), general, -1)}
		pass(2 * time.Second)
		told := nowhere.states()
		h.Publish(l.remove(general, 1))
		for _, r := range rooms {
			<-r.done
		}
		h.Publish(l.post(pair, 2, "still here"))
		pass(2 * time.Second)
		expect(t, "elsewhere", elsewhere.seen("+!"), "+2=still here")
		expect(t, "nowhere", nowhere.seen("!"))
		if nowhere.states() == told {
			t.Error("the list of rooms was not told again")
		}
	})
}

// Whatever is lost or out of order, the removed see nothing that happened after their departure: every text tells when it
// was written.
func TestNothingLaterReachesTheRemoved(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			story(t, func(t *testing.T, h *Hub, l *library) { removeSometime(t, h, l, rand.New(rand.NewPCG(seed, 2))) })
		})
	}
}

func removeSometime(t *testing.T, h *Hub, l *library, rnd *rand.Rand) {
	out, in := join(t, h, l, viewer(1), general, 0), join(t, h, l, viewer(2), general, 0)
	var late []chat.Change
	at, when := int64(0), rnd.IntN(60)
	for i := range 90 {
		now := l.rooms[general].last + 1
		messages := l.rooms[general].messages
		switch {
		case i == when:
			left := l.remove(general, 1)
			at = left.Seq
			late = append(late, left)
		case rnd.IntN(3) == 0 && len(messages) > 0:
			late = append(late, l.edit(general, messages[rnd.IntN(len(messages))].Seq, fmt.Sprint(now)))
		default:
			late = append(late, l.post(general, 3, fmt.Sprint(now)))
		}
		if rnd.IntN(4) == 0 {
			rnd.Shuffle(len(late), func(i, j int) { late[i], late[j] = late[j], late[i] })
			for _, e := range late {
				if rnd.IntN(4) > 0 {
					h.Publish(e)
				}
			}
			late = nil
			synctest.Wait()
		}
	}
	pass(2 * lookForChanges)
	for _, w := range out.seen("+~") {
		_, body, _ := strings.Cut(w, "=")
		var written int64
		fmt.Sscan(body, &written)
		if written > at {
			t.Errorf("%q reached who was removed at %d", w, at)
		}
	}
	if words := out.seen("+~!"); words[len(words)-1] != farewell {
		t.Errorf("the stream ended with %q", words[len(words)-1])
	}
	expect(t, "who stays", page(in.seen("+~")), l.lines(general)...)
}

func TestADetachedStreamEndsWithADeparture(t *testing.T) {
	h, l := running(t)
	out, stays := connect(t, h, viewer(1)), connect(t, h, viewer(2))
	stays.listen()
	h.Publish(l.post(general, 3, "before"))
	h.Publish(l.remove(general, 1))
	h.Publish(l.post(general, 3, "after"))
	all, err := io.ReadAll(out)
	if err != nil || !strings.HasSuffix(string(all), "+1=before|"+farewell+"|") {
		t.Errorf("heard %q, %v", all, err)
	}
	stays.next(t, "+1=before")
	stays.next(t, "+3=after")
}

func TestAMessageInARoomIsCountedForItsMembersAlone(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		room := chat.Topic{Room: 9}
		outsider, member := join(t, h, l, viewer(1), chat.Topic{}, -1), join(t, h, l, viewer(2), chat.Topic{}, -1)
		pass(5 * time.Second)
		before, told := outsider.states(), member.states()
		h.Publish(l.post(room, 3, "hello"))
		pass(2 * time.Second)
		if outsider.states() != before || member.states() != told+1 {
			t.Errorf("the outsider was told %d times, the member %d times", outsider.states()-before, member.states()-told)
		}
	})
}

// Who departs for good takes their name from lines that no frame brings: every page must be fetched again, in that place.
func TestADepartureForGoodEndsEveryStreamOfTheRoom(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		stays, leaves, elsewhere := join(t, h, l, viewer(2), general, -1), join(t, h, l, viewer(1), general, -1), join(t, h, l, viewer(2), chat.Topic{}, -1)
		synctest.Wait()
		h.Publish(l.post(general, 3, "before"))
		h.Publish(l.erase(general, 1))
		h.Publish(l.post(general, 3, "after"))
		<-stays.done
		<-leaves.done
		expect(t, "who stays", stays.seen("+!"), "+1=before", fmt.Sprint("!", int(EndResync)))
		expect(t, "who leaves", leaves.seen("+!"), "+1=before", farewell)
		expect(t, "who is elsewhere", elsewhere.seen("!"))

		back := join(t, h, l, viewer(2), general, 1)
		<-back.done
		expect(t, "who comes back with the old cursor", back.seen("+!"), fmt.Sprint("!", int(EndResync)))
		fresh := join(t, h, l, viewer(2), general, 3)
		pass(2 * lookForChanges)
		expect(t, "who has the new page", fresh.seen("+!"))
	})
}

// Without a hint the gap is found by looking; then the streams come back with their cursors.
func TestADepartureForGoodIsFoundInTheGap(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		stays := join(t, h, l, viewer(2), general, -1)
		synctest.Wait()
		l.erase(general, 1)
		<-stays.done
		expect(t, "who stays", stays.seen("+!"), fmt.Sprint("!", int(EndSlow)))
	})
}
