package db

import (
	"context"

	"charla/chat"
)

// SetPreferences stores the language and the theme that a user chose, and whether sounds are on.
func (w writer) SetPreferences(ctx context.Context, user int64, p chat.Preferences) error {
	const query = `
		UPDATE users SET locale = $2, theme = $3, sound_enabled = $4 WHERE id = $1`
	_, err := w.exec(ctx, "save preferences", query, user, p.Locale, p.Theme, p.Sound)
	return err
}
