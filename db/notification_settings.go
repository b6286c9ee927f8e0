package db

import (
	"context"

	"charla/chat"
)

// NotificationSettings finds how a person wants to be reached.
func (r reader) NotificationSettings(ctx context.Context, user int64) (wishes chat.NotificationSettings, err error) {
	const query = `
		SELECT mail, push_topic, push_rooms, push_text, spoken, confirmed_at FROM users WHERE id = $1`
	err = r.get(ctx, &wishes, query, user)
	return wishes, err
}

// SetDigestSetting keeps the language where none is spoken.
func (w writer) SetDigestSetting(ctx context.Context, user int64, wish, spoken string) error {
	const query = `
		UPDATE users SET mail = $2, spoken = CASE WHEN $3 = '' THEN spoken ELSE $3 END WHERE id = $1`
	_, err := w.exec(ctx, query, user, wish, spoken)
	return err
}

// SetPushSettings keeps where pushes go.
func (w writer) SetPushSettings(ctx context.Context, user int64, wishes chat.NotificationSettings) error {
	const query = `
		UPDATE users SET push_topic = $2, push_rooms = $3, push_text = $4 WHERE id = $1`
	_, err := w.exec(ctx, query, user, wishes.NtfyTopic, wishes.PushRooms, wishes.IncludeText)
	return err
}
