package db

import (
	"context"

	"charla/chat"
)

// SetPreferences keeps how a person sees and hears Charla.
func (w writer) SetPreferences(ctx context.Context, user int64, p chat.Preferences) error {
	const query = `
		UPDATE users SET locale = $2, theme = $3, sound = $4 WHERE id = $1`
	_, err := w.exec(ctx, query, user, p.Locale, p.Theme, p.Sound)
	return err
}
