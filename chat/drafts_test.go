package chat_test

import (
	"strings"
	"testing"
	"time"

	"charla/chat"
)

// saveDraft saves a draft and returns the draft that it replaced.
func (w fixture) saveDraft(t *testing.T, by chat.User, in chat.DraftUpdate) string {
	t.Helper()
	replaced, err := w.SaveDraft(t.Context(), by, in)
	if err != nil {
		t.Fatal(err)
	}
	return replaced
}

func (w fixture) draft(t *testing.T, by chat.User, p chat.ConversationRef) chat.Draft {
	t.Helper()
	c, err := w.Conversation(t.Context(), by, p)
	if err != nil {
		t.Fatal(err)
	}
	d, err := w.Draft(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDraftIsDeletedWithItsMessage(t *testing.T) {
	w := newFixture(t)
	ana, ben := w.addUser(t, "Ana"), w.addUser(t, "Ben")
	place := chat.ConversationRef{With: ben.ID}
	w.saveDraft(t, ana, chat.DraftUpdate{Conversation: place, Key: "k1", Body: "hello\r\nBen "})
	if e, ok := w.recorder.events[0].(chat.UserTyping); !ok || e.User.ID != ana.ID ||
		e.StreamKey != (chat.StreamKey{Low: ana.ID, High: ben.ID}) {
		t.Errorf("published events: %#v", w.recorder.events)
	}
	if d := w.draft(t, ana, place); d.Body != "hello\nBen " || d.Key != "k1" || d.UpdatedAt == 0 {
		t.Errorf("stored draft: %+v", d)
	}
	if d := w.draft(t, ben, chat.ConversationRef{With: ana.ID}); d != (chat.Draft{}) {
		t.Errorf("Ben finds Ana's stored draft: %+v", d)
	}
	if _, err := w.PostMessage(
		t.Context(), ana, chat.NewMessage{Conversation: place, Key: "other", Body: "something else"},
	); err != nil {
		t.Fatal(err)
	}
	if d := w.draft(t, ana, place); d.Key != "k1" {
		t.Errorf("a message with another key deleted the draft: %+v", d)
	}
	if _, err := w.PostMessage(
		t.Context(), ana, chat.NewMessage{Conversation: place, Key: "k1", Body: "hello\nBen!"},
	); err != nil {
		t.Fatal(err)
	}
	if e, ok := w.recorder.last().(chat.DraftChanged); !ok || e.User != ana.ID {
		t.Errorf("published events: %#v", w.recorder.last())
	}

	events := len(w.recorder.events)
	w.saveDraft(t, ana, chat.DraftUpdate{Conversation: place, Key: "k1", Body: "hello\nBen"})
	if d := w.draft(t, ana, place); d != (chat.Draft{}) || len(w.recorder.events) != events {
		t.Errorf("late draft was saved: draft %+v, events %#v", d, w.recorder.events[events:])
	}
	// a text with a shortcode, which the stored message does not contain
	w.saveDraft(t, ana, chat.DraftUpdate{Conversation: place, Key: "k1", Body: "hello\n:ben"})
	if d := w.draft(t, ana, place); d != (chat.Draft{}) || len(w.recorder.events) != events {
		t.Errorf("late draft was saved: draft %+v, events %#v", d, w.recorder.events[events:])
	}
	w.SetClock(func() time.Time { return time.Now().Add(time.Minute) })
	_, err := w.SaveDraft(t.Context(), ana, chat.DraftUpdate{Conversation: place, Key: "k1", Body: "and now this"})
	wantCode(t, "another text with the key of a message", err, chat.Conflict)
}

func TestReplacedDraftIsReturned(t *testing.T) {
	w := newFixture(t)
	ana := w.addUser(t, "Ana")
	general := chat.ConversationRef{Room: chat.General}
	for _, step := range []struct{ key, base, body, replaced, left string }{
		{"phone", "", "from the sofa", "", "from the sofa"},
		{"phone", "from the sofa", "from the bed", "", "from the bed"},
		{"desk", "", "", "", "from the bed"}, // an empty composer on another device deletes nothing
		{"desk", "", "from the desk", "from the bed", "from the desk"},
		{"phone", "from the bed", "from the desk, too", "", "from the desk, too"},
		{"phone", "from the desk, too", " \n", "", ""},
	} {
		events := len(w.recorder.events)
		replaced := w.saveDraft(
			t, ana, chat.DraftUpdate{Conversation: general, Key: step.key, Base: step.base, Body: step.body},
		)
		if step.key == "desk" && step.body == "" && len(w.recorder.events) != events {
			t.Errorf("published although nothing changed: %#v", w.recorder.last())
		}
		if left := w.draft(t, ana, general).Body; replaced != step.replaced || left != step.left {
			t.Errorf("%+v: returned %q as replaced, stored draft %q", step, replaced, left)
		}
	}
}

func TestInvalidDrafts(t *testing.T) {
	w := newFixture(t)
	ana, ben := w.addUser(t, "Ana"), w.addUser(t, "Ben")
	m := w.post(t, ana, chat.ConversationRef{With: ben.ID}, "hello")
	eve := w.addUser(t, "Eve")
	events := len(w.recorder.events)
	for _, try := range []struct {
		what string
		in   chat.DraftUpdate
		want chat.Code
	}{
		{
			"a room of others", chat.DraftUpdate{Conversation: chat.ConversationRef{Room: m.Room}, Body: "x"},
			chat.NotFound,
		},
		{"nobody", chat.DraftUpdate{Conversation: chat.ConversationRef{With: 99}, Body: "x"}, chat.NotFound},
		{
			"too long",
			chat.DraftUpdate{Conversation: chat.ConversationRef{Room: 1}, Body: strings.Repeat("x", chat.MaxMessage+1)},
			chat.Invalid,
		},
		{"no text", chat.DraftUpdate{Conversation: chat.ConversationRef{Room: 1}, Body: "\xff"}, chat.Invalid},
		{"a bad key", chat.DraftUpdate{Conversation: chat.ConversationRef{Room: 1}, Body: "x", Key: "ñ"}, chat.Invalid},
	} {
		_, err := w.SaveDraft(t.Context(), eve, try.in)
		wantCode(t, try.what, err, try.want)
	}
	if len(w.recorder.events) != events {
		t.Errorf("published events: %#v", w.recorder.events[events:])
	}
}
