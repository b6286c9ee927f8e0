package chat

import "context"

// Habits are what a person's picker of emoji begins with.
type Habits struct {
	Recent []string // what they used last, the latest first
	Tone   int      // the skin tone that they chose: 0 for none, 1 (light) to 5 (dark)
}

// maxRecent is how many emoji are remembered of a person.
const maxRecent = 24

// maxTone is the darkest skin tone, the last of five.
const maxTone = 5

// EmojiHabits finds what by used last.
func (s *Service) EmojiHabits(ctx context.Context, by User) (h Habits, err error) {
	if h.Tone, err = s.store.EmojiTone(ctx, by.ID); err != nil {
		return Habits{}, err
	}
	h.Recent, err = s.store.EmojiUsed(ctx, by.ID)
	return h, err
}

// UseEmoji remembers that by used an emoji, in its one form, from a picker that showed a skin tone; nil where there was
// none to choose. It answers Invalid for a tone that does not exist.
func (s *Service) UseEmoji(ctx context.Context, by User, emoji string, tone *int) error {
	if tone != nil && (*tone < 0 || *tone > maxTone) {
		return invalidf("tone", "There is no such skin tone.")
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		if tone != nil {
			if err := tx.SetEmojiTone(ctx, by.ID, *tone); err != nil {
				return err
			}
		}
		return tx.NoteEmoji(ctx, by.ID, emoji, s.micros(), maxRecent)
	})
}
