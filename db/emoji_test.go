package db_test

import (
	"strings"
	"testing"

	"charla/chat"
	"charla/db"
)

// testEmoji checks the recent emoji: separate for each person, latest first, and limited in number.
func testEmoji(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, berta := createUser(t, s, "ana"), createUser(t, s, "berta")
	used := func(user chat.User) string {
		t.Helper()
		list, err := s.RecentEmoji(ctx, user.ID)
		wantErr(t, err, nil)
		return strings.Join(list, "")
	}
	tone := func(user chat.User) int {
		t.Helper()
		n, err := s.SkinTone(ctx, user.ID)
		wantErr(t, err, nil)
		return n
	}
	note := func(user chat.User, emoji string, at chat.Timestamp) {
		t.Helper()
		mustWrite(t, s, func(tx chat.Tx) error { return tx.RecordEmojiUse(ctx, user.ID, emoji, at, 3) })
	}
	equal(t, used(ana), "")
	equal(t, tone(ana), 0)

	note(ana, "👍", 1)
	note(ana, "❤️", 2)
	note(berta, "🎉", 3)
	equal(t, used(ana), "❤️👍")
	note(ana, "👍", 4)
	equal(t, used(ana), "👍❤️")
	note(ana, "😂", 5)
	note(ana, "👍🏽", 6)
	equal(t, used(ana), "👍🏽😂👍")
	equal(t, used(berta), "🎉")

	mustWrite(t, s, func(tx chat.Tx) error { return tx.SetSkinTone(ctx, ana.ID, 3) })
	equal(t, tone(ana), 3)
	equal(t, tone(berta), 0)
	_, err := s.SkinTone(ctx, 999)
	wantErr(t, err, chat.ErrNotFound)
}
