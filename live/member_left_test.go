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

var leftToken = fmt.Sprint("!", int(EndLeft))

// testRemoval runs a story of somebody who is removed from general, and of somebody who stays.
func testRemoval(t *testing.T, f func(h *Hub, l *fakeSource), removed, stays []string) {
	t.Helper()
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		out, in := openStream(t, h, l, viewer(1), general, -1), openStream(t, h, l, viewer(2), general, -1)
		synctest.Wait()
		f(h, l)
		advance(2 * changePollInterval)
		expect(t, "who was removed", out.received("+~!"), removed...)
		expect(t, "who stays", in.received("+~!"), stays...)
		if h.StreamCount() != 1 {
			t.Errorf("%d streams are open", h.StreamCount())
		}
	})
}

func TestRemovedUserReceivesNothingMore(t *testing.T) {
	testRemoval(t, func(h *Hub, l *fakeSource) {
		h.Publish(l.post(general, 3, "before"))
		h.Publish(l.removeMember(general, 1))
		h.Publish(l.post(general, 3, "after"))
	}, []string{"+1=before", leftToken}, []string{"+1=before", "+3=after"})
}

func TestLateOrLostMemberLeftIsFoundInTheGap(t *testing.T) {
	testRemoval(t, func(h *Hub, l *fakeSource) {
		left, after := l.removeMember(general, 1), l.post(general, 3, "after")
		h.Publish(after)
		synctest.Wait()
		h.Publish(left)
	}, []string{leftToken}, []string{"+2=after"})
	testRemoval(t, func(h *Hub, l *fakeSource) {
		l.removeMember(general, 1)
		l.post(general, 3, "after")
	}, []string{leftToken}, []string{"+2=after"})
}

func TestLaterEditsAreNotSentBeforeMemberLeft(t *testing.T) {
	testRemoval(t, func(h *Hub, l *fakeSource) {
		l.post(general, 3, "before")
		l.removeMember(general, 1)
		l.edit(general, 1, "changed since")
	}, []string{leftToken}, []string{"+1=changed since", "~1=changed since"})
}

func TestRemovalOnAnotherNodeEndsStreamWithinTwoSeconds(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		r := openStream(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		l.removeMember(general, 1)
		start := time.Now()
		<-r.done
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("took %v", took)
		}
		expect(t, "words", r.received("+!"), leftToken)
	})
}

func TestRemovalIsSeenAfterDatabaseOutage(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		r := openStream(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		l.setFailing(true)
		l.removeMember(general, 1)
		h.Publish(l.post(general, 3, "after"))
		advance(10 * time.Second)
		expect(t, "while down", r.received("+!"))
		l.setFailing(false)
		<-r.done
		expect(t, "after", r.received("+!"), leftToken)
	})
}

func TestRejoinedUserKeepsStream(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		openStream(t, h, l, viewer(2), general, -1) // keeps the numbers of the topic, which lag behind
		synctest.Wait()
		l.removeMember(general, 1)
		l.addMember(general)
		back := openStream(t, h, l, viewer(1), general, -1)
		synctest.Wait()
		h.Publish(l.post(general, 3, "welcome back"))
		advance(2 * changePollInterval)
		expect(t, "words", back.received("+!"), "+3=welcome back")
	})
}

func TestRemovalEndsOnlyStreamsOfThatRoom(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		pair := chat.StreamKey{Low: 1, High: 2}
		l.post(pair, 2, "hello")
		elsewhere, nowhere := openStream(t, h, l, viewer(1), pair, -1), openStream(t, h, l, viewer(1), chat.StreamKey{}, -1)
		rooms := []*streamReader{openStream(t, h, l, viewer(1), general, -1), openStream(t, h, l, viewer(1), general, -1)}
		advance(2 * time.Second)
		told := nowhere.stateCount()
		h.Publish(l.removeMember(general, 1))
		for _, r := range rooms {
			<-r.done
		}
		h.Publish(l.post(pair, 2, "still here"))
		advance(2 * time.Second)
		expect(t, "elsewhere", elsewhere.received("+!"), "+2=still here")
		expect(t, "nowhere", nowhere.received("!"))
		if nowhere.stateCount() == told {
			t.Error("the list of rooms was not told again")
		}
	})
}

