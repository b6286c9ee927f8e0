package chat_test

import (
	"fmt"
	"slices"
	"testing"

	"charla/chat"
)

func TestHabitsFollowAPerson(t *testing.T) {
	w := newFixture(t)
	ctx := t.Context()
	ana, berta := w.addUser(t, "Ana"), w.addUser(t, "Berta")
	habits := func(who chat.User) chat.EmojiPreferences {
		t.Helper()
		h, err := w.EmojiPreferences(ctx, who)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	use := func(emoji string, tone *int) {
		t.Helper()
		if err := w.RecordEmojiUse(ctx, ana, emoji, tone); err != nil {
			t.Fatal(err)
		}
	}
	three, six := 3, 6
	use("👍🏽", &three)
	use("🎉", nil)
	wantCode(t, "a sixth tone", w.RecordEmojiUse(ctx, ana, "👍🏿", &six), chat.Invalid)
	if h := habits(ana); h.SkinTone != 3 || !slices.Equal(h.Recent, []string{"🎉", "👍🏽"}) {
		t.Fatalf("Ana's habits are %v", h)
	}
	for i := range 30 {
		use(fmt.Sprint("emoji ", i), nil)
	}
	if h := habits(ana); len(h.Recent) != 24 || h.Recent[0] != "emoji 29" {
		t.Fatalf("%d are remembered, %q the last of them", len(h.Recent), h.Recent[0])
	}
	if h := habits(berta); h.SkinTone != 0 || len(h.Recent) != 0 {
		t.Fatalf("Berta has habits: %v", h)
	}
}
