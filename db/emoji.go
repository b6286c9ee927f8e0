package db

import (
	"context"

	"charla/chat"
)

// SkinTone finds the skin tone that a person chose last.
func (r reader) SkinTone(ctx context.Context, user int64) (tone int, err error) {
	const query = `
		SELECT emoji_tone FROM users WHERE id = $1`
	err = r.get(ctx, &tone, query, user)
	return tone, err
}

// RecentEmoji has few rows to sort: RecordEmojiUse bounds them.
func (r reader) RecentEmoji(ctx context.Context, user int64) (used []string, err error) {
	const query = `
		SELECT emoji FROM emoji_used WHERE user_id = $1 ORDER BY used_at DESC, emoji`
	err = r.list(ctx, &used, query, user)
	return used, err
}

// SetSkinTone keeps a skin tone.
func (w writer) SetSkinTone(ctx context.Context, user int64, tone int) error {
	const query = `
		UPDATE users SET emoji_tone = $2 WHERE id = $1`
	_, err := w.exec(ctx, query, user, tone)
	return err
}

// RecordEmojiUse forgets the oldest ones.
func (w writer) RecordEmojiUse(ctx context.Context, user int64, emoji string, at chat.Timestamp, keep int) error {
	const (
		note = `
			INSERT INTO emoji_used (user_id, emoji, used_at) VALUES ($1, $2, $3)
			ON CONFLICT (user_id, emoji) DO UPDATE SET used_at = excluded.used_at`
		forget = `
			DELETE FROM emoji_used WHERE user_id = $1 AND emoji NOT IN (
				SELECT emoji FROM emoji_used WHERE user_id = $1 ORDER BY used_at DESC, emoji LIMIT $2)`
	)
	if _, err := w.exec(ctx, note, user, emoji, at); err != nil {
		return err
	}
	_, err := w.exec(ctx, forget, user, keep)
	return err
}
