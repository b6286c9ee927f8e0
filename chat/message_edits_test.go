package chat_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"charla/chat"
)

func TestAChangeIsAnnouncedWithItsNumber(t *testing.T) {
	w := newFixture(t)
	ana, ben, eve := w.addUser(t, "Ana"), w.addUser(t, "Ben"), w.addUser(t, "Eve")
	m := w.post(t, ana, chat.ConversationRef{With: ben.ID}, "hola")
	announced := func(what string, got chat.ChangeResult, err error, after int64) {
		t.Helper()
		told, ok := w.recorder.last().(chat.MessageChanged)
		if err != nil || !ok || !reflect.DeepEqual(told.Message, got.Message) || told.StreamKey != (chat.StreamKey{Low: ana.ID, High: ben.ID}) {
			t.Fatalf("%s: %+v, %v; published %+v", what, got, err, w.recorder.last())
		}
		if got.PreviousSeq != after || got.Message.ChangedSeq != after+1 || got.Message.Seq != m.Seq {
			t.Errorf("%s stands at %d after %d", what, got.Message.ChangedSeq, got.PreviousSeq)
		}
	}
	got, err := w.React(t.Context(), ben, m.ID, "👍", nil)
	announced("a reaction", got, err, 1)
	got, err = w.EditMessage(t.Context(), ana, m.ID, chat.MessageEdit{Text: "hola, Ben"})
	announced("an edit", got, err, 2)
	got, err = w.React(t.Context(), ben, m.ID, "👍", nil)
	announced("a reaction taken back", got, err, 3)
	got, err = w.DeleteMessage(t.Context(), ana, m.ID)
	announced("a deletion", got, err, 4)

	told := len(w.recorder.events)
	got, err = w.DeleteMessage(t.Context(), ana, m.ID)
	if err != nil || got.Message.ChangedSeq != 5 || got.PreviousSeq != 5 {
		t.Errorf("deleted again: %+v, %v", got, err)
	}
	_, err = w.DeleteMessage(t.Context(), ben, m.ID)
	wantCode(t, "another's", err, chat.Forbidden)
	_, err = w.EditMessage(t.Context(), eve, m.ID, chat.MessageEdit{Text: "x"})
	wantCode(t, "an outsider", err, chat.NotFound)
	if c, err := w.Conversation(t.Context(), ana, chat.ConversationRef{With: ben.ID}); err != nil || c.LastSeq != 5 || len(w.recorder.events) != told {
		t.Errorf("what changes nothing took a number, or was told: %+v, %v", c, err)
	}
}

// TestSentAgainAfterAChange: the answer was lost, and on another device the author thought better of it. The browser
// that still waits must not bring the old text back.
func TestSentAgainAfterAChange(t *testing.T) {
	w := newFixture(t)
	ana, ben := w.addUser(t, "Ana"), w.addUser(t, "Ben")
	in := chat.NewMessage{Conversation: chat.ConversationRef{With: ben.ID}, Body: "I will not come", Key: "k"}
	first, err := w.PostMessage(t.Context(), ana, in)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []func() (chat.ChangeResult, error){
		func() (chat.ChangeResult, error) {
			return w.EditMessage(t.Context(), ana, first.Message.ID, chat.MessageEdit{Text: "I will come"})
		},
		func() (chat.ChangeResult, error) { return w.DeleteMessage(t.Context(), ana, first.Message.ID) },
	} {
		changed, err := change()
		if err != nil {
			t.Fatal(err)
		}
		again, err := w.PostMessage(t.Context(), ana, in)
		if err != nil || again.Created || !reflect.DeepEqual(again.Message, changed.Message) {
			t.Errorf("sent again: %+v, %v; want %+v", again, err, changed.Message)
		}
		other := in
		other.Body = "something else that waited under the same key"
		_, err = w.PostMessage(t.Context(), ana, other)
		wantCode(t, "another text", err, chat.Conflict)
	}
}

func TestWhoLeftChangesNothing(t *testing.T) {
	w := newFixture(t)
	ana, ben := w.addUser(t, "Ana"), w.addUser(t, "Ben")
	room, err := w.CreateRoom(t.Context(), ana, chat.NewRoom{Name: "Kitchen", Access: chat.AccessOpen})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.JoinRoom(t.Context(), ben, room.ID); err != nil {
		t.Fatal(err)
	}
	m := w.post(t, ben, room.Ref(), "mine")
	if _, err := w.React(t.Context(), ben, m.ID, "👍", nil); err != nil {
		t.Fatal(err)
	}
	if err := w.LeaveRoom(t.Context(), ben, room.ID); err != nil {
		t.Fatal(err)
	}
	_, err = w.EditMessage(t.Context(), ben, m.ID, chat.MessageEdit{Text: "not mine any more"})
	wantCode(t, "editing", err, chat.NotFound)
	_, err = w.DeleteMessage(t.Context(), ben, m.ID)
	wantCode(t, "deleting", err, chat.NotFound)
	_, err = w.React(t.Context(), ben, m.ID, "👍", nil)
	wantCode(t, "reacting", err, chat.NotFound)
	if left, err := w.Message(t.Context(), ana, m.ID); err != nil || fmt.Sprint(left.Reactions.Groups()) != fmt.Sprintf("[{👍 [{%d Ben 0 false}]}]", ben.ID) {
		t.Errorf("what is left: %+v, %v", left, err)
	}
}

// TestWhatNoReactionCanBe: what an emoji is the caller knows, but what is kept must be told apart again.
func TestWhatNoReactionCanBe(t *testing.T) {
	w := newFixture(t)
	ana := w.addUser(t, "Ana")
	m := w.post(t, ana, chat.ConversationRef{Room: 1}, "hola")
	for _, no := range []string{"", "👍 7", "👍\n", "\xff", "\x00", strings.Repeat("👍", 17)} {
		_, err := w.React(t.Context(), ana, m.ID, no, nil)
		wantCode(t, fmt.Sprintf("reacting with %q", no), err, chat.Invalid)
	}
	got, err := w.React(t.Context(), ana, m.ID, "👩🏻‍❤️‍💋‍👩🏿", nil)
	if err != nil || !got.Message.Reactions.By(ana.ID, "👩🏻‍❤️‍💋‍👩🏿") || got.Message.Reactions.By(ana.ID, "👍") {
		t.Errorf("a long one: %+v, %v", got, err)
	}
}

func TestReactionsAreGroupedInTheOrderOfTheFirst(t *testing.T) {
	kinds := chat.Reactions{
		{Emoji: "🎉", User: chat.UserSummary{ID: 12, Name: "Ana María"}},
		{Emoji: "👍", User: chat.UserSummary{ID: 7, Name: "O 3"}},
		{Emoji: "🎉", User: chat.UserSummary{ID: 15, Name: "Ben"}},
	}.Groups()
	if got, want := fmt.Sprint(kinds), "[{🎉 [{12 Ana María 0 false} {15 Ben 0 false}]} {👍 [{7 O 3 0 false}]}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if chat.Reactions(nil).Groups() != nil || !kinds[0].By(15) || kinds[1].By(15) {
		t.Error("somebody reacted who did not")
	}
}
