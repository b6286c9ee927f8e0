package live

import (
	"testing"
	"testing/synctest"
	"time"

	"charla/chat"
)

var directKey = chat.StreamKey{Low: 1, High: 2}

// typingEvent returns the event that a user is typing.
func typingEvent(key chat.StreamKey, user int64) chat.UserTyping {
	return chat.UserTyping{StreamKey: key, User: viewer(user).User}
}

func TestTypingIsShownAtOnceAndExpires(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		ana, bob := openStream(t, h, db, viewer(1), directKey, -1), openStream(t, h, db, viewer(2), directKey, -1)
		elsewhere, carla := openStream(t, h, db, viewer(1), general, -1), openStream(t, h, db, viewer(3), general, -1)
		synctest.Wait()
		for range 4 { // every 1.5 seconds, as browsers do
			h.Publish(typingEvent(directKey, 2))
			advance(100 * time.Millisecond)
			expect(t, "what Ana sees", ana.received("…"), "…1:p2")
			advance(1400 * time.Millisecond)
		}
		advance(1400 * time.Millisecond)
		expect(t, "what Ana sees while Bob may continue", ana.received("…"), "…1:p2")
		advance(300 * time.Millisecond)
		expect(t, "what Ana sees after Bob stopped", ana.received("…"), "…1:p2", "…0:")
		expect(t, "what Bob sees of himself", bob.received("…"), "…0:", "…0:")
		expect(t, "what Ana sees in another conversation", elsewhere.received("…"))
		expect(t, "what an outsider sees", carla.received("…"))
		synctest.Wait()
		if len(h.typingConversations) != 0 {
			t.Errorf("%d conversations still have typing users", len(h.typingConversations))
		}
	})
}

func TestMessageEndsTyping(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		ana := openStream(t, h, db, viewer(1), directKey, -1)
		synctest.Wait()
		h.Publish(typingEvent(directKey, 2))
		advance(100 * time.Millisecond)
		h.Publish(db.post(directKey, 2, "hello"))
		advance(typingInterval)
		expect(t, "what Ana sees", ana.received("…+"), "…1:p2", "+1=hello", "…0:")
	})
}

// TestBurstOfTypingFitsTheQueue: if 200 users type and post at once, a queue contains 200 messages and one frame about
// typing.
func TestBurstOfTypingFitsTheQueue(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		s, err := h.Subscribe(t.Context(), viewer(1), general, textEncoder{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for user := int64(2); user <= 201; user++ {
			h.Publish(typingEvent(general, user))
			advance(typingInterval / 10)
			h.Publish(db.post(general, user, "hello"))
		}
		advance(time.Second)
		queue, end := s.drain()
		typingFrames := 0
		for _, f := range queue {
			if f.typing != nil {
				typingFrames++
			}
		}
		if end != notEnded || typingFrames != 1 || len(queue) > 210 {
			t.Errorf("end reason %v, %d queued frames, %d about typing", end, len(queue), typingFrames)
		}
	})
}

func TestManyTypingUsersAreSentTogether(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		reader, typing := openStream(t, h, db, viewer(1), general, -1), openStream(t, h, db, viewer(4), general, -1)
		synctest.Wait()
		for user := int64(2); user <= 6; user++ {
			h.Publish(typingEvent(general, user))
		}
		advance(100 * time.Millisecond)
		expect(t, "who is typing", reader.received("…"), "…5:p2,p3,p4")
		expect(t, "who else is typing", typing.received("…"), "…4:p2,p3,p5")
		for user := int64(7); user <= 20; user++ { // within one interval
			h.Publish(typingEvent(general, user))
			advance(10 * time.Millisecond)
		}
		advance(300 * time.Millisecond)
		expect(t, "who is typing", reader.received("…"), "…5:p2,p3,p4", "…19:p2,p3,p4")

		late := openStream(t, h, db, viewer(30), general, -1)
		advance(300 * time.Millisecond)
		expect(t, "what a later reader sees", late.received("…"), "…19:p2,p3,p4")
	})
}

func TestTypingWithoutReadersLeavesNoState(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, db *fakeSource) {
		h.Publish(typingEvent(directKey, 2))
		ana := openStream(t, h, db, viewer(1), directKey, -1)
		synctest.Wait()
		h.Publish(typingEvent(directKey, 2))
		ana.disconnect()
		synctest.Wait()
		if len(h.typingConversations) != 0 || len(h.conversations) != 0 {
			t.Errorf("%d conversations have typing users, %d have state",
				len(h.typingConversations), len(h.conversations))
		}
	})
}
