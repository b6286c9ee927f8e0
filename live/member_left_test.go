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

var leftToken = endToken(EndLeft)

// testRemoval opens a stream of user 1, whom f removes from general, and one of user 2, who stays. It checks the tokens
// that both receive.
func testRemoval(t *testing.T, f func(h *Hub, db *fakeSource), wantRemoved, wantStaying []string) {
	t.Helper()
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		removed, staying := openStream(t, h, db, viewer(1), general, -1), openStream(t, h, db, viewer(2), general, -1)
		synctest.Wait()
		f(h, db)
		advance(2 * changePollInterval)
		expect(t, "the removed user", removed.received("+~!"), wantRemoved...)
		expect(t, "the staying user", staying.received("+~!"), wantStaying...)
		if h.StreamCount() != 1 {
			t.Errorf("%d streams are open", h.StreamCount())
		}
	})
}

func TestRemovedUserReceivesNothingMore(t *testing.T) {
	testRemoval(t, func(h *Hub, db *fakeSource) {
		h.Publish(db.post(general, 3, "before"))
		h.Publish(db.removeMember(general, 1))
		h.Publish(db.post(general, 3, "after"))
	}, []string{"+1=before", leftToken}, []string{"+1=before", "+3=after"})
}

func TestLateOrLostMemberLeftIsFoundInTheGap(t *testing.T) {
	testRemoval(t, func(h *Hub, db *fakeSource) {
		left, after := db.removeMember(general, 1), db.post(general, 3, "after")
		h.Publish(after)
		synctest.Wait()
		h.Publish(left)
	}, []string{leftToken}, []string{"+2=after"})
	testRemoval(t, func(h *Hub, db *fakeSource) {
		db.removeMember(general, 1)
		db.post(general, 3, "after")
	}, []string{leftToken}, []string{"+2=after"})
}

func TestLaterEditsAreNotSentBeforeMemberLeft(t *testing.T) {
	testRemoval(t, func(h *Hub, db *fakeSource) {
		db.post(general, 3, "before")
		db.removeMember(general, 1)
		db.edit(general, 1, "changed since")
	}, []string{leftToken}, []string{"+1=changed since", "~1=changed since"})
}

func TestRemovalOnAnotherNodeEndsStreamWithinTwoSeconds(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		r := openStream(t, h, db, viewer(1), general, -1)
		synctest.Wait()
		db.removeMember(general, 1)
		start := time.Now()
		<-r.done
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("the stream ended after %v", took)
		}
		expect(t, "tokens", r.received("+!"), leftToken)
	})
}

func TestRemovalIsSeenAfterDatabaseOutage(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		r := openStream(t, h, db, viewer(1), general, -1)
		synctest.Wait()
		db.setFailing(true)
		db.removeMember(general, 1)
		h.Publish(db.post(general, 3, "after"))
		advance(10 * time.Second)
		expect(t, "during the outage", r.received("+!"))
		db.setFailing(false)
		<-r.done
		expect(t, "after the outage", r.received("+!"), leftToken)
	})
}

func TestRejoinedUserKeepsStream(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		openStream(t, h, db, viewer(2), general, -1) // keeps the conversation, whose last seq is old
		synctest.Wait()
		db.removeMember(general, 1)
		db.addMember(general)
		back := openStream(t, h, db, viewer(1), general, -1)
		synctest.Wait()
		h.Publish(db.post(general, 3, "welcome back"))
		advance(2 * changePollInterval)
		expect(t, "tokens", back.received("+!"), "+3=welcome back")
	})
}

func TestRemovalEndsOnlyStreamsOfThatRoom(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		direct := chat.StreamKey{Low: 1, High: 2}
		db.post(direct, 2, "hello")
		elsewhere := openStream(t, h, db, viewer(1), direct, -1)
		list := openStream(t, h, db, viewer(1), chat.StreamKey{}, -1)
		rooms := []*streamReader{
			openStream(t, h, db, viewer(1), general, -1), openStream(t, h, db, viewer(1), general, -1),
		}
		advance(2 * time.Second)
		before := list.stateCount()
		h.Publish(db.removeMember(general, 1))
		for _, r := range rooms {
			<-r.done
		}
		h.Publish(db.post(direct, 2, "still here"))
		advance(2 * time.Second)
		expect(t, "the stream of another room", elsewhere.received("+!"), "+2=still here")
		expect(t, "the stream without a room", list.received("!"))
		if list.stateCount() == before {
			t.Error("the list of rooms was not refreshed")
		}
	})
}

// TestNothingLaterReachesRemovedUser publishes changes out of order and loses some. The removed user must not receive a
// message that was written or changed after the removal. The body of each message is its seq.
func TestNothingLaterReachesRemovedUser(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
				removeAtRandom(t, h, db, rand.New(rand.NewPCG(seed, 2)))
			})
		})
	}
}

