package db

import (
	"context"

	"charla/chat"
)

// SavedMessages lists messages that a person saved, the last saved first, without those of rooms that the person is not
// in.
func (r reader) SavedMessages(ctx context.Context, user, before int64, limit int) ([]chat.SavedMessage, error) {
	const query = `SELECT s.id AS save_id, s.saved_at, ` + messageColumns + `
		FROM saved_messages s JOIN messages x ON x.id = s.message_id JOIN users u ON u.id = x.author_id
		WHERE s.user_id = $1 AND s.id < $2 AND x.deleted_at = 0
			AND x.room_id IN (SELECT room_id FROM members WHERE user_id = $1)
		ORDER BY s.id DESC
		LIMIT $3`
	var rows []struct {
		messageRow
		SaveID  int64          `db:"save_id"`
		SavedAt chat.Timestamp `db:"saved_at"`
	}
	if err := r.list(ctx, "list saved messages", &rows, query, user, before, limit); err != nil {
		return nil, err
	}
	saved := make([]chat.SavedMessage, len(rows))
	for i, row := range rows {
		saved[i] = chat.SavedMessage{Message: row.message(), SaveID: row.SaveID, SavedAt: row.SavedAt}
	}
	return saved, nil
}

// SavedIDs lists messages that a person saved, below an id and highest first.
func (r reader) SavedIDs(ctx context.Context, user, below int64, limit int) (ids []int64, err error) {
	const query = `
		SELECT s.message_id FROM saved_messages s JOIN messages x ON x.id = s.message_id
		WHERE s.user_id = $1 AND s.message_id < $2 AND x.room_id IN (SELECT room_id FROM members WHERE user_id = $1)
		ORDER BY s.message_id DESC
		LIMIT $3`
	err = r.list(ctx, "list ids of saved messages", &ids, query, user, below, limit)
	return ids, err
}

// SavedAmong returns those of the given messages that a person saved. It passes the list as JSON; see listToJSON.
func (r reader) SavedAmong(ctx context.Context, user int64, messages []int64) (ids []int64, err error) {
	const query = `
		SELECT s.message_id FROM saved_messages s
		WHERE s.user_id = $1 AND s.message_id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($2))
		ORDER BY s.message_id`
	err = r.list(ctx, "find saved messages", &ids, query, user, listToJSON(tuples(messages)))
	return ids, err
}

// ExportSavedMessages lists all messages that a person saved, by message.
func (r reader) ExportSavedMessages(ctx context.Context, user, after int64,
	limit int) (saved []chat.ExportedSavedMessage, err error) {
	const query = `
		SELECT s.message_id, x.room_id, s.saved_at
		FROM saved_messages s JOIN messages x ON x.id = s.message_id
		WHERE s.user_id = $1 AND s.message_id > $2
		ORDER BY s.message_id
		LIMIT $3`
	err = r.list(ctx, "export saved messages", &saved, query, user, after, limit)
	return saved, err
}

// SaveMessage saves a message for a person.
func (w writer) SaveMessage(ctx context.Context, user, message int64, at chat.Timestamp) error {
	const query = `
		INSERT INTO saved_messages (user_id, message_id, saved_at) VALUES ($1, $2, $3)
		ON CONFLICT (user_id, message_id) DO NOTHING`
	_, err := w.exec(ctx, "save message", query, user, message, at)
	return err
}

// UnsaveMessage removes a message from those that a person saved.
func (w writer) UnsaveMessage(ctx context.Context, user, message int64) error {
	const query = `
		DELETE FROM saved_messages WHERE user_id = $1 AND message_id = $2`
	_, err := w.exec(ctx, "unsave message", query, user, message)
	return err
}

// DeleteSaves removes a message from those that anybody saved.
func (w writer) DeleteSaves(ctx context.Context, message int64) error {
	const query = `
		DELETE FROM saved_messages WHERE message_id = $1`
	_, err := w.exec(ctx, "delete saves of message", query, message)
	return err
}
