package chat

import "context"

// EmojiReader reads which emoji and skin tone a user chose last. The emoji picker shows them first.
type EmojiReader interface {
	// SkinTone returns the skin tone that a user chose last, or zero if they chose none.
	SkinTone(ctx context.Context, user int64) (int, error)
	// RecentEmoji lists the emoji that a user used, latest first.
	RecentEmoji(ctx context.Context, user int64) ([]string, error)
}

// EmojiWriter records which emoji a user uses.
type EmojiWriter interface {
	// SetSkinTone stores the skin tone that a user chose.
	SetSkinTone(ctx context.Context, user int64, tone int) error
	// RecordEmojiUse records that a user used an emoji. Afterwards only the user's last used emoji remain stored, as
	// many as keep says.
	RecordEmojiUse(ctx context.Context, user int64, emoji string, at Timestamp, keep int) error
}

// EmojiPreferences are the emoji and the skin tone that a user's emoji picker shows first.
type EmojiPreferences struct {
	Recent   []string // the emoji that the user used last, latest first
	SkinTone int      // the skin tone that the user chose: 0 for none, 1 (light) to 5 (dark)
}

// maxRecentEmoji is how many of a user's last used emoji are stored.
const maxRecentEmoji = 24

// maxSkinTone is the number of the darkest skin tone; the tones are 1 to 5.
const maxSkinTone = 5

// EmojiPreferences returns the emoji preferences of the acting user.
func (s *Service) EmojiPreferences(ctx context.Context, by User) (p EmojiPreferences, err error) {
	if p.SkinTone, err = s.store.SkinTone(ctx, by.ID); err != nil {
		return EmojiPreferences{}, err
	}
	p.Recent, err = s.store.RecentEmoji(ctx, by.ID)
	return p, err
}

// RecordEmojiUse records that the acting user used an emoji, given in its canonical form. The tone is the skin tone
// that the emoji picker was set to, or nil if it offered none. It returns Invalid for a tone that does not exist.
func (s *Service) RecordEmojiUse(ctx context.Context, by User, emoji string, tone *int) error {
	if tone != nil && (*tone < 0 || *tone > maxSkinTone) {
		return invalidf("tone", "There is no such skin tone. Use a number from 0 to 5.")
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		if tone != nil {
			if err := tx.SetSkinTone(ctx, by.ID, *tone); err != nil {
				return err
			}
		}
		return tx.RecordEmojiUse(ctx, by.ID, emoji, s.now(), maxRecentEmoji)
	})
}
