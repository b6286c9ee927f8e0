package db

import (
	"context"

	"charla/chat"
)

// SkinTone returns the skin tone that a person chose last in the emoji picker.
func (r reader) SkinTone(ctx context.Context, user int64) (tone int, err error) {
	const query = `
		SELECT skin_tone FROM users WHERE id = $1`
	err = r.get(ctx, "read skin tone", &tone, query, user)
	return tone, err
}

// RecentEmoji lists the emoji that a person used, latest first. It needs no limit, because RecordEmojiUse limits their
// number.
func (r reader) RecentEmoji(ctx context.Context, user int64) (emoji []string, err error) {
	const query = `
		SELECT emoji FROM recent_emoji WHERE user_id = $1 ORDER BY used_at DESC, emoji`
	err = r.list(ctx, "list recent emoji", &emoji, query, user)
	return emoji, err
}

// SetSkinTone stores the skin tone that a person chose in the emoji picker.
func (w writer) SetSkinTone(ctx context.Context, user int64, tone int) error {
	const query = `
		UPDATE users SET skin_tone = $2 WHERE id = $1`
	_, err := w.exec(ctx, "save skin tone", query, user, tone)
	return err
}

// RecordEmojiUse records that a person used an emoji. It keeps only as many of the person's last used emoji as keep
// says.
func (w writer) RecordEmojiUse(ctx context.Context, user int64, emoji string, at chat.Timestamp, keep int) error {
	const op = "record emoji use"
	const (
		upsert = `
			INSERT INTO recent_emoji (user_id, emoji, used_at) VALUES ($1, $2, $3)
			ON CONFLICT (user_id, emoji) DO UPDATE SET used_at = excluded.used_at`
		prune = `
			DELETE FROM recent_emoji WHERE user_id = $1 AND emoji NOT IN (
				SELECT emoji FROM recent_emoji WHERE user_id = $1 ORDER BY used_at DESC, emoji LIMIT $2)`
	)
	if _, err := w.exec(ctx, op, upsert, user, emoji, at); err != nil {
		return err
	}
	_, err := w.exec(ctx, op, prune, user, keep)
	return err
}
