package chat_test

import (
	"fmt"
	"slices"
	"testing"

	"charla/chat"
)

func TestHabitsFollowAPerson(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ana, berta := w.person(t, "Ana"), w.person(t, "Berta")
	habits := func(who chat.User) chat.Habits {
		t.Helper()
		h, err := w.EmojiHabits(ctx, who)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	use := func(emoji string, tone *int) {
		t.Helper()
		if err := w.UseEmoji(ctx, ana, emoji, tone); err != nil {
			t.Fatal(err)
		}
	}
	three, six := 3, 6
	use("👍🏽", &three)
	use("🎉", nil)
	code(t, "a sixth tone", w.UseEmoji(ctx, ana, "👍🏿", &six), chat.Invalid)
	if h := habits(ana); h.Tone != 3 || !slices.Equal(h.Recent, []string{"🎉", "👍🏽"}) {
		t.Fatalf("Ana's habits are %v", h)
	}
	for i := range 30 {
		use(fmt.Sprint("emoji ", i), nil)
	}
	if h := habits(ana); len(h.Recent) != 24 || h.Recent[0] != "emoji 29" {
		t.Fatalf("%d are remembered, %q the last of them", len(h.Recent), h.Recent[0])
	}
	if h := habits(berta); h.Tone != 0 || len(h.Recent) != 0 {
		t.Fatalf("Berta has habits: %v", h)
	}
}