// Whatever is lost or out of order, the removed see nothing that happened after their departure: every text tells when it
// was written.
func TestNothingLaterReachesRemovedUser(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			withHub(t, func(t *testing.T, h *Hub, l *fakeSource) { removeAtRandom(t, h, l, rand.New(rand.NewPCG(seed, 2))) })
		})
	}
}

func removeAtRandom(t *testing.T, h *Hub, l *fakeSource, rnd *rand.Rand) {
	out, in := openStream(t, h, l, viewer(1), general, 0), openStream(t, h, l, viewer(2), general, 0)
	var late []chat.RoomChange
	at, when := int64(0), rnd.IntN(60)
	for i := range 90 {
		now := l.rooms[general].lastSeq + 1
		messages := l.rooms[general].messages
		switch {
		case i == when:
			left := l.removeMember(general, 1)
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
	advance(2 * changePollInterval)
	for _, w := range out.received("+~") {
		_, body, _ := strings.Cut(w, "=")
		var written int64
		fmt.Sscan(body, &written)
		if written > at {
			t.Errorf("%q reached who was removed at %d", w, at)
		}
	}
	if words := out.received("+~!"); words[len(words)-1] != leftToken {
		t.Errorf("the stream ended with %q", words[len(words)-1])
	}
	expect(t, "who stays", applyToPage(in.received("+~")), l.bodies(general)...)
}

func TestHijackedStreamEndsOnMemberLeft(t *testing.T) {
	h, l := startHub(t)
	out, stays := connectHijacked(t, h, viewer(1)), connectHijacked(t, h, viewer(2))
	stays.collect()
	h.Publish(l.post(general, 3, "before"))
	h.Publish(l.removeMember(general, 1))
	h.Publish(l.post(general, 3, "after"))
	all, err := io.ReadAll(out)
	if err != nil || !strings.HasSuffix(string(all), "+1=before|"+leftToken+"|") {
		t.Errorf("heard %q, %v", all, err)
	}
	stays.expectNext(t, "+1=before")
	stays.expectNext(t, "+3=after")
}

func TestUnreadIsRefreshedForRoomMembersOnly(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		room := chat.StreamKey{Room: 9}
		outsider, member := openStream(t, h, l, viewer(1), chat.StreamKey{}, -1), openStream(t, h, l, viewer(2), chat.StreamKey{}, -1)
		advance(5 * time.Second)
		before, told := outsider.stateCount(), member.stateCount()
		h.Publish(l.post(room, 3, "hello"))
		advance(2 * time.Second)
		if outsider.stateCount() != before || member.stateCount() != told+1 {
			t.Errorf("the outsider was told %d times, the member %d times", outsider.stateCount()-before, member.stateCount()-told)
		}
	})
}

// Who departs for good takes their name from lines that no frame brings: every page must be fetched again, in that place.
func TestAccountDeletionEndsEveryStreamOfTheRoom(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		stays, leaves, elsewhere := openStream(t, h, l, viewer(2), general, -1), openStream(t, h, l, viewer(1), general, -1), openStream(t, h, l, viewer(2), chat.StreamKey{}, -1)
		synctest.Wait()
		h.Publish(l.post(general, 3, "before"))
		h.Publish(l.deleteAccount(general, 1))
		h.Publish(l.post(general, 3, "after"))
		<-stays.done
		<-leaves.done
		expect(t, "who stays", stays.received("+!"), "+1=before", fmt.Sprint("!", int(EndResync)))
		expect(t, "who leaves", leaves.received("+!"), "+1=before", leftToken)
		expect(t, "who is elsewhere", elsewhere.received("!"))

		back := openStream(t, h, l, viewer(2), general, 1)
		<-back.done
		expect(t, "who comes back with the old cursor", back.received("+!"), fmt.Sprint("!", int(EndResync)))
		fresh := openStream(t, h, l, viewer(2), general, 3)
		advance(2 * changePollInterval)
		expect(t, "who has the new page", fresh.received("+!"))
	})
}

// Without a hint the gap is found by looking; then the streams come back with their cursors.
func TestAccountDeletionIsFoundInTheGap(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		stays := openStream(t, h, l, viewer(2), general, -1)
		synctest.Wait()
		l.deleteAccount(general, 1)
		<-stays.done
		expect(t, "who stays", stays.received("+!"), fmt.Sprint("!", int(EndSlow)))
	})
}
