package live

import (
	"testing"
	"testing/synctest"
	"time"

	"charla/chat"
)

var directKey = chat.StreamKey{Low: 1, High: 2}

func typingEvent(at chat.StreamKey, person int64) chat.UserTyping {
	return chat.UserTyping{StreamKey: at, User: viewer(person).User}
}

func TestTypingIsShownAtOnceAndExpires(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		ana, bob := openStream(t, h, l, viewer(1), directKey, -1), openStream(t, h, l, viewer(2), directKey, -1)
		elsewhere, carla := openStream(t, h, l, viewer(1), general, -1), openStream(t, h, l, viewer(3), general, -1)
		synctest.Wait()
		for range 4 { // every second and a half
			h.Publish(typingEvent(directKey, 2))
			advance(100 * time.Millisecond)
			expect(t, "what Ana sees", ana.received("…"), "…1:p2")
			advance(1400 * time.Millisecond)
		}
		advance(1400 * time.Millisecond)
		expect(t, "what Ana sees while Bob may go on", ana.received("…"), "…1:p2")
		advance(300 * time.Millisecond)
		expect(t, "what Ana sees after Bob stopped", ana.received("…"), "…1:p2", "…0:")
		expect(t, "what Bob sees of himself", bob.received("…"), "…0:", "…0:")
		expect(t, "what Ana sees in another conversation", elsewhere.received("…"))
		expect(t, "what an outsider sees", carla.received("…"))
		synctest.Wait()
		if len(h.typingConversations) != 0 {
			t.Errorf("%d conversations are still looked after", len(h.typingConversations))
		}
	})
}

func TestMessageEndsTyping(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		ana := openStream(t, h, l, viewer(1), directKey, -1)
		synctest.Wait()
		h.Publish(typingEvent(directKey, 2))
		advance(100 * time.Millisecond)
		h.Publish(l.post(directKey, 2, "hello"))
		advance(typingInterval)
		expect(t, "what Ana sees", ana.received("…+"), "…1:p2", "+1=hello", "…0:")
	})
}

// TestBurstOfTypingFitsTheQueue: two hundred who write and send at once are two hundred messages to a reader, and one word
// about who still writes.
func TestBurstOfTypingFitsTheQueue(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		s, err := h.Subscribe(t.Context(), viewer(1), general, textEncoder{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for person := int64(2); person <= 201; person++ {
			h.Publish(typingEvent(general, person))
			advance(typingInterval / 10)
			h.Publish(l.post(general, person, "hello"))
		}
		advance(time.Second)
		queue, end := s.drain()
		words := 0
		for _, f := range queue {
			if f.typing != nil {
				words++
			}
		}
		if end != notEnded || words != 1 || len(queue) > 210 {
			t.Errorf("ended by %v, %d frames wait, %d about who writes", end, len(queue), words)
		}
	})
}

func TestManyTypingUsersAreSentTogether(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		reader, third := openStream(t, h, l, viewer(1), general, -1), openStream(t, h, l, viewer(4), general, -1)
		synctest.Wait()
		for person := int64(2); person <= 6; person++ {
			h.Publish(typingEvent(general, person))
		}
		advance(100 * time.Millisecond)
		expect(t, "who is writing", reader.received("…"), "…5:p2,p3,p4")
		expect(t, "who is writing besides the third", third.received("…"), "…4:p2,p3,p5")
		for person := int64(7); person <= 20; person++ { // within one interval
			h.Publish(typingEvent(general, person))
			advance(10 * time.Millisecond)
		}
		advance(300 * time.Millisecond)
		expect(t, "who is writing", reader.received("…"), "…5:p2,p3,p4", "…19:p2,p3,p4")

		late := openStream(t, h, l, viewer(30), general, -1)
		advance(300 * time.Millisecond)
		expect(t, "what somebody sees who comes later", late.received("…"), "…19:p2,p3,p4")
	})
}

func TestTypingWithoutReadersLeavesNoState(t *testing.T) {
	withHub(t, func(t *testing.T, h *Hub, l *fakeSource) {
		h.Publish(typingEvent(directKey, 2))
		ana := openStream(t, h, l, viewer(1), directKey, -1)
		synctest.Wait()
		h.Publish(typingEvent(directKey, 2))
		ana.disconnect()
		synctest.Wait()
		if len(h.typingConversations) != 0 || len(h.conversations) != 0 {
			t.Errorf("%d conversations are looked after, %d are held", len(h.typingConversations), len(h.conversations))
		}
	})
}
