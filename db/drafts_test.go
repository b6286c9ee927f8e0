package db_test

import (
	"errors"
	"slices"
	"testing"

	"charla/chat"
	"charla/db"
)

func testDrafts(t *testing.T, s *db.Store) {
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	general, toBen := chat.ConversationRef{Room: chat.General}, chat.ConversationRef{With: ben.ID}
	if _, err := s.Draft(t.Context(), ana.ID, general); !errors.Is(err, chat.ErrNotFound) {
		t.Fatalf("reading a draft before one was saved: %v", err)
	}
	keep := func(p chat.ConversationRef, d chat.Draft) {
		t.Helper()
		mustWrite(t, s, func(tx chat.Tx) error { return tx.SaveDraft(t.Context(), ana.ID, p, d) })
		if got, err := s.Draft(t.Context(), ana.ID, p); err != nil || got != d {
			t.Errorf("saved draft: got %+v, %v", got, err)
		}
	}
	keep(general, chat.Draft{Key: "a", Body: "one", UpdatedAt: 1})
	keep(toBen, chat.Draft{Key: "b", Body: "two", UpdatedAt: 2})
	keep(general, chat.Draft{Key: "c", Body: "three", UpdatedAt: 3})

	marked := func(want ...bool) {
		t.Helper()
		var got []bool
		list, err := s.Conversations(t.Context(), ana.ID, 0, 10)
		for _, c := range list {
			got = append(got, c.HasDraft)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("conversations marked as drafted: %v, %v", got, err)
		}
	}
	marked(true)
	directRoom(t, s, ana, ben)
	marked(true, true)
	if others, err := s.Conversations(t.Context(), ben.ID, 0, 10); err != nil || others[0].HasDraft ||
		others[1].HasDraft {
		t.Errorf("Ben's list shows a draft of Ana: %+v, %v", others, err)
	}
	remove := func(key string) (gone bool) {
		t.Helper()
		mustWrite(t, s, func(tx chat.Tx) (err error) {
			gone, err = tx.DeleteDraft(t.Context(), ana.ID, general, key)
			return err
		})
		return gone
	}
	if remove("a") || !remove("c") || remove("c") {
		t.Error("a draft must be deleted by its own key only, and only once")
	}
	if c, err := s.ConversationIn(t.Context(), ana.ID, chat.General); err != nil || c.HasDraft {
		t.Errorf("General still has a draft: %v, %v", c.HasDraft, err)
	}

	// A draft that is saved after its message was posted must not appear.
	postMessage(t, s, chat.General, ana, "sent", 4)
	mustWrite(t, s, func(tx chat.Tx) error {
		return tx.SaveDraft(t.Context(), ana.ID, general, chat.Draft{Key: "sent", Body: "text of se", UpdatedAt: 4})
	})
	if _, err := s.Draft(t.Context(), ana.ID, general); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("reading the draft of a posted message: %v", err)
	}
	if c, err := s.ConversationIn(t.Context(), ana.ID, chat.General); err != nil || c.HasDraft {
		t.Errorf("General still has a draft: %v, %v", c.HasDraft, err)
	}
}
