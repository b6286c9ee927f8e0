package db

import (
	"context"

	"charla/chat"
)

// Wishes finds how a person wants to be reached.
func (r reader) Wishes(ctx context.Context, user int64) (wishes chat.Wishes, err error) {
	const query = `
		SELECT mail, push_topic, push_rooms, push_text, spoken, confirmed_at FROM users WHERE id = $1`
	err = r.get(ctx, &wishes, query, user)
	return wishes, err
}

// LastSeen asks the sessions, the ended ones too.
func (r reader) LastSeen(ctx context.Context, user int64) (at chat.Micros, err error) {
	const query = `
		SELECT COALESCE(MAX(seen_at), 0) FROM sessions WHERE user_id = $1`
	err = r.get(ctx, &at, query, user)
	return at, err
}

// SetMailWish keeps the language where none is spoken.
func (w writer) SetMailWish(ctx context.Context, user int64, wish, spoken string) error {
	const query = `
		UPDATE users SET mail = $2, spoken = CASE WHEN $3 = '' THEN spoken ELSE $3 END WHERE id = $1`
	_, err := w.exec(ctx, query, user, wish, spoken)
	return err
}

// SetPushWishes keeps where pushes go.
func (w writer) SetPushWishes(ctx context.Context, user int64, wishes chat.Wishes) error {
	const query = `
		UPDATE users SET push_topic = $2, push_rooms = $3, push_text = $4 WHERE id = $1`
	_, err := w.exec(ctx, query, user, wishes.PushTopic, wishes.PushRooms, wishes.PushText)
	return err
}

// SetEmail relies on the unique key.
func (w writer) SetEmail(ctx context.Context, user int64, email, emailKey string, confirmed chat.Micros) error {
	const query = `
		UPDATE users SET email = $2, email_key = $3, confirmed_at = $4 WHERE id = $1`
	_, err := w.exec(ctx, query, user, email, emailKey, confirmed)
	return err
}

// ConfirmEmail notes the first time.
func (w writer) ConfirmEmail(ctx context.Context, user int64, at chat.Micros) error {
	const query = `
		UPDATE users SET confirmed_at = $2 WHERE id = $1 AND confirmed_at = 0`
	_, err := w.exec(ctx, query, user, at)
	return err
}

// ReplacePassword is for who proved otherwise who they are.
func (w writer) ReplacePassword(ctx context.Context, user int64, hash string) error {
	const query = `
		UPDATE users SET password_hash = $2 WHERE id = $1`
	_, err := w.exec(ctx, query, user, hash)
	return err
}
