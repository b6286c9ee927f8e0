package db

import (
	"context"

	"charla/chat"
)

// notYetPosted leaves out a draft whose message is there. On PostgreSQL typing and posting that run side by side do not see each
// other, and the draft would stay.
const notYetPosted = `
		AND NOT EXISTS (SELECT 1 FROM messages s WHERE s.author_id = d.user_id AND s.key = d.key)`

// Draft finds what a person has begun to write in a conversation.
func (r reader) Draft(ctx context.Context, user int64, ref chat.ConversationRef) (d chat.Draft, err error) {
	const query = `
		SELECT d.key, d.body, d.updated_at FROM drafts d
		WHERE d.user_id = $1 AND d.room_id = $2 AND d.peer_id = $3` + notYetPosted
	err = r.get(ctx, &d, query, user, ref.Room, ref.With)
	return d, err
}

// DraftedConversations lists the latest first.
func (r reader) DraftedConversations(ctx context.Context, user int64, limit int) (places []chat.ConversationRef, err error) {
	const query = `
		SELECT d.room_id AS room, d.peer_id AS "with" FROM drafts d
		WHERE d.user_id = $1` + notYetPosted + `
		ORDER BY d.updated_at DESC, d.room_id, d.peer_id
		LIMIT $2`
	err = r.list(ctx, &places, query, user, limit)
	return places, err
}

// SaveDraft keeps one draft for each conversation.
func (w writer) SaveDraft(ctx context.Context, user int64, ref chat.ConversationRef, d chat.Draft) error {
	const query = `
		INSERT INTO drafts (user_id, room_id, peer_id, key, body, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (user_id, room_id, peer_id) DO UPDATE
		SET key = excluded.key, body = excluded.body, updated_at = excluded.updated_at`
	_, err := w.exec(ctx, query, user, ref.Room, ref.With, d.Key, d.Body, d.UpdatedAt)
	return err
}

// DeleteDraft leaves the draft of another message alone.
func (w writer) DeleteDraft(ctx context.Context, user int64, ref chat.ConversationRef, key string) (bool, error) {
	const query = `
		DELETE FROM drafts WHERE user_id = $1 AND room_id = $2 AND peer_id = $3 AND key = $4`
	gone, err := w.exec(ctx, query, user, ref.Room, ref.With, key)
	return gone > 0, err
}
