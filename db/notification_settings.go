package db

import (
	"context"

	"charla/chat"
)

// NotificationSettings returns when and how a person is notified while away.
func (r reader) NotificationSettings(ctx context.Context, user int64) (s chat.NotificationSettings, err error) {
	const query = `
		SELECT email_digest, ntfy_topic, push_rooms, push_include_text, browser_locale, email_confirmed_at
		FROM users WHERE id = $1`
	err = r.get(ctx, "read notification settings", &s, query, user)
	return s, err
}

// SetDigestSetting stores when a user gets e-mails about unread messages, and the language of their browser. An empty
// language leaves the stored one unchanged.
func (w writer) SetDigestSetting(ctx context.Context, user int64, digest, locale string) error {
	const query = `
		UPDATE users
		SET email_digest = $2, browser_locale = CASE WHEN $3 = '' THEN browser_locale ELSE $3 END
		WHERE id = $1`
	_, err := w.exec(ctx, "save digest setting", query, user, digest, locale)
	return err
}

// SetPushSettings stores the ntfy topic of a user and what its pushes contain.
func (w writer) SetPushSettings(ctx context.Context, user int64, s chat.NotificationSettings) error {
	const query = `
		UPDATE users SET ntfy_topic = $2, push_rooms = $3, push_include_text = $4 WHERE id = $1`
	_, err := w.exec(ctx, "save push settings", query, user, s.NtfyTopic, s.PushRooms, s.IncludeText)
	return err
}
