package chat_test

import (
	"strings"
	"testing"
	"time"

	"charla/chat"
)

// types is a person writing in a box, and what it handed back.
func (w world) types(t *testing.T, by chat.User, in chat.Writing) string {
	t.Helper()
	replaced, err := w.Write(t.Context(), by, in)
	if err != nil {
		t.Fatal(err)
	}
	return replaced
}

func (w world) draft(t *testing.T, by chat.User, p chat.Place) chat.Draft {
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

func TestADraftLivesUntilItsMessageIsSent(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.person(t, "Ana"), w.person(t, "Ben")
	place := chat.Place{With: ben.ID}
	w.types(t, ana, chat.Writing{Place: place, Key: "k1", Body: "hello\r\nBen "})
	if e, ok := w.diary.events[0].(chat.Typed); !ok || e.Person.ID != ana.ID || e.Topic != (chat.Topic{Low: ana.ID, High: ben.ID}) {
		t.Errorf("published %#v", w.diary.events)
	}
	if d := w.draft(t, ana, place); d.Body != "hello\nBen " || d.Key != "k1" || d.UpdatedAt == 0 {
		t.Errorf("draft %+v", d)
	}
	if d := w.draft(t, ben, chat.Place{With: ana.ID}); d != (chat.Draft{}) {
		t.Errorf("Ben finds Ana's draft %+v", d)
	}
	if _, err := w.PostMessage(t.Context(), ana, chat.NewMessage{Place: place, Key: "other", Body: "something else"}); err != nil {
		t.Fatal(err)
	}
	if d := w.draft(t, ana, place); d.Key != "k1" {
		t.Errorf("another message took the draft away: %+v", d)
	}
	if _, err := w.PostMessage(t.Context(), ana, chat.NewMessage{Place: place, Key: "k1", Body: "hello\nBen!"}); err != nil {
		t.Fatal(err)
	}
	if e, ok := w.diary.last().(chat.DraftChanged); !ok || e.User != ana.ID {
		t.Errorf("published %#v", w.diary.last())
	}

	events := len(w.diary.events)
	w.types(t, ana, chat.Writing{Place: place, Key: "k1", Body: "hello\nBen"})
	if d := w.draft(t, ana, place); d != (chat.Draft{}) || len(w.diary.events) != events {
		t.Errorf("what came too late left %+v, %#v", d, w.diary.events[events:])
	}
	w.types(t, ana, chat.Writing{Place: place, Key: "k1", Body: "hello\n:ben"}) // a shortcode is not what was stored
	if d := w.draft(t, ana, place); d != (chat.Draft{}) || len(w.diary.events) != events {
		t.Errorf("what came too late left %+v, %#v", d, w.diary.events[events:])
	}
	w.SetClock(func() time.Time { return time.Now().Add(time.Minute) })
	_, err := w.Write(t.Context(), ana, chat.Writing{Place: place, Key: "k1", Body: "and now this"})
	code(t, "another text under the key of a message", err, chat.Conflict)
}

func TestADraftIsNotReplacedUnseen(t *testing.T) {
	w := newWorld(t)
	ana := w.person(t, "Ana")
	general := chat.Place{Room: chat.General}
	for _, step := range []struct{ key, base, body, replaced, left string }{
		{"phone", "", "from the sofa", "", "from the sofa"},
		{"phone", "from the sofa", "from the bed", "", "from the bed"},
		{"desk", "", "", "", "from the bed"}, // an empty box elsewhere takes nothing away
		{"desk", "", "from the desk", "from the bed", "from the desk"},
		{"phone", "from the bed", "from the desk, too", "", "from the desk, too"},
		{"phone", "from the desk, too", " \n", "", ""},
	} {
		events := len(w.diary.events)
		replaced := w.types(t, ana, chat.Writing{Place: general, Key: step.key, Base: step.base, Body: step.body})
		if step.key == "desk" && step.body == "" && len(w.diary.events) != events {
			t.Errorf("nothing changed, and this was published: %#v", w.diary.last())
		}
		if left := w.draft(t, ana, general).Body; replaced != step.replaced || left != step.left {
			t.Errorf("%+v: replaced %q, left %q", step, replaced, left)
		}
	}
}

func TestWhatCannotBeADraft(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.person(t, "Ana"), w.person(t, "Ben")
	m := w.say(t, ana, chat.Place{With: ben.ID}, "hello")
	eve := w.person(t, "Eve")
	events := len(w.diary.events)
	for _, try := range []struct {
		what string
		in   chat.Writing
		want chat.Code
	}{
		{"a room of others", chat.Writing{Place: chat.Place{Room: m.Room}, Body: "x"}, chat.NotFound},
		{"nobody", chat.Writing{Place: chat.Place{With: 99}, Body: "x"}, chat.NotFound},
		{"too long", chat.Writing{Place: chat.Place{Room: 1}, Body: strings.Repeat("x", chat.MaxMessage+1)}, chat.Invalid},
		{"no text", chat.Writing{Place: chat.Place{Room: 1}, Body: "\xff"}, chat.Invalid},
		{"a bad key", chat.Writing{Place: chat.Place{Room: 1}, Body: "x", Key: "ñ"}, chat.Invalid},
	} {
		_, err := w.Write(t.Context(), eve, try.in)
		code(t, try.what, err, try.want)
	}
	if len(w.diary.events) != events {
		t.Errorf("published %#v", w.diary.events[events:])
	}
}