func removeAtRandom(t *testing.T, h *Hub, db *fakeSource, rnd *rand.Rand) {
	removed, staying := openStream(t, h, db, viewer(1), general, 0), openStream(t, h, db, viewer(2), general, 0)
	var unpublished []chat.RoomChange
	removedAt, step := int64(0), rnd.IntN(60)
	for i := range 90 {
		seq := db.rooms[general].lastSeq + 1
		messages := db.rooms[general].messages
		switch {
		case i == step:
			left := db.removeMember(general, 1)
			removedAt = left.Seq
			unpublished = append(unpublished, left)
		case rnd.IntN(3) == 0 && len(messages) > 0:
			unpublished = append(unpublished, db.edit(general, messages[rnd.IntN(len(messages))].Seq, fmt.Sprint(seq)))
		default:
			unpublished = append(unpublished, db.post(general, 3, fmt.Sprint(seq)))
		}
		if rnd.IntN(4) == 0 {
			rnd.Shuffle(len(unpublished), func(i, j int) {
				unpublished[i], unpublished[j] = unpublished[j], unpublished[i]
			})
			for _, e := range unpublished {
				if rnd.IntN(4) > 0 {
					h.Publish(e)
				}
			}
			unpublished = nil
			synctest.Wait()
		}
	}
	advance(2 * changePollInterval)
	for _, token := range removed.received("+~") {
		_, body, _ := strings.Cut(token, "=")
		var written int64
		fmt.Sscan(body, &written)
		if written > removedAt {
			t.Errorf("%q reached the user who was removed at %d", token, removedAt)
		}
	}
	if tokens := removed.received("+~!"); tokens[len(tokens)-1] != leftToken {
		t.Errorf("the stream ended with %q", tokens[len(tokens)-1])
	}
	expect(t, "the staying user", applyToPage(staying.received("+~")), db.bodies(general)...)
}

func TestHijackedStreamEndsOnMemberLeft(t *testing.T) {
	h, db := startHub(t)
	removed, staying := connectHijacked(t, h, viewer(1)), connectHijacked(t, h, viewer(2))
	staying.collect()
	h.Publish(db.post(general, 3, "before"))
	h.Publish(db.removeMember(general, 1))
	h.Publish(db.post(general, 3, "after"))
	all, err := io.ReadAll(removed)
	if err != nil || !strings.HasSuffix(string(all), "+1=before|"+leftToken+"|") {
		t.Errorf("the removed user received %q, %v", all, err)
	}
	staying.expectNext(t, "+1=before")
	staying.expectNext(t, "+3=after")
}

func TestUnreadIsRefreshedForRoomMembersOnly(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		room := chat.StreamKey{Room: 9}
		outsider := openStream(t, h, db, viewer(1), chat.StreamKey{}, -1)
		member := openStream(t, h, db, viewer(2), chat.StreamKey{}, -1)
		advance(5 * time.Second)
		outsiderBefore, memberBefore := outsider.stateCount(), member.stateCount()
		h.Publish(db.post(room, 3, "hello"))
		advance(2 * time.Second)
		outsiderReads, memberReads := outsider.stateCount()-outsiderBefore, member.stateCount()-memberBefore
		if outsiderReads != 0 || memberReads != 1 {
			t.Errorf("the state of the outsider was read %d times, of the member %d times", outsiderReads, memberReads)
		}
	})
}

// TestAccountDeletionEndsEveryStreamOfTheRoom: a deleted account changes the name on messages that no frame contains.
// Therefore every page must be loaded again at that point.
func TestAccountDeletionEndsEveryStreamOfTheRoom(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		staying, leaving := openStream(t, h, db, viewer(2), general, -1), openStream(t, h, db, viewer(1), general, -1)
		list := openStream(t, h, db, viewer(2), chat.StreamKey{}, -1)
		synctest.Wait()
		h.Publish(db.post(general, 3, "before"))
		h.Publish(db.deleteAccount(general, 1))
		h.Publish(db.post(general, 3, "after"))
		<-staying.done
		<-leaving.done
		expect(t, "the staying user", staying.received("+!"), "+1=before", endToken(EndResync))
		expect(t, "the leaving user", leaving.received("+!"), "+1=before", leftToken)
		expect(t, "the stream without a room", list.received("!"))

		back := openStream(t, h, db, viewer(2), general, 1)
		<-back.done
		expect(t, "the reader with the old cursor", back.received("+!"), endToken(EndResync))
		fresh := openStream(t, h, db, viewer(2), general, 3)
		advance(2 * changePollInterval)
		expect(t, "the reader with the new page", fresh.received("+!"))
	})
}

// TestAccountDeletionIsFoundInTheGap: without a relay message, polling finds the gap, and the readers reconnect with
// their cursors.
func TestAccountDeletionIsFoundInTheGap(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		staying := openStream(t, h, db, viewer(2), general, -1)
		synctest.Wait()
		db.deleteAccount(general, 1)
		<-staying.done
		expect(t, "the staying user", staying.received("+!"), endToken(EndSlow))
	})
}
