package db

import (
	"context"

	"charla/chat"
)

// notYetPosted is the condition that the message of draft d has not been posted. On PostgreSQL, two transactions that
// save a draft and post its message at the same time do not see each other's rows, so the draft may remain after the
// message was posted.
const notYetPosted = `
		AND NOT EXISTS (SELECT 1 FROM messages x WHERE x.author_id = d.user_id AND x.key = d.key)`

// Draft returns the draft of a person in a conversation.
func (r reader) Draft(ctx context.Context, user int64, ref chat.ConversationRef) (d chat.Draft, err error) {
	const query = `
		SELECT d.key, d.body, d.updated_at FROM drafts d
		WHERE d.user_id = $1 AND d.room_id = $2 AND d.peer_id = $3` + notYetPosted
	err = r.get(ctx, "read draft", &d, query, user, ref.Room, ref.With)
	return d, err
}

// PostedKeys returns the keys of the messages that a person has posted in a room after a seq.
func (r reader) PostedKeys(ctx context.Context, user, room, after int64) (keys []string, err error) {
	const query = `SELECT key FROM messages WHERE room_id = $1 AND seq > $2 AND author_id = $3`
	err = r.list(ctx, "read keys of posted messages", &keys, query, room, after, user)
	return keys, err
}

// SaveDraft stores a draft and replaces the person's previous draft in the same conversation.
func (w writer) SaveDraft(ctx context.Context, user int64, ref chat.ConversationRef, d chat.Draft) error {
	const query = `
		INSERT INTO drafts (user_id, room_id, peer_id, key, body, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (user_id, room_id, peer_id) DO UPDATE
		SET key = excluded.key, body = excluded.body, updated_at = excluded.updated_at`
	_, err := w.exec(ctx, "save draft", query, user, ref.Room, ref.With, d.Key, d.Body, d.UpdatedAt)
	return err
}

// DeleteDraft deletes a draft if it has the given message key, and reports whether it did.
func (w writer) DeleteDraft(ctx context.Context, user int64, ref chat.ConversationRef, key string) (bool, error) {
	const query = `
		DELETE FROM drafts WHERE user_id = $1 AND room_id = $2 AND peer_id = $3 AND key = $4`
	deleted, err := w.exec(ctx, "delete draft", query, user, ref.Room, ref.With, key)
	return deleted > 0, err
}
