package live

import (
	"testing"
	"testing/synctest"
	"time"

	"charla/chat"
)

var direct = chat.Topic{Low: 1, High: 2}

func typed(at chat.Topic, person int64) chat.Typed {
	return chat.Typed{Topic: at, Person: viewer(person).Person}
}

func TestWhoTypesIsShownAtOnceAndForAWhile(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		ana, bob := join(t, h, l, viewer(1), direct, -1), join(t, h, l, viewer(2), direct, -1)
		elsewhere, carla := join(t, h, l, viewer(1), general, -1), join(t, h, l, viewer(3), general, -1)
		synctest.Wait()
		for range 4 { // every second and a half
			h.Publish(typed(direct, 2))
			pass(100 * time.Millisecond)
			expect(t, "what Ana sees", ana.seen("…"), "…1:p2")
			pass(1400 * time.Millisecond)
		}
		pass(1400 * time.Millisecond)
		expect(t, "what Ana sees while Bob may go on", ana.seen("…"), "…1:p2")
		pass(300 * time.Millisecond)
		expect(t, "what Ana sees after Bob stopped", ana.seen("…"), "…1:p2", "…0:")
		expect(t, "what Bob sees of himself", bob.seen("…"), "…0:", "…0:")
		expect(t, "what Ana sees in another conversation", elsewhere.seen("…"))
		expect(t, "what an outsider sees", carla.seen("…"))
		synctest.Wait()
		if len(h.writing) != 0 {
			t.Errorf("%d conversations are still looked after", len(h.writing))
		}
	})
}

func TestAMessageEndsTheTyping(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		ana := join(t, h, l, viewer(1), direct, -1)
		synctest.Wait()
		h.Publish(typed(direct, 2))
		pass(100 * time.Millisecond)
		h.Publish(l.post(direct, 2, "hello"))
		pass(typingEvery)
		expect(t, "what Ana sees", ana.seen("…+"), "…1:p2", "+1=hello", "…0:")
	})
}

// TestABurstOfTypistsFitsTheQueue: two hundred who write and send at once are two hundred messages to a reader, and one word
// about who still writes.
func TestABurstOfTypistsFitsTheQueue(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		s, err := h.Subscribe(t.Context(), viewer(1), general, plain{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for person := int64(2); person <= 201; person++ {
			h.Publish(typed(general, person))
			pass(typingEvery / 10)
			h.Publish(l.post(general, person, "hello"))
		}
		pass(time.Second)
		queue, end := s.take()
		words := 0
		for _, f := range queue {
			if f.typing != nil {
				words++
			}
		}
		if end != open || words != 1 || len(queue) > 210 {
			t.Errorf("ended by %v, %d frames wait, %d about who writes", end, len(queue), words)
		}
	})
}

func TestManyTypistsAreCountedAndToldTogether(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		reader, third := join(t, h, l, viewer(1), general, -1), join(t, h, l, viewer(4), general, -1)
		synctest.Wait()
		for person := int64(2); person <= 6; person++ {
			h.Publish(typed(general, person))
		}
		pass(100 * time.Millisecond)
		expect(t, "who is writing", reader.seen("…"), "…5:p2,p3,p4")
		expect(t, "who is writing besides the third", third.seen("…"), "…4:p2,p3,p5")
		for person := int64(7); person <= 20; person++ { // within one interval
			h.Publish(typed(general, person))
			pass(10 * time.Millisecond)
		}
		pass(300 * time.Millisecond)
		expect(t, "who is writing", reader.seen("…"), "…5:p2,p3,p4", "…19:p2,p3,p4")

		late := join(t, h, l, viewer(30), general, -1)
		pass(300 * time.Millisecond)
		expect(t, "what somebody sees who comes later", late.seen("…"), "…19:p2,p3,p4")
	})
}

func TestTypingWhereNobodyListensLeavesNothing(t *testing.T) {
	story(t, func(t *testing.T, h *Hub, l *library) {
		h.Publish(typed(direct, 2))
		ana := join(t, h, l, viewer(1), direct, -1)
		synctest.Wait()
		h.Publish(typed(direct, 2))
		ana.leave()
		synctest.Wait()
		if len(h.writing) != 0 || len(h.topics) != 0 {
			t.Errorf("%d conversations are looked after, %d are held", len(h.writing), len(h.topics))
		}
	})
}
