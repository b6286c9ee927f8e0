package chat_test

import (
	"fmt"
	"slices"
	"testing"

	"charla/chat"
)

func TestEmojiPreferences(t *testing.T) {
	w := newFixture(t)
	ctx := t.Context()
	ana, berta := w.addUser(t, "Ana"), w.addUser(t, "Berta")
	preferences := func(who chat.User) chat.EmojiPreferences {
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
	wantCode(t, "skin tone 6", w.RecordEmojiUse(ctx, ana, "👍🏿", &six), chat.Invalid)
	if h := preferences(ana); h.SkinTone != 3 || !slices.Equal(h.Recent, []string{"🎉", "👍🏽"}) {
		t.Fatalf("Ana's emoji preferences: %v", h)
	}
	for i := range 30 {
		use(fmt.Sprint("emoji ", i), nil)
	}
	if h := preferences(ana); len(h.Recent) != 24 || h.Recent[0] != "emoji 29" {
		t.Fatalf("%d recent emoji, the latest is %q", len(h.Recent), h.Recent[0])
	}
	if h := preferences(berta); h.SkinTone != 0 || len(h.Recent) != 0 {
		t.Fatalf("Berta's emoji preferences are not empty: %v", h)
	}
}
