package chat_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"charla/chat"
)

func TestChangesAreAnnouncedWithTheirSeq(t *testing.T) {
	w := newFixture(t)
	ana, ben, eve := w.addUser(t, "Ana"), w.addUser(t, "Ben"), w.addUser(t, "Eve")
	m := w.post(t, ana, chat.ConversationRef{With: ben.ID}, "hola")
	announced := func(what string, got chat.ChangeResult, err error, after int64) {
		t.Helper()
		event, ok := w.recorder.lastChange()
		if err != nil || !ok || !reflect.DeepEqual(event.Message, got.Message) ||
			event.StreamKey != (chat.StreamKey{Low: ana.ID, High: ben.ID}) {
			t.Fatalf("%s: %+v, %v; published %+v", what, got, err, event)
		}
		if got.PreviousSeq != after || got.Message.ChangedSeq != after+1 || got.Message.Seq != m.Seq {
			t.Errorf("%s: changed_seq %d, previous seq %d", what, got.Message.ChangedSeq, got.PreviousSeq)
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

	published := len(w.recorder.events)
	got, err = w.DeleteMessage(t.Context(), ana, m.ID)
	if err != nil || got.Message.ChangedSeq != 5 || got.PreviousSeq != 5 {
		t.Errorf("deleted again: %+v, %v", got, err)
	}
	_, err = w.DeleteMessage(t.Context(), ben, m.ID)
	wantCode(t, "deleting a message of somebody else", err, chat.Forbidden)
	_, err = w.EditMessage(t.Context(), eve, m.ID, chat.MessageEdit{Text: "x"})
	wantCode(t, "editing as an outsider", err, chat.NotFound)
	if c, err := w.Conversation(t.Context(), ana, chat.ConversationRef{With: ben.ID}); err != nil || c.LastSeq != 5 ||
		len(w.recorder.events) != published {
		t.Errorf("a change without effect took a seq or was announced: %+v, %v", c, err)
	}
}

// TestRetryAfterChange covers a client that did not get the response to its post, while the author changed or deleted
// the message on another device. The retry must not bring the old text back.
func TestRetryAfterChange(t *testing.T) {
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
			t.Errorf("retry: %+v, %v; want %+v", again, err, changed.Message)
		}
		other := in
		other.Body = "something else with the same key"
		_, err = w.PostMessage(t.Context(), ana, other)
		wantCode(t, "another text", err, chat.Conflict)
	}
}

func TestFormerMemberCannotChangeMessages(t *testing.T) {
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
	left, err := w.Message(t.Context(), ana, m.ID)
	if err != nil || len(left.Reactions) != 1 || !left.Reactions.By(ben.ID, "👍") || left.Reactions[0].User.Name != "Ben" {
		t.Errorf("message after Ben left: %+v, %v", left, err)
	}
}

// TestInvalidReactions checks that React rejects texts that cannot be stored as an emoji. Whether a text really is an
// emoji is the caller's business.
func TestInvalidReactions(t *testing.T) {
	w := newFixture(t)
	ana := w.addUser(t, "Ana")
	m := w.post(t, ana, chat.ConversationRef{Room: 1}, "hola")
	for _, no := range []string{"", "👍 7", "👍\n", "\xff", "\x00", strings.Repeat("👍", 17)} {
		_, err := w.React(t.Context(), ana, m.ID, no, nil)
		wantCode(t, fmt.Sprintf("reacting with %q", no), err, chat.Invalid)
	}
	got, err := w.React(t.Context(), ana, m.ID, "👩🏻‍❤️‍💋‍👩🏿", nil)
	if err != nil || !got.Message.Reactions.By(ana.ID, "👩🏻‍❤️‍💋‍👩🏿") || got.Message.Reactions.By(ana.ID, "👍") {
		t.Errorf("a long emoji: %+v, %v", got, err)
	}
}

func TestReactionGroups(t *testing.T) {
	ana, o3, ben := chat.UserSummary{ID: 12, Name: "Ana María"}, chat.UserSummary{ID: 7, Name: "O 3"},
		chat.UserSummary{ID: 15, Name: "Ben"}
	kinds := chat.Reactions{
		{Emoji: "🎉", User: ana}, {Emoji: "👍", User: o3}, {Emoji: "🎉", User: ben},
	}.Groups()
	if want := []chat.ReactionGroup{
		{Emoji: "🎉", Users: []chat.UserSummary{ana, ben}}, {Emoji: "👍", Users: []chat.UserSummary{o3}},
	}; !reflect.DeepEqual(kinds, want) {
		t.Errorf("got %v, want %v", kinds, want)
	}
	if chat.Reactions(nil).Groups() != nil || !kinds[0].By(15) || kinds[1].By(15) {
		t.Error("By reports a wrong user")
	}
}
